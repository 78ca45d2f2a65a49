"""Frozen values to canonical JSON and back, for what the tables keep whole: campaigns, traces, discount terms."""

from typing import Any, TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")
_adapters: dict[type, TypeAdapter[Any]] = {}  # building one takes longer than all its use in a request


def pack(value: object) -> str:
    """Return a frozen dataclass as JSON: the same value is the same text."""
    return _adapter(type(value)).dump_json(value).decode()


def unpack(kind: type[T], text: str) -> T:
    """Return the value that ``pack`` was given."""
    value: T = _adapter(kind).validate_json(text)
    return value


def _adapter(kind: type) -> TypeAdapter[Any]:
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]
