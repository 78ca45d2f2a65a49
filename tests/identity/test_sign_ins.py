"""A started sign-in is good once, for ten minutes, for the visitor who started it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core.clock import FrozenClock
from app.db.engine import Database
from app.db.schema.identity import sign_ins
from app.identity.sign_ins import LIFETIME, StartedSignIn, keep_sign_in, next_path_of, take_sign_in


@pytest.fixture
def started(database: Database, clock: FrozenClock) -> StartedSignIn:
    made = StartedSignIn(next_path="/buy?plan=team")
    database.write_now(lambda c: keep_sign_in(c, made, visitor_id="vis_1", now=clock.wall()))
    return made


def take(database: Database, clock: FrozenClock, state: str, visitor_id: str = "vis_1") -> StartedSignIn | None:
    return database.write_now(lambda c: take_sign_in(c, state=state, visitor_id=visitor_id, now=clock.wall()))


def test_it_is_taken_once(database: Database, clock: FrozenClock, started: StartedSignIn) -> None:
    assert take(database, clock, started.state) == started
    assert take(database, clock, started.state) is None


def test_two_tabs_do_not_disturb_each_other(database: Database, clock: FrozenClock, started: StartedSignIn) -> None:
    other = StartedSignIn(next_path="/orders")
    database.write_now(lambda c: keep_sign_in(c, other, visitor_id="vis_1", now=clock.wall()))
    assert take(database, clock, started.state) == started
    assert take(database, clock, other.state) == other


def test_it_grows_too_old(database: Database, clock: FrozenClock, started: StartedSignIn) -> None:
    clock.advance(LIFETIME - timedelta(seconds=1))
    clock.advance_business(timedelta(days=1))
    assert take(database, clock, started.state) == started


def test_it_is_not_taken_late(database: Database, clock: FrozenClock, started: StartedSignIn) -> None:
    clock.advance(LIFETIME)
    assert take(database, clock, started.state) is None


@pytest.mark.parametrize("visitor_id", ["vis_2", ""])
def test_it_is_nobody_elses(database: Database, clock: FrozenClock, started: StartedSignIn, visitor_id: str) -> None:
    assert take(database, clock, started.state, visitor_id) is None
    assert take(database, clock, started.state) == started


def test_where_it_led_is_told_to_its_visitor_even_afterwards(
    database: Database, clock: FrozenClock, started: StartedSignIn
) -> None:
    take(database, clock, started.state)

    def path(visitor_id: str) -> str:
        return database.read_now(lambda c: next_path_of(c, state=started.state, visitor_id=visitor_id))

    assert (path("vis_1"), path("vis_2")) == ("/buy?plan=team", "")


def test_the_state_is_not_kept_readable(database: Database, started: StartedSignIn) -> None:
    assert started.state not in str(database.read_now(lambda c: c.execute(select(sign_ins)).all()))
