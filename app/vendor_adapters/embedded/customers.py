"""Customers of the store, found by the store's own account id."""

from sqlalchemy import RowMapping, insert, select, update

from app.core.ids import new_id
from app.vendor_adapters.embedded import events
from app.vendor_adapters.embedded.desk import Desk
from app.vendor_adapters.embedded.schema import customers
from app.vendor_adapters.errors import RejectReason
from app.vendor_adapters.types import (
    Address,
    CustomerProfile,
    CustomerRef,
    NotificationKind,
    TaxId,
)


def ensure(desk: Desk, profile: CustomerProfile) -> CustomerRef:
    """Return the customer of ``profile.account_id``, made or brought up to date.

    The currency stays what it was: a customer with bills in one currency cannot change to another.
    """
    known = select(customers).where(customers.c.account_id == profile.account_id)
    row = desk.connection.execute(known).mappings().one_or_none()
    if row is None:
        return _add(desk, profile)
    if row["currency"] != profile.currency:
        raise desk.rejected(RejectReason.CURRENCY, "currency")
    fresh = _named(profile) | (_placed(profile.address, profile.tax_id) if profile.address else {})
    if any(row[column] != value for column, value in fresh.items()):
        desk.connection.execute(update(customers).where(customers.c.ref == row["ref"]).values(**fresh))
        events.record(desk, NotificationKind.CUSTOMER, row["ref"])
    return CustomerRef(row["ref"])


def place(desk: Desk, customer: str, address: Address, tax_id: TaxId | None) -> None:
    """Keep where a purchase is billed to: renewals and changes are taxed there."""
    desk.connection.execute(update(customers).where(customers.c.ref == customer).values(**_placed(address, tax_id)))


def get(desk: Desk, ref: str) -> RowMapping:
    """Return a customer's row, or say that there is none."""
    row = desk.connection.execute(select(customers).where(customers.c.ref == ref)).mappings().one_or_none()
    if row is None:
        raise desk.rejected(RejectReason.NOT_FOUND, "customer")
    return row


def address(row: RowMapping) -> Address | None:
    """Return where the customer is billed, if that is known."""
    if not row["country"]:
        return None
    return Address(
        country=row["country"],
        region=row["region"],
        postal_code=row["postal_code"],
        city=row["city"],
        line1=row["line1"],
        line2=row["line2"],
    )


def tax_id(row: RowMapping) -> TaxId | None:
    """Return the customer's tax number, if one was given."""
    return TaxId(kind=row["tax_id_kind"], value=row["tax_id_value"]) if row["tax_id_value"] else None


def bill_to(row: RowMapping) -> str:
    """Return the lines of an invoice's address."""
    town = " ".join(part for part in (row["postal_code"], row["city"], row["region"]) if part)
    parts = (row["company"], row["full_name"], row["line1"], row["line2"], town, row["country"])
    return "\n".join(part for part in parts if part)


def _add(desk: Desk, profile: CustomerProfile) -> CustomerRef:
    ref = new_id("cus")
    placed = _placed(profile.address or Address(country=""), profile.tax_id)
    desk.connection.execute(
        insert(customers).values(
            ref=ref,
            account_id=profile.account_id,
            currency=profile.currency,
            made_at=desk.now,
            **_named(profile),
            **placed,
        )
    )
    events.record(desk, NotificationKind.CUSTOMER, ref)
    return CustomerRef(ref)


def _named(profile: CustomerProfile) -> dict[str, str]:
    return {"email": profile.email, "full_name": profile.full_name, "company": profile.company}


def _placed(address: Address, tax_id: TaxId | None) -> dict[str, str]:
    return {
        "country": address.country,
        "region": address.region,
        "postal_code": address.postal_code,
        "city": address.city,
        "line1": address.line1,
        "line2": address.line2,
        "tax_id_kind": tax_id.kind if tax_id else "",
        "tax_id_value": tax_id.value if tax_id else "",
    }
