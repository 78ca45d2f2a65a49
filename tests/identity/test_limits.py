"""Limits let so many through in a stretch of wall time, and say how long to wait."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.core.clock import FrozenClock
from app.db.engine import Database
from app.db.schema.store import hits
from app.identity.limits import Limit, network_of, take

TWO_AN_HOUR = {"a": Limit(2, timedelta(hours=1))}


def try_once(database: Database, clock: FrozenClock, buckets: dict[str, Limit]) -> timedelta | None:
    return database.write_now(lambda c: take(c, buckets, clock.wall()))


def test_the_stretch_moves_along(database: Database, clock: FrozenClock) -> None:
    assert try_once(database, clock, TWO_AN_HOUR) is None
    clock.advance(timedelta(minutes=40))
    assert try_once(database, clock, TWO_AN_HOUR) is None
    assert try_once(database, clock, TWO_AN_HOUR) == timedelta(minutes=20)
    clock.advance(timedelta(minutes=20))
    assert try_once(database, clock, TWO_AN_HOUR) is None
    assert try_once(database, clock, TWO_AN_HOUR) == timedelta(minutes=40)


def test_one_full_bucket_refuses_and_counts_nothing(database: Database, clock: FrozenClock) -> None:
    both = {**TWO_AN_HOUR, "b": Limit(1, timedelta(minutes=1))}
    assert try_once(database, clock, both) is None
    assert try_once(database, clock, both) == timedelta(minutes=1)
    assert database.read_now(lambda c: c.execute(select(func.count()).select_from(hits)).scalar_one()) == 2
    assert try_once(database, clock, TWO_AN_HOUR) is None


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", "unknown"),
        ("a unix socket", "unknown"),
    ],
)
def test_a_network_is_what_one_office_has_in_common(address: str, network: str) -> None:
    assert network_of(address) == network
