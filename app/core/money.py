"""Amounts: integer minor units with a currency, and the one rounding rule."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction


class CurrencyMismatch(ValueError):
    """Two amounts of different currencies met in one sum."""


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount in minor units (cents) of a lower-case ISO 4217 currency, such as ``Money(378885, "usd")``."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise TypeError("an amount is a whole number of minor units")

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other).minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other).minor, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __mul__(self, count: int) -> "Money":
        return Money(self.minor * count, self.currency)

    def share(self, ratio: Fraction) -> "Money":
        """Return ``ratio`` of this amount, rounded half up once; a line of a quote is rounded so and nowhere else."""
        return Money(half_up(self.minor * ratio), self.currency)

    @property
    def is_zero(self) -> bool:
        return self.minor == 0

    def _same(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency}")
        return other


def zero(currency: str) -> Money:
    """Return nothing, in ``currency``."""
    return Money(0, currency)


def total(amounts: Iterable[Money], currency: str) -> Money:
    """Return the sum of ``amounts``, zero in ``currency`` when there are none."""
    return sum(amounts, zero(currency))


def half_up(value: Fraction | int) -> int:
    """Round to the nearest whole number; a tie goes away from zero, so that a credit mirrors its charge."""
    value = Fraction(value)
    rounded = (2 * abs(value) + 1) // 2
    return int(rounded if value >= 0 else -rounded)
