"""Sessions end when they should, change their id at every sign-in, and keep the visitor but never for somebody else."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection, select

from app.core.clock import FrozenClock
from app.db.engine import Database
from app.db.schema.identity import sessions
from app.identity.claims import Claims
from app.identity.sessions import (
    IDLE_LIMIT,
    SIGNED_IN_LIMIT,
    VISITOR_LIMIT,
    Session,
    delete_session,
    find_session,
    mark_seen,
    open_session,
)
from app.identity.sweep import forget_expired
from tests.support.people import written


class Store:
    """The store of sessions at a standing clock."""

    def __init__(self, database: Database, clock: FrozenClock) -> None:
        self.database = database
        self.clock = clock

    def person(self, subject: str) -> str:
        claims = Claims(issuer="https://id.example", subject=subject, roles=frozenset({"support"}))
        return written(self.database, self.clock, claims).person_id

    def open(
        self, person_id: str | None = None, replaced: Session | None = None, *, by_mail: bool = False
    ) -> tuple[str, Session]:
        return self.database.write_now(
            lambda c: open_session(c, replaced=replaced, person_id=person_id, by_mail=by_mail, now=self.clock.wall())
        )

    def find(self, token: str) -> Session | None:
        return self.database.read_now(lambda c: find_session(c, token, self.clock.wall()))


@pytest.fixture
def store(database: Database, clock: FrozenClock) -> Store:
    return Store(database, clock)


def test_a_session_is_found_by_its_token_and_the_table_does_not_hold_it(store: Store) -> None:
    token, opened = store.open(store.person("u-1"))
    assert store.find(token) == opened
    rows = store.database.read_now(lambda c: c.execute(select(sessions)).all())
    assert token not in str(rows)
    assert store.find(opened.session_hash) is None
    assert store.find("made up") is None


def test_a_signed_in_session_ends_when_it_is_idle(store: Store) -> None:
    token, opened = store.open(store.person("u-1"))
    store.clock.advance(IDLE_LIMIT - timedelta(seconds=1))
    assert store.find(token)
    store.database.write_now(lambda c: mark_seen(c, opened.session_hash, store.clock.wall()))
    store.clock.advance(IDLE_LIMIT - timedelta(seconds=1))
    assert store.find(token)
    store.clock.advance(timedelta(seconds=1))
    assert store.find(token) is None


def test_a_signed_in_session_ends_however_busy_it_is(store: Store) -> None:
    token, opened = store.open(store.person("u-1"))
    store.clock.advance(SIGNED_IN_LIMIT)
    store.database.write_now(lambda c: mark_seen(c, opened.session_hash, store.clock.wall()))
    assert store.find(token) is None


def test_a_visitor_is_known_for_a_week_without_coming_back(store: Store) -> None:
    token, _ = store.open()
    store.clock.advance(VISITOR_LIMIT - timedelta(seconds=1))
    assert store.find(token)
    store.clock.advance(timedelta(seconds=1))
    assert store.find(token) is None


def test_moving_business_time_ends_no_session(store: Store) -> None:
    token, _ = store.open(store.person("u-1"))
    store.clock.advance_business(timedelta(days=400))
    assert store.find(token)


def test_signing_in_changes_the_id_and_keeps_the_visitor(store: Store) -> None:
    old_token, visitor = store.open()
    token, signed_in = store.open(store.person("u-1"), visitor)
    assert token != old_token
    assert store.find(old_token) is None
    assert signed_in.visitor_id == visitor.visitor_id


def test_the_same_person_again_stays_the_same_visitor(store: Store) -> None:
    _, first = store.open(store.person("u-1"))
    _, second = store.open(store.person("u-1"), first)
    assert second.visitor_id == first.visitor_id


def test_somebody_else_is_another_visitor(store: Store) -> None:
    _, first = store.open(store.person("u-1"))
    _, second = store.open(store.person("u-2"), first)
    assert second.visitor_id != first.visitor_id


def test_staff_roles_need_the_issuers_word(store: Store) -> None:
    token, _ = store.open(store.person("u-1"))
    by_mail, _ = store.open(store.person("u-1"), by_mail=True)
    assert [_roles(store.find(token)), _roles(store.find(by_mail))] == [{"support"}, set()]


def test_an_ended_session_stays_ended(store: Store) -> None:
    token, opened = store.open(store.person("u-1"))
    store.database.write_now(lambda c: delete_session(c, opened.session_hash))
    assert store.find(token) is None


def test_the_sweep_takes_what_has_ended_and_nothing_else(store: Store) -> None:
    store.open(store.person("u-1"))
    visitor, _ = store.open()
    store.clock.advance(IDLE_LIMIT)
    busy, _ = store.open(store.person("u-1"))

    def sweep(connection: Connection) -> int:
        return forget_expired(connection, store.clock.wall())

    assert store.database.write_now(sweep) == 1
    assert store.find(visitor)
    assert store.find(busy)


def _roles(found: Session | None) -> set[str]:
    assert found is not None
    assert found.person is not None
    return set(found.person.roles)
