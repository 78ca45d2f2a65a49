"""The arithmetic of what is taken off: whole minor units, one rounding for an offer, shared out over its lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from app.core.money import half_up
from app.promotions.model import AmountOff, Benefit, FreeUnits, Growth, Offer, Percent

BASIS_POINTS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Remaining:
    """What is left to pay on one line, and for how many units; nothing is taken off a line that is not eligible."""

    amount: int
    units: int
    is_eligible: bool


def taken_off(offer: Offer, lines: Sequence[Remaining], currency: str) -> tuple[int, ...]:
    """Return what ``offer`` takes off each line: never more than is there; what is left over is lost."""
    weights = [line.amount if line.is_eligible else 0 for line in lines]
    return tuple(share_out(_sum_off(offer, lines, sum(weights), currency), weights))


def percent_of(total: Fraction | int, percent_bp: int) -> int:
    """Return so many basis points of ``total``, rounded half up once."""
    return half_up(Fraction(total) * percent_bp / BASIS_POINTS)


def share_out(total: int, weights: Sequence[int]) -> list[int]:
    """Split ``total`` in proportion to ``weights`` by largest remainder, ties by position; the parts sum to it."""
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    parts = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for i in by_remainder[: total - sum(parts)]:
        parts[i] += 1
    return parts


def amount_in(benefit: AmountOff, currency: str) -> int | None:
    """Return the fixed sum in ``currency``, None where the campaign names none."""
    return next((money.minor for money in benefit.amounts if money.currency == currency), None)


def order_of_taking(benefit: Benefit) -> int:
    """Free units come first, then shares of what remains, then fixed sums."""
    return {FreeUnits: 0, Percent: 1, AmountOff: 2}[type(benefit)]


def _sum_off(offer: Offer, lines: Sequence[Remaining], base: int, currency: str) -> int:
    match offer.benefit:
        case Percent(percent_bp=percent_bp):
            discounted: Fraction | int = base
            if offer.on_more_seats.growth is Growth.FIRST_UNITS:
                discounted = _cheapest(lines, offer.on_more_seats.units)
            return min(base, percent_of(discounted, percent_bp))
        case FreeUnits(free_units=units):
            return min(base, half_up(_cheapest(lines, units)))
        case AmountOff():
            return min(base, amount_in(offer.benefit, currency) or 0)


def _cheapest(lines: Sequence[Remaining], units: int) -> Fraction:
    """Return what the ``units`` cheapest eligible units cost, ties by line."""
    priced = [(Fraction(line.amount, line.units), line.units) for line in lines if line.is_eligible and line.units]
    total = Fraction(0)
    for price, count in sorted(priced, key=lambda each: each[0]):
        used = min(units, count)
        total += used * price
        units -= used
    return total
