"""What the quarter's rule would come to for people above the seats of a yearly term (product.md 2.12). Pure.

The most seats used in a quarter, less those that are paid, for the quarters that are left: a quarter of the yearly
price each, so that the last quarter costs nothing. The price of adding seats now (by days) is another, and the one
that customers see; this one is for those who run the store.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from app.catalog.reconciliation import MONTHS_OF_TERM
from app.core.clock import add_months
from app.core.money import Money
from app.usage.readings import Reading

_SHORTEST_YEAR, _LONGEST_YEAR = timedelta(days=365), timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarter:
    """The ``number``th (from 1) of the ``of`` quarters of a term; ``ends_at`` is exclusive."""

    number: int
    of: int
    starts_at: datetime
    ends_at: datetime

    @property
    def left(self) -> int:
        """How many come after it in its term."""
        return self.of - self.number

    def has(self, at: datetime) -> bool:
        """Whether an instant lies in it."""
        return self.starts_at <= at < self.ends_at


def quarters_of(starts_at: datetime, ends_at: datetime, *, months: int) -> tuple[Quarter, ...]:
    """Return the quarters of a term, ``months`` each; none of a term that is not one year.

    Each end is counted from the term's start and clamped to its own month: from 31 January they are 30 April, 31 July
    and 31 October. The last is the term's own end.
    """
    if not _SHORTEST_YEAR <= ends_at - starts_at <= _LONGEST_YEAR:
        return ()
    count = MONTHS_OF_TERM // months
    edges = [*(add_months(starts_at, months * each) for each in range(count)), ends_at]
    return tuple(
        Quarter(number=number, of=count, starts_at=edges[number - 1], ends_at=edges[number])
        for number in range(1, count + 1)
    )


def most_in(quarter: Quarter, readings: Iterable[Reading], *, term_starts_at: datetime) -> int | None:
    """Return the most seats in use at once in a quarter, out of one reading a day; None when nothing was read in it.

    The product's own peak counts from the term's start: it is of this quarter only where it grew in it.
    """
    of_term = [each for each in readings if each.counted_at >= term_starts_at]
    mine = [each for each in of_term if quarter.has(each.counted_at)]
    if not mine:
        return None
    in_use = max(each.seats_in_use for each in mine)
    peak = max(each.seats_max for each in mine)
    earlier = [each for each in of_term if each.counted_at < quarter.starts_at]
    first = earlier or [min(mine, key=lambda each: each.counted_at)]
    has_grown = quarter.number == 1 or peak > max(each.seats_max for each in first)
    return max(in_use, peak) if has_grown else in_use


def charge_of(quarter: Quarter, *, most: int, seats: int, unit_price: Money) -> Money:
    """Return what a quarter would come to.

    Args:
        most: seats in use at once in it. seats: those that are paid. unit_price: of one seat for the whole term.
    """
    over = max(0, most - seats)
    return (unit_price * over).share(Fraction(quarter.left, quarter.of))
