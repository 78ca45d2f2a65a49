"""One-time links: once, for a day, for the mailbox's owner by the issuer's word or a contact of their own."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core.clock import FrozenClock
from app.db.engine import Database
from app.db.schema.identity import login_links as table
from app.identity.actor import Person
from app.identity.claims import Claims
from app.identity.login_links import LIFETIME, LoginLink, find_link, new_link, person_at, take_link
from tests.support.people import written

ISSUER = "https://id.example"
ANN = Claims(issuer=ISSUER, subject="u-1", username="ann", email="Ann@example.com", email_verified=True)


@pytest.fixture
def token(database: Database, clock: FrozenClock) -> str:
    return database.write_now(
        lambda c: new_link(c, email=" Ann@Example.com", next_path="/orders", visitor_id="vis_1", now=clock.wall())
    )


def test_looking_uses_nothing_up_and_taking_does(database: Database, clock: FrozenClock, token: str) -> None:
    expected = LoginLink(email="ann@example.com", next_path="/orders")
    for _ in range(2):
        assert database.read_now(lambda c: find_link(c, token, clock.wall())) == expected
    assert database.write_now(lambda c: take_link(c, token, clock.wall())) == expected
    assert database.write_now(lambda c: take_link(c, token, clock.wall())) is None
    assert database.read_now(lambda c: find_link(c, token, clock.wall())) is None


def test_it_works_for_a_day(database: Database, clock: FrozenClock, token: str) -> None:
    clock.advance(LIFETIME - timedelta(seconds=1))
    assert database.read_now(lambda c: find_link(c, token, clock.wall()))
    clock.advance(timedelta(seconds=1))
    assert database.read_now(lambda c: find_link(c, token, clock.wall())) is None
    assert database.write_now(lambda c: take_link(c, token, clock.wall())) is None


def test_the_token_is_not_kept_readable(database: Database, token: str) -> None:
    assert token not in str(database.read_now(lambda c: c.execute(select(table)).all()))


def test_the_address_is_shown_to_its_owner_only() -> None:
    assert LoginLink(email="ann.miller@example.com", next_path="/").masked_email == "a…@example.com"


def signed_in(database: Database, clock: FrozenClock) -> Person:
    return database.write_now(
        lambda c: person_at(
            c, "ann@example.com", issuer=ISSUER, mail_issuer="https://store.example/mail", now=clock.wall()
        )
    )


def test_the_one_person_whose_verified_address_it_is(database: Database, clock: FrozenClock) -> None:
    ann = written(database, clock, ANN)
    assert signed_in(database, clock) == ann


@pytest.mark.parametrize(
    "known",
    [
        (),
        (replace(ANN, email_verified=False),),
        (replace(ANN, issuer="https://other.example"),),
        (ANN, replace(ANN, subject="u-2")),
    ],
    ids=["nobody", "not verified", "another issuer's word", "two people"],
)
def test_else_a_contact_of_its_own(database: Database, clock: FrozenClock, known: tuple[Claims, ...]) -> None:
    people = [written(database, clock, claims) for claims in known]
    found = signed_in(database, clock)
    assert found not in people
    assert (found.issuer, found.subject) == ("https://store.example/mail", "ann@example.com")
    assert found.email_verified
    assert signed_in(database, clock) == found
