"""Twelve months of what a group used, out of one reading a day. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from app.core.clock import add_months
from app.usage.readings import Reading

MONTHS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A calendar month that begins at ``starts_at``, with its last reading; None when nothing was read in it."""

    starts_at: datetime
    reading: Reading | None


def by_month(readings: Iterable[Reading], now: datetime) -> tuple[Month, ...]:
    """Return the twelve months up to ``now``, the oldest first.

    The last reading of a month says it all: used minutes only grow until the month ends, and so does the most in use.
    """
    last = {f"{each.counted_at:%Y-%m}": each for each in sorted(readings, key=lambda each: each.counted_at)}
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    months = (add_months(first, -back) for back in range(MONTHS - 1, -1, -1))
    return tuple(Month(starts_at=month, reading=last.get(f"{month:%Y-%m}")) for month in months)
