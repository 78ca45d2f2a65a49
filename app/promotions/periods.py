"""For which terms of a subscription a discount is in force."""

from datetime import datetime

from app.core.clock import add_months, midnight

TERM_MONTHS = 12


def term_bounds(bought_at: datetime, number: int) -> tuple[datetime, datetime]:
    """Return start and end (exclusive) of the ``number``-th term, counted from 1.

    Each term starts where the one before it ends, as the vendor bills them: bought on 29 February, they all end on
    the 28th.
    """
    start = midnight(bought_at)
    for _ in range(number - 1):
        start = add_months(start, TERM_MONTHS)
    return start, add_months(start, TERM_MONTHS)


def term_number(bought_at: datetime, at: datetime) -> int:
    """Return in which term ``at`` is, 0 before the first."""
    number, start = 0, midnight(bought_at)
    while start <= at:
        number, start = number + 1, add_months(start, TERM_MONTHS)
    return number


def discount_ends(bought_at: datetime, periods: int | None) -> datetime | None:
    """Return from when on the list price counts again, None for never."""
    return None if periods is None else term_bounds(bought_at, periods)[1]


def is_discounted(bought_at: datetime, periods: int | None, at: datetime) -> bool:
    """Whether the discount is in force at ``at``."""
    number = term_number(bought_at, at)
    return number >= 1 and (periods is None or number <= periods)
