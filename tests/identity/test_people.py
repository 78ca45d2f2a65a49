"""People are found by issuer and subject, whatever becomes of their names and addresses."""

from dataclasses import replace

import pytest

from app.core.clock import FrozenClock
from app.db.engine import Database
from app.identity.claims import Claims, read_claims
from app.identity.people import find_by_verified_email, find_person
from tests.support.people import written

ANN = Claims(
    issuer="https://id.example",
    subject="u-1",
    username="ann",
    name="Ann",
    email="Ann@Example.com",
    email_verified=True,
    roles=frozenset({"support", "marketing"}),
)


def test_the_same_subject_is_the_same_person_after_everything_else_changed(
    database: Database, clock: FrozenClock
) -> None:
    first = written(database, clock, ANN)
    changed = replace(ANN, email="new@example.com", email_verified=False, roles=frozenset(), name="A.")
    assert written(database, clock, changed).person_id == first.person_id
    assert database.read_now(lambda c: find_person(c, first.person_id)) == replace(
        first, email="new@example.com", email_verified=False, roles=frozenset(), name="A."
    )


def test_the_same_address_does_not_make_the_same_person(database: Database, clock: FrozenClock) -> None:
    same_address = (ANN, replace(ANN, subject="u-2"), replace(ANN, issuer="https://other.example"))
    assert len({written(database, clock, claims).person_id for claims in same_address}) == 3


def test_an_address_is_found_when_its_issuer_verified_it(database: Database, clock: FrozenClock) -> None:
    ann = written(database, clock, ANN)
    written(database, clock, replace(ANN, subject="u-2", email_verified=False))
    written(database, clock, replace(ANN, issuer="https://other.example"))
    written(database, clock, replace(ANN, subject="u-3", email="bob@example.com"))
    assert database.read_now(lambda c: find_by_verified_email(c, ANN.issuer, "ann@example.COM")) == (ann,)


@pytest.mark.parametrize("said", ["true", 1, None, "yes"])
def test_an_address_is_verified_only_when_the_issuer_says_true(said: object) -> None:
    assert not read_claims("i", {"sub": "s", "email": "a@example.com", "email_verified": said}).email_verified


@pytest.mark.parametrize(
    ("said", "roles"),
    [
        (["marketing", "support"], {"marketing", "support"}),
        ("marketing support", {"marketing", "support"}),
        (["Marketing", "a b", "x" * 41, 7, None], set()),
        ({"support": True}, set()),
        (None, set()),
    ],
)
def test_roles_come_as_a_list_or_a_text(said: object, roles: set[str]) -> None:
    assert read_claims("i", {"sub": "s", "roles": said}).roles == roles


def test_odd_texts_are_read_as_absent() -> None:
    claims = read_claims("i", {"sub": "s", "name": "Ann\u202eevil", "preferred_username": ["x"], "email": 7})
    assert (claims.name, claims.username, claims.email) == ("", "", "")
