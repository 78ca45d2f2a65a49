"""Compute minutes over the months: what a month includes is used first, then the pack that expires first."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """Compute minutes bought once.

    ``used_before`` came out of it in months gone by, ``used`` in the month that runs. ``is_taken_back``: it was paid
    back, so that nothing is left of it; what was used of it stays used.
    """

    purchase_id: str
    order_id: str
    minutes: int
    expires_at: datetime
    used_before: int = 0
    used: int = 0
    is_taken_back: bool = False

    @property
    def unused(self) -> int:
        """What never came out of it, expired or not, taken back or not."""
        return self.minutes - self.used_before - self.used

    def left(self, now: datetime) -> int:
        """Return what can still come out of it."""
        return self.unused if now < self.expires_at and not self.is_taken_back else 0


def month_of(at: datetime) -> datetime:
    """Return the first instant of a month (UTC): the quota begins anew then."""
    return at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def next_month(packs: Iterable[Pack]) -> tuple[Pack, ...]:
    """Return the packs at the start of the next month: what was used of them stays used."""
    return tuple(replace(pack, used_before=pack.used_before + pack.used, used=0) for pack in packs)


def draw(packs: Iterable[Pack], over: int, now: datetime) -> tuple[Pack, ...]:
    """Return the packs with ``over`` minutes of this month taken out of them, as far as they reach.

    What came out of a pack already stays where it was taken: a pack that expires meanwhile has served. More comes out
    of the pack that expires first, so that as little as possible is lost; less goes back to the one that expires last.
    """
    ordered = sorted(packs, key=lambda pack: (pack.expires_at, pack.purchase_id))
    more = over - sum(pack.used for pack in ordered)
    return _take(ordered, more, now) if more >= 0 else _give_back(ordered, -more)


def left_in(packs: Iterable[Pack], now: datetime) -> int:
    """Return what can still come out of these packs."""
    return sum(pack.left(now) for pack in packs)


def _take(ordered: list[Pack], more: int, now: datetime) -> tuple[Pack, ...]:
    drawn = []
    for pack in ordered:
        taken = min(more, pack.left(now))
        more -= taken
        drawn.append(replace(pack, used=pack.used + taken))
    return tuple(drawn)


def _give_back(ordered: list[Pack], less: int) -> tuple[Pack, ...]:
    given = []
    for pack in reversed(ordered):
        back = min(less, pack.used)
        less -= back
        given.append(replace(pack, used=pack.used - back))
    return tuple(reversed(given))
