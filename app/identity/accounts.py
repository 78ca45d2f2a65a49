"""The store of billing accounts: each is one vendor customer with one currency, seen only through who manages it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Connection, insert, select, update

from app.core.ids import new_id
from app.db.schema.identity import account_managers, billing_accounts, people
from app.vendor_adapters.types import CustomerRef

_DETAILS = (
    "email",
    "full_name",
    "company",
    "country",
    "region",
    "postal_code",
    "city",
    "line1",
    "line2",
    "tax_id",
)


class BillingDetails(Protocol):
    """Who is billed, and where; the region is a code without its country (``NY``)."""

    @property
    def email(self) -> str: ...
    @property
    def full_name(self) -> str: ...
    @property
    def company(self) -> str: ...
    @property
    def country(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def postal_code(self) -> str: ...
    @property
    def city(self) -> str: ...
    @property
    def line1(self) -> str: ...
    @property
    def line2(self) -> str: ...
    @property
    def tax_id(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingAccount:
    """A billing account; ``customer_ref`` is None until the vendor has made the customer."""

    account_id: str
    vendor: str
    customer_ref: CustomerRef | None
    currency: str
    email: str
    full_name: str
    company: str
    country: str
    region: str
    postal_code: str
    city: str
    line1: str
    line2: str
    tax_id: str
    created_at: datetime


def accounts_of(connection: Connection, person_id: str) -> tuple[BillingAccount, ...]:
    """Return the accounts that a person manages, the oldest first."""
    oldest_first = (billing_accounts.c.created_at, billing_accounts.c.account_id)
    rows = connection.execute(select(billing_accounts).where(_is_managed_by(person_id)).order_by(*oldest_first))
    return tuple(_account(row) for row in rows.mappings())


def account_for(connection: Connection, account_id: str, person_id: str) -> BillingAccount | None:
    """Return an account that ``person_id`` manages; None when there is none such, or it is somebody else's."""
    is_it = billing_accounts.c.account_id == account_id
    row = connection.execute(select(billing_accounts).where(is_it, _is_managed_by(person_id))).mappings().first()
    return _account(row) if row else None


def account_by_id(connection: Connection, account_id: str) -> BillingAccount | None:
    """Return an account for somebody whose right to it comes from elsewhere: an owner of the group that it pays for."""
    row = connection.execute(select(billing_accounts).where(billing_accounts.c.account_id == account_id)).mappings()
    found = row.first()
    return _account(found) if found else None


def account_of_customer(connection: Connection, vendor: str, ref: CustomerRef) -> str | None:
    """Return the id of the account that is this customer at ``vendor``; for what the vendor tells, never for a page."""
    wanted = (billing_accounts.c.vendor == vendor) & (billing_accounts.c.customer_ref == ref)
    return connection.execute(select(billing_accounts.c.account_id).where(wanted)).scalar()


def lock_person(connection: Connection, person_id: str) -> None:
    """Let nobody else past this line with the same person until the transaction ends.

    Two first orders at once would else make two accounts. SQLite has one writer at a time and needs no lock.
    """
    connection.execute(select(people.c.person_id).where(people.c.person_id == person_id).with_for_update())


def create_account(
    connection: Connection, *, person_id: str, vendor: str, currency: str, details: BillingDetails, now: datetime
) -> BillingAccount:
    """Make an account with ``person_id`` as its manager; the vendor's customer is made and noted afterwards."""
    account_id = new_id("acc")
    values = {
        "account_id": account_id,
        "vendor": vendor,
        "customer_ref": None,
        "currency": currency,
        "created_at": now,
        **_columns(details),
    }
    made = connection.execute(insert(billing_accounts).values(values).returning(*billing_accounts.c)).mappings().one()
    manager = {"account_id": account_id, "person_id": person_id, "since": now}
    connection.execute(insert(account_managers).values(manager))
    return _account(made)


def set_customer_ref(connection: Connection, account_id: str, ref: CustomerRef) -> None:
    """Note the vendor's customer of an account."""
    _update(connection, account_id, {"customer_ref": ref})


def forget_customer_ref(connection: Connection, account_id: str) -> None:
    """Note that the vendor has no customer of an account any more; the next order makes one."""
    _update(connection, account_id, {"customer_ref": None})


def update_details(connection: Connection, account_id: str, details: BillingDetails) -> None:
    """Write who is billed."""
    _update(connection, account_id, _columns(details))


def _is_managed_by(person_id: str) -> ColumnElement[bool]:
    managed = select(account_managers.c.account_id).where(account_managers.c.person_id == person_id)
    return billing_accounts.c.account_id.in_(managed)


def _update(connection: Connection, account_id: str, values: Mapping[str, object]) -> None:
    connection.execute(update(billing_accounts).where(billing_accounts.c.account_id == account_id).values(values))


def _columns(details: BillingDetails) -> dict[str, str]:
    return {name: getattr(details, name) for name in _DETAILS}


def _account(row: Mapping[Any, Any]) -> BillingAccount:
    return BillingAccount(**row)
