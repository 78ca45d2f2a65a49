"""Comparing values with the library's types: what a request sends as texts, and what an answer says as JSON."""

import json
import re
import types
from collections.abc import Iterator
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, Literal, NotRequired, Required, Union, get_args, get_origin

from stripe import ListObject, SearchResultObject, StripeObject
from stripe._request_options import RequestOptions
from stripe._stripe_object import UntypedStripeObject
from typing_extensions import is_typeddict

from tests.stripe_twin.contract import resolve

Json = Any
"""A value of a form or of JSON; what it may be is what this module finds out."""

_NOT_SENT = frozenset(RequestOptions.__annotations__)
_FIELDS: dict[str, tuple[dict[str, object], frozenset[str]]] = {}
_WHOLE = re.compile("-?[0-9]{1,18}")
_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,12})?")
_PLAIN: dict[type, type | tuple[type, ...]] = {
    str: str, int: int, float: (int, float), bool: bool, Decimal: str, type(None): type(None),
}  # fmt: skip


def sent_wrong(value: Json, wanted: object, module: str, where: str = "") -> Iterator[str]:
    """Yield what is wrong with a value of a request's form, whose leaves are texts."""
    wanted = resolve(wanted, module)
    origin = get_origin(wanted)
    if _is_union(origin):
        yield from _none_fits(value, _choices(wanted, module), module, where)
    elif origin in (NotRequired, Required):
        yield from sent_wrong(value, get_args(wanted)[0], module, where)
    elif is_typeddict(wanted):
        yield from _fields_wrong(value, wanted, where)
    elif origin is list:
        yield from _items_wrong(value, get_args(wanted)[0], module, where)
    elif origin is dict or _is_free_form(wanted):
        yield from _facts_wrong(value, where)
    elif not _is_sent_as(value, wanted):
        yield f"{where}: {value!r} is not {_word(wanted)}"


def answered_wrong(value: Json, wanted: object, module: str, where: str = "") -> Iterator[str]:
    """Yield what is wrong with a value of an answer."""
    wanted = resolve(wanted, module)
    origin = get_origin(wanted)
    if _is_union(origin):
        yield from _no_answer_fits(value, _choices(wanted, module), module, where)
    elif origin in (ListObject, SearchResultObject):
        yield from _rows_wrong(value, origin, get_args(wanted)[0], module, where)
    elif origin is list:
        if not isinstance(value, list):
            yield f"{where}: {value!r} is no list"
            return
        for i, item in enumerate(value):
            yield from answered_wrong(item, get_args(wanted)[0], module, f"{where}[{i}]")
    elif _is_free_form(wanted):
        if not isinstance(value, dict):
            yield f"{where}: {value!r} is no object"
    elif isinstance(wanted, type) and issubclass(wanted, StripeObject):
        if hasattr(wanted, "OBJECT_NAME") and isinstance(value, dict):
            said = _said_of(json.dumps(value), wanted)  # type: ignore[arg-type]  # a class has a hash, its objects none
            yield from (f"{where}{complaint}" for complaint in said)
        else:
            yield from _resource_wrong(value, wanted, where)
    elif not _is_json_of(value, wanted):
        yield f"{where}: {value!r} is not {_word(wanted)}"


def fields_of(resource: type) -> dict[str, object]:
    """Return the fields that a resource class publishes, with their annotations."""
    return _published(resource)[0]


def may_be_null(resource: type, field: str) -> bool:
    """Whether a field of a resource may be null, which is also how the library says that it may be absent."""
    return field in _published(resource)[1]


def inner_class(wanted: object, module: str) -> type[StripeObject] | None:
    """Return the class of a hash that an annotation allows, or allows in a list; None where there is none."""
    wanted = resolve(wanted, module)
    origin = get_origin(wanted)
    if _is_union(origin) or origin is list:
        found = (inner_class(each, module) for each in get_args(wanted))
        return next((one for one in found if one is not None), None)
    is_hash = isinstance(wanted, type) and issubclass(wanted, StripeObject) and not hasattr(wanted, "OBJECT_NAME")
    return wanted if is_hash and not _is_free_form(wanted) else None  # type: ignore[return-value]  # just checked


def _published(resource: type) -> tuple[dict[str, object], frozenset[str]]:
    name = f"{resource.__module__}:{resource.__qualname__}"
    if name not in _FIELDS:
        found: dict[str, object] = {}
        for base in reversed(resource.__mro__):
            if base.__module__.startswith("stripe.") and base is not StripeObject:
                found |= vars(base).get("__annotations__", {})
        fields = {key: each for key, each in found.items() if not key.startswith("_") and key != "OBJECT_NAME"}
        null = [key for key, each in fields.items() if _has_none(resolve(each, resource.__module__))]
        _FIELDS[name] = fields, frozenset(null)
    return _FIELDS[name]


def _has_none(wanted: object) -> bool:
    return _is_union(get_origin(wanted)) and type(None) in get_args(wanted)


def _is_union(origin: object) -> bool:
    return origin is Union or origin is types.UnionType


_CHOICES: dict[tuple[int, str], list[object]] = {}


def _choices(wanted: object, module: str) -> list[object]:
    """Return the members of a union; of an enum that is published as open, only the published values."""
    known = (id(wanted), module)  # annotations live as long as their classes
    if known not in _CHOICES:
        members = [resolve(member, module) for member in get_args(wanted)]
        flat = [
            inner for member in members for inner in (get_args(member) if _is_union(get_origin(member)) else (member,))
        ]
        has_values = any(get_origin(one) is Literal and get_args(one) != ("",) for one in flat)
        _CHOICES[known] = [one for one in flat if not (has_values and one is str)]
    return _CHOICES[known]


def _none_fits(value: Json, choices: list[object], module: str, where: str) -> Iterator[str]:
    yield from _least((list(sent_wrong(value, choice, module, where)) for choice in choices), where)


def _no_answer_fits(value: Json, choices: list[object], module: str, where: str) -> Iterator[str]:
    if value is None and type(None) in choices:
        return
    yield from _least((list(answered_wrong(value, choice, module, where)) for choice in choices), where)


def _least(tries: Iterator[list[str]], where: str) -> list[str]:
    """Return nothing when a choice fits; else what the one says that came closest."""
    complaints = []
    for found in tries:
        if not found:
            return []
        complaints.append(found)
    return min(complaints, key=lambda found: (_is_shallow(found, where), len(found)))


def _is_shallow(complaints: list[str], where: str) -> bool:
    """Whether a value was not even of the kind: then another choice tells more."""
    return any(complaint.startswith(f"{where}: ") for complaint in complaints)


def _fields_wrong(value: Json, wanted: Any, where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where}: {value!r} is no object"
        return
    known = {name: written for name, written in _annotations(wanted).items() if name not in _NOT_SENT}
    for name in wanted.__required_keys__ - value.keys() - _NOT_SENT:
        yield f"{where}.{name}: missing"
    for name, sent in value.items():
        if name in known:
            yield from sent_wrong(sent, known[name], wanted.__module__, f"{where}.{name}")
        else:
            yield f"{where}.{name}: unknown"


@cache
def _annotations(wanted: Any) -> dict[str, object]:
    return dict(wanted.__annotations__)


def _items_wrong(value: Json, item: object, module: str, where: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{where}: {value!r} is no list"
        return
    for i, sent in enumerate(value):
        yield from sent_wrong(sent, item, module, f"{where}[{i}]")


def _facts_wrong(value: Json, where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where}: {value!r} is no object"
        return
    for name, sent in value.items():
        if not isinstance(sent, str):
            yield f"{where}.{name}: {sent!r} is no text"


def _resource_wrong(value: Json, resource: type[StripeObject], where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where}: {value!r} is no {resource.__name__}"
        return
    known = fields_of(resource)
    if not value.get("deleted"):
        for name in known.keys() - value.keys():
            if not may_be_null(resource, name):
                yield f"{where}.{name}: missing"
    for name, said in value.items():
        if name in known:
            yield from answered_wrong(said, known[name], resource.__module__, f"{where}.{name}")
        else:
            yield f"{where}.{name}: unknown"


@lru_cache(maxsize=8192)
def _said_of(value: str, resource: type[StripeObject]) -> tuple[str, ...]:
    """Return what is wrong with an object, given as JSON: most are answered many times before they change."""
    return tuple(_resource_wrong(json.loads(value), resource, ""))


def _rows_wrong(value: Json, kind: object, row: object, module: str, where: str) -> Iterator[str]:
    word = "list" if kind is ListObject else "search_result"
    if not isinstance(value, dict) or value.get("object") != word:
        yield f"{where}: no {word}"
        return
    for name in {"data", "has_more", "url"} - value.keys():
        yield f"{where}.{name}: missing"
    for i, said in enumerate(value.get("data", [])):
        yield from answered_wrong(said, row, module, f"{where}.data[{i}]")


def _is_free_form(wanted: object) -> bool:
    base = get_origin(wanted) or wanted
    return isinstance(base, type) and issubclass(base, UntypedStripeObject)


def _is_sent_as(value: Json, wanted: object) -> bool:
    if not isinstance(value, str):
        return False
    if get_origin(wanted) is Literal:
        return value in get_args(wanted)
    if wanted is bool:
        return value in ("true", "false")
    if wanted is int:
        return bool(_WHOLE.fullmatch(value))
    if wanted in (float, Decimal):
        return bool(_NUMBER.fullmatch(value))
    return wanted is str


def _is_json_of(value: Json, wanted: object) -> bool:
    if get_origin(wanted) is Literal:
        return value in get_args(wanted)
    if isinstance(value, bool) and wanted is not bool:
        return False
    return wanted is Any or (wanted in _PLAIN and isinstance(value, _PLAIN[wanted]))


def _word(wanted: object) -> str:
    return (
        f"one of {get_args(wanted)[:8]}" if get_origin(wanted) is Literal else getattr(wanted, "__name__", str(wanted))
    )
