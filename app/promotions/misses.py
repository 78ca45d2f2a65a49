"""Guessing is slowed down: misses are counted in the database, by session, account and network. A hit costs nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from app.catalog.model import MissLimit
from app.promotions.answers import Reason
from app.promotions.decision import Rejected
from app.promotions.store import buckets

EVERYBODY = "everybody"
ALARM = MissLimit(scope=EVERYBODY, most=500, within=timedelta(minutes=10))
"""So many misses, by whomever, are an attack that no single bucket sees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guesser:
    """Who tries: the browser's session, the person if one is signed in, and what their network has in common."""

    session: str
    account: str = ""
    network: str = ""

    def buckets(self, limits: Sequence[MissLimit]) -> list[tuple[str, MissLimit]]:
        """Return the buckets that a miss of theirs falls into."""
        known = {"session": self.session, "account": self.account, "network": self.network}
        return [(f"promo:{each.scope}:{known[each.scope]}", each) for each in limits if known.get(each.scope)]


def is_miss(rejected: Rejected) -> bool:
    """Whether a refusal is a guess that failed: no such code, or whatever a secret one answers."""
    return rejected.ref.is_secret or rejected.reason in (Reason.UNKNOWN, Reason.MALFORMED)


def wait(connection: Connection, guesser: Guesser, limits: Sequence[MissLimit], wall: datetime) -> timedelta | None:
    """Return how long to wait before the next try, None when it may be now. Counts nothing."""
    waits = [
        oldest + limit.within - wall
        for bucket, limit in guesser.buckets(limits)
        if (oldest := buckets.nth_newest(connection, bucket, limit.most, since=wall - limit.within)) is not None
    ]
    return max(waits, default=None)


def count_miss(connection: Connection, guesser: Guesser, limits: Sequence[MissLimit], wall: datetime) -> bool:
    """Count one miss; whether it is the one that makes so many by everybody an alarm, once in ALARM.within."""
    names = [bucket for bucket, _ in guesser.buckets(limits)]
    everybody = f"promo:{EVERYBODY}"
    buckets.add(connection, [*names, everybody], wall)
    if buckets.nth_newest(connection, everybody, ALARM.most, since=wall - ALARM.within) is None:
        return False
    return buckets.first_within(connection, f"{everybody}:alarm", ALARM.within, wall)
