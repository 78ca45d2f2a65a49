"""The months before the demonstration began, so that its graphs show something: what the store would have read then."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from app.core.clock import add_months, midnight
from app.flows.deps import Deps
from app.usage import store
from app.usage.readings import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedMonths:
    """A group's eleven months before this one, the oldest first: minutes used, people, storage in GiB."""

    group_id: str
    seats: int
    quota: int
    storage_quota_gib: int
    minutes: tuple[int, ...]
    people: tuple[int, ...]
    storage: tuple[int, ...]


HISTORY = (
    SeedMonths(
        group_id="globex",
        seats=10,
        quota=10_000,
        storage_quota_gib=500,
        minutes=(3_100, 3_900, 4_400, 5_200, 4_800, 6_100, 7_300, 6_900, 8_800, 10_700, 9_600),
        people=(3, 4, 4, 5, 5, 6, 6, 7, 8, 7, 8),
        storage=(6, 9, 12, 15, 18, 21, 25, 28, 33, 36, 39),
    ),
    SeedMonths(
        group_id="acme",
        seats=0,
        quota=400,
        storage_quota_gib=10,
        minutes=(40, 90, 120, 160, 110, 210, 260, 240, 330, 290, 380),
        people=(2, 2, 3, 3, 4, 4, 5, 5, 6, 7, 7),
        storage=(1, 1, 2, 2, 2, 3, 3, 4, 4, 5, 5),
    ),
)


async def seed_usage(deps: Deps) -> None:
    """Keep the readings of the months before this one, for a group of which none is kept yet."""
    await deps.db.write(lambda connection: _seed(connection, deps))


def _seed(connection: Connection, deps: Deps) -> None:
    for months in HISTORY:
        if store.latest(connection, months.group_id) is None:
            for reading in _readings(deps, months):
                store.record(connection, reading)


def _readings(deps: Deps, months: SeedMonths) -> tuple[Reading, ...]:
    first, count = midnight(deps.clock.now()).replace(day=1), len(months.minutes)
    return tuple(
        Reading(
            group_id=months.group_id,
            seats=months.seats,
            seats_in_use=months.people[place],
            seats_max=max(months.people[: place + 1]),
            minutes_used=months.minutes[place],
            minutes_quota=months.quota,
            minutes_in_packs=0,
            storage_gib=months.storage[place],
            storage_quota_gib=months.storage_quota_gib,
            counted_at=add_months(first, place + 1 - count) - timedelta(hours=1),
        )
        for place in range(count)
    )
