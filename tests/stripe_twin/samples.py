"""Bodies made from the library's resource classes: what must be there has some value, what may be null is null."""

from typing import Any, Literal, Union, get_args, get_origin

import stripe
from stripe import ListObject, SearchResultObject, StripeObject

from tests.stripe_twin.contract import resolve
from tests.stripe_twin.shapes import fields_of, inner_class, may_be_null

_PLAIN: dict[object, Any] = {str: "text", int: 0, float: 0.0, bool: False}
MOMENT = 1_795_392_000


def body(resource: type[StripeObject], **fields: Any) -> dict[str, Any]:
    """Return a body of ``resource`` that the contract allows, with ``fields`` as given."""
    made: dict[str, Any] = {}
    for name, written in fields_of(resource).items():
        made[name] = None if may_be_null(resource, name) else _value(written, resource.__module__, name)
    return made | fields


def values_of(resource: type[StripeObject], field: str) -> list[str]:
    """Return the published values of an enum."""
    return _literals(resolve(fields_of(resource)[field], resource.__module__), resource.__module__)


def _value(written: object, module: str, name: str) -> Any:
    wanted = resolve(written, module)
    origin = get_origin(wanted)
    if origin in (ListObject, SearchResultObject):
        return {"object": "list", "data": [], "has_more": False, "url": "/v1/things"}
    if origin is list:
        return []
    if origin is Literal:
        return get_args(wanted)[0]
    if values := _literals(wanted, module):
        return values[0]
    if (hash_class := inner_class(wanted, module)) is not None:
        return body(hash_class)
    if name in ("created", "current_period_start", "start_date", "start") and wanted is int:
        return MOMENT
    if origin is not None:
        return f"{name}_1" if str in get_args(wanted) else {}
    if isinstance(wanted, type) and issubclass(wanted, StripeObject):
        return body(wanted) if hasattr(wanted, "OBJECT_NAME") else {}
    return _PLAIN.get(wanted)


def _literals(wanted: object, module: str) -> list[str]:
    origin = get_origin(wanted)
    if origin is Literal:
        return [value for value in get_args(wanted) if isinstance(value, str)]
    if origin is Union or type(wanted).__name__ == "UnionType":
        return [value for each in get_args(wanted) for value in _literals(resolve(each, module), module)]
    return []


def made_of(resource: type[Any], **fields: Any) -> Any:
    """Return the library's object of a sample body."""
    return resource.construct_from(body(resource, **fields), None)


def error_codes() -> list[str]:
    """Return every code that the contract publishes for errors."""
    return values_of(stripe.Invoice.LastFinalizationError, "code")


def event_types() -> list[str]:
    """Return every type of event that the contract publishes."""
    return values_of(stripe.Event, "type")
