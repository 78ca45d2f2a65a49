"""Keeping a frozen value in a text column, to the letter."""

from typing import Any, TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")
_adapters: dict[type, TypeAdapter[Any]] = {}


def pack(value: object) -> str:
    """Return a frozen dataclass as JSON."""
    return _adapter(type(value)).dump_json(value).decode()


def unpack(kind: type[T], text: str) -> T:
    """Return the value that ``pack`` was given."""
    value: T = _adapter(kind).validate_json(text)
    return value


def _adapter(kind: type) -> TypeAdapter[Any]:
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]
