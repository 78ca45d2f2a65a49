"""Reading a TOML table key by key: what is missing, of the wrong kind or unknown becomes a finding, never a crash."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from typing import TypeVar

from app.core.money import Money
from app.promotions.files.findings import Findings, Path

E = TypeVar("E", bound=Enum)
_LARGEST = 2**53  # also the largest whole number that JSON readers agree on
_LONGEST_TEXT = 2000


class Table:
    """One table of the file; every key that is read is known, ``close`` reports the others.

    Args:
        values: as the TOML reader gave them. path: where it stands.
    """

    def __init__(self, values: Mapping[str, object], path: Path, findings: Findings) -> None:
        self._values = values
        self._read: set[str] = set()
        self.path = path
        self.findings = findings

    def close(self) -> None:
        """Report every key that nobody asked for."""
        for key in sorted(set(self._values) - self._read):
            known = ", ".join(sorted(self._read))
            self.fault("unknown-key", f"there is no key {key} here; there are {known}", key)

    def has(self, key: str) -> bool:
        """Whether the key is given."""
        self._read.add(key)
        return key in self._values

    def fault(self, fault: str, reason: str, key: str = "") -> None:
        """Report a fault of this table, or of a key in it."""
        self.findings.add((*self.path, key) if key else self.path, fault, reason)

    def require(self, key: str) -> bool:
        """Whether the key is given; it is a fault if not."""
        if not self.has(key):
            self.fault("missing-key", f"{key} is missing")
        return key in self._values

    def text(self, key: str, default: str = "", *, longest: int | None = _LONGEST_TEXT) -> str:
        """Return a text; None for ``longest`` leaves its length to be judged elsewhere."""
        value = self._get(key, default)
        if not isinstance(value, str):
            return self._bad(key, "a text", default)
        if longest is not None and len(value) > longest:
            return self._bad(key, f"a text of at most {longest} characters", default)
        return value

    def number(self, key: str, *, least: int = 0, most: int = _LARGEST) -> int | None:
        """Return a whole number, None when it is not given."""
        value = self._get(key, None)
        if value is None or _is_number(value, least, most):
            return value if isinstance(value, int) else None
        return self._bad(key, f"a whole number from {least} to {most}", None)

    def flag(self, key: str, *, default: bool) -> bool:
        """Return true or false."""
        value = self._get(key, default)
        return value if isinstance(value, bool) else self._bad(key, "true or false", default)

    def instant(self, key: str) -> datetime | None:
        """Return an instant in UTC, None when it is not given."""
        value = self._get(key, None)
        if value is None:
            return None
        if not isinstance(value, datetime) or value.tzinfo is None:
            return self._bad(key, "an instant with a time zone, such as 2027-03-01T00:00:00Z", None)
        return value.astimezone(UTC)

    def names(self, key: str) -> tuple[str, ...]:
        """Return a list of texts."""
        value = self._get(key, [])
        if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
            return self._bad(key, 'a list of texts, such as ["team"]', ())
        return tuple(dict.fromkeys(value))

    def choice(self, key: str, kind: type[E], default: E, *, fault: str = "bad-value") -> E:
        """Return one of an enum's members."""
        value = self._get(key, default.value)
        found = next((member for member in kind if member.value == value), None)
        return found if found is not None else self._bad(key, f"one of {_listed(kind)}", default, fault)

    def choices(self, key: str, kind: type[E], *, fault: str = "bad-value") -> tuple[E, ...]:
        """Return members of an enum."""
        found = []
        for i, name in enumerate(self.names(key)):
            member = next((each for each in kind if each.value == name), None)
            if member is None:
                self.findings.add((*self.path, key, i), fault, f"{name} is none of {_listed(kind)}")
            else:
                found.append(member)
        return tuple(found)

    def sums(self, key: str) -> tuple[Money, ...]:
        """Return an amount for each currency, by currency: ``{ usd = 5000, eur = 4500 }``."""
        value = self._get(key, {})
        if not isinstance(value, Mapping) or not all(_is_number(each, 1, _LARGEST) for each in value.values()):
            return self._bad(key, "minor units for each currency, such as { usd = 5000 }", ())
        return tuple(Money(value[currency], currency) for currency in sorted(value))

    def table(self, key: str) -> "Table | None":
        """Return a table, None when it is not given."""
        value = self._get(key, None)
        if value is None or isinstance(value, Mapping):
            return None if value is None else Table(value, (*self.path, key), self.findings)
        return self._bad(key, "a table", None)

    def tables(self, key: str) -> Iterator["Table"]:
        """Yield the tables of a list."""
        value = self._get(key, [])
        if not isinstance(value, Sequence) or isinstance(value, str):
            self._bad(key, "a list of tables", None)
            return
        for i, each in enumerate(value):
            if isinstance(each, Mapping):
                yield Table(each, (*self.path, key, i), self.findings)
            else:
                self.findings.add((*self.path, key, i), "bad-value", f"{key} must be a list of tables")

    def is_table(self, key: str) -> bool:
        """Whether the key is given as a table."""
        return isinstance(self._get(key, None), Mapping)

    def _get(self, key: str, default: object) -> object:
        self._read.add(key)
        return self._values.get(key, default)

    def _bad(self, key: str, wanted: str, default: "_D", fault: str = "bad-value") -> "_D":
        self.fault(fault, f"{key} must be {wanted}", key)
        return default


_D = TypeVar("_D")


def _is_number(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _listed(kind: type[Enum]) -> str:
    return ", ".join(str(member.value) for member in kind)
