"""What a change in mid-term costs under a discount: differences of what is left, so that no path is cheaper.

With f the exact fraction of the term that is left and net(X) what a whole term of X costs after its discount,
R(X) = half_up(f * net(X)) and a change from X to Y costs R(Y) - R(X). Steps telescope, undoing a step at once gives
back exactly what it cost, and a credit never exceeds what was paid, because R only falls as the term goes by.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from app.core.clock import midnight
from app.core.money import half_up
from app.promotions.model import AmountOff, FreeUnits, Growth, Offer, Percent
from app.promotions.shares import amount_in, percent_of

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A line of a subscription: so many units at a price for a whole term, in minor units of ``currency``."""

    units: int
    unit_price: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Discounted:
    """The offer that a subscription was bought with, and for how many units."""

    offer: Offer
    base_units: int


def net(held: Held, discounted: Discounted | None) -> int:
    """Return what a whole term of ``held`` costs; more units never cost less."""
    gross = held.units * held.unit_price
    if discounted is None:
        return gross
    return max(0, gross - _off(held, discounted))


def share_left(at: datetime, starts: datetime, ends: datetime) -> Fraction:
    """Return the exact share of the term that is left from 00:00Z of the day of ``at``, that day included."""
    first = max(starts, midnight(at))
    return max(Fraction(0), Fraction((ends - first) // _SECOND, (ends - starts) // _SECOND))


def value_left(held: Held, discounted: Discounted | None, left: Fraction) -> int:
    """Return R(X), what the rest of the term is worth."""
    return half_up(left * net(held, discounted))


def charge(before: Held, after: Held, discounted: Discounted | None, left: Fraction) -> int:
    """Return what it costs to get from ``before`` to ``after``; negative is a credit."""
    return value_left(after, discounted, left) - value_left(before, discounted, left)


def _off(held: Held, discounted: Discounted) -> int:
    benefit, growth = discounted.offer.benefit, discounted.offer.on_more_seats
    match benefit:
        case Percent(percent_bp=percent_bp):
            units = {
                Growth.EXTEND: held.units,
                Growth.KEEP_AMOUNT: min(held.units, discounted.base_units),
                Growth.FIRST_UNITS: min(held.units, growth.units),
            }[growth.growth]
            return percent_of(units * held.unit_price, percent_bp)
        case FreeUnits(free_units=units):
            return min(held.units, discounted.base_units, units) * held.unit_price
        case AmountOff():
            return amount_in(benefit, held.currency) or 0
