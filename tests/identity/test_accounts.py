"""Billing accounts are seen by those who manage them."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from app.core.clock import FrozenClock
from app.db.engine import Database
from app.identity.accounts import (
    BillingAccount,
    account_for,
    account_of_customer,
    accounts_of,
    create_account,
    lock_person,
    set_customer_ref,
    update_details,
)
from app.identity.claims import Claims
from app.vendor_adapters.types import CustomerRef
from tests.support.people import written


@dataclass(frozen=True, kw_only=True)
class Details:
    email: str = "bills@acme.example"
    full_name: str = "Ann Example"
    company: str = "Acme"
    country: str = "US"
    region: str = "NY"
    postal_code: str = "10001"
    city: str = "New York"
    line1: str = "1 Main Street"
    line2: str = ""
    tax_id: str = ""


@pytest.fixture
def ann(database: Database, clock: FrozenClock) -> str:
    return written(database, clock, Claims(issuer="https://id.example", subject="u-1")).person_id


@pytest.fixture
def bob(database: Database, clock: FrozenClock) -> str:
    return written(database, clock, Claims(issuer="https://id.example", subject="u-2")).person_id


def made_for(database: Database, clock: FrozenClock, person_id: str) -> BillingAccount:
    def body(connection: Connection) -> BillingAccount:
        lock_person(connection, person_id)
        return create_account(
            connection, person_id=person_id, vendor="embedded", currency="usd", details=Details(), now=clock.now()
        )

    return database.write_now(body)


def test_a_new_account_has_its_maker_as_manager_and_no_customer_yet(
    database: Database, clock: FrozenClock, ann: str
) -> None:
    account = made_for(database, clock, ann)
    assert (account.customer_ref, account.currency, account.created_at) == (None, "usd", clock.now())
    assert (account.region, account.company, account.tax_id) == ("NY", "Acme", "")
    assert database.read_now(lambda c: accounts_of(c, ann)) == (account,)
    assert database.read_now(lambda c: account_for(c, account.account_id, ann)) == account


def test_an_account_is_hidden_from_everybody_else(database: Database, clock: FrozenClock, ann: str, bob: str) -> None:
    account = made_for(database, clock, ann)
    assert database.read_now(lambda c: account_for(c, account.account_id, bob)) is None
    assert database.read_now(lambda c: accounts_of(c, bob)) == ()


def test_the_oldest_account_comes_first(database: Database, clock: FrozenClock, ann: str) -> None:
    first = made_for(database, clock, ann)
    clock.advance(timedelta(days=1))
    second = made_for(database, clock, ann)
    assert database.read_now(lambda c: accounts_of(c, ann)) == (first, second)


def test_what_is_updated_touches_one_account(database: Database, clock: FrozenClock, ann: str) -> None:
    first, second = made_for(database, clock, ann), made_for(database, clock, ann)
    details = Details(company="Acme GmbH", country="DE", region="", tax_id="DE136695976")

    def body(connection: Connection) -> None:
        set_customer_ref(connection, first.account_id, CustomerRef("cus_1"))
        update_details(connection, first.account_id, details)

    database.write_now(body)
    assert database.read_now(lambda c: account_for(c, first.account_id, ann)) == replace(
        first, customer_ref=CustomerRef("cus_1"), **vars(details)
    )
    assert database.read_now(lambda c: account_for(c, second.account_id, ann)) == second


def test_the_vendors_customer_leads_to_the_account(database: Database, clock: FrozenClock, ann: str) -> None:
    account = made_for(database, clock, ann)
    database.write_now(lambda c: set_customer_ref(c, account.account_id, CustomerRef("cus_1")))

    def found(vendor: str, ref: str) -> str | None:
        return database.read_now(lambda c: account_of_customer(c, vendor, CustomerRef(ref)))

    assert found("embedded", "cus_1") == account.account_id
    assert found("embedded", "cus_2") is None
    assert found("stripe", "cus_1") is None
