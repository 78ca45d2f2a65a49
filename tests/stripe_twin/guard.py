"""The wire guard: every request and every answer is compared with the published contract."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import stripe

from tests.stripe_twin.contract import Operation, operation_for, resolve
from tests.stripe_twin.shapes import answered_wrong, sent_wrong

_OF_THE_LIBRARY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""What the library makes up for a request that comes without a key."""
_READS = ("/v1/invoices/create_preview",)
"""Posted, and changing nothing."""


class Guard:
    """Remembers what was wrong; ``problems`` has one line each."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.sent = 0

    def request(self, verb: str, path: str, params: Mapping[str, Any], headers: Mapping[str, str]) -> list[str]:
        """Return what is wrong with a request, and remember it."""
        self.sent += 1
        found = [f"{verb} {path}: {complaint}" for complaint in complaints(verb, path, params, headers)]
        self.problems += found
        return found

    def answer(self, verb: str, path: str, body: Mapping[str, Any]) -> None:
        """Remember what is wrong with an answer."""
        operation = operation_for(verb, path)
        if operation is not None:
            found = resolve_answer(operation)
            self.problems += [
                f"answer to {verb} {path}: {complaint}"
                for complaint in answered_wrong(dict(body), found, operation.module, operation.answer)
            ]

    def error(self, body: Mapping[str, Any]) -> None:
        """Remember what is wrong with an error."""
        self.problems += [f"error: {complaint}" for complaint in wrong_error(body)]


def complaints(verb: str, path: str, params: Mapping[str, Any], headers: Mapping[str, str]) -> list[str]:
    """Return what the contract says against a request."""
    operation = operation_for(verb, path)
    if operation is None:
        return ["no such operation"]
    return [*_of_headers(verb, path, headers), *_of_params(operation, params)]


def resolve_answer(operation: Operation) -> object:
    """Return the type of an operation's answer."""
    return resolve(operation.answer, operation.module)


def wrong_error(body: Mapping[str, Any]) -> list[str]:
    """Return what the contract says against an error's body."""
    error = body.get("error")
    if not isinstance(error, dict):
        return ["no error"]
    known = stripe.ErrorObject.__annotations__
    published = stripe.Invoice.LastFinalizationError
    found = [f".{name}: unknown" for name in error if name not in known]
    for name in ("type", "code"):
        wanted = resolve(published.__annotations__[name], published.__module__)
        found += answered_wrong(error.get(name), wanted, published.__module__, f".{name}")
    return found


def form(encoded: str) -> dict[str, Any]:
    """Return a form with its nested names, such as ``items[0][price]``, as objects and lists."""
    root: dict[str, Any] = {}
    for name, value in parse_qsl(encoded, keep_blank_values=True):
        head, *rest = name.replace("]", "").split("[")
        _put(root, [head, *rest], value)
    return {name: _listed(value) for name, value in root.items()}


def _put(node: dict[str, Any], path: list[str], value: str) -> None:
    head, *rest = path
    if rest:
        _put(node.setdefault(head, {}), rest, value)
    else:
        node[head] = value


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: _listed(each) for name, each in value.items()}
    if inner and all(name.isdigit() for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner


def _of_headers(verb: str, path: str, headers: Mapping[str, str]) -> list[str]:
    found = []
    if headers.get("stripe-version") != stripe.api_version:
        found.append(f"Stripe-Version is {headers.get('stripe-version')}")
    if not headers.get("authorization", "").startswith("Bearer sk_test_"):
        found.append("no key")
    if verb == "post" and not headers.get("idempotency-key"):
        found.append("no Idempotency-Key")
    elif verb == "post" and path not in _READS and _OF_THE_LIBRARY.fullmatch(headers["idempotency-key"]):
        found.append("the Idempotency-Key is the library's, new with each call")
    if "x-stripe-client-telemetry" in headers or "telemetry_id" in headers.get("x-stripe-client-user-agent", ""):
        found.append("telemetry")
    return found


def _of_params(operation: Operation, params: Mapping[str, Any]) -> list[str]:
    if not operation.params:
        return [f"{name}: unknown" for name in params]
    if not params and not operation.needs_params:
        return []
    wanted = resolve(operation.params, operation.module)
    return list(sent_wrong(dict(params), wanted, operation.module))
