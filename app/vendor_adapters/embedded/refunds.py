"""Money given back, by us or by a bank."""

from sqlalchemy import RowMapping, insert, update

from app.core.ids import new_id
from app.core.money import Money
from app.vendor_adapters.embedded import charges, checkouts, events, invoices, prepaid
from app.vendor_adapters.embedded.desk import Desk
from app.vendor_adapters.embedded.schema import charges as charges_table
from app.vendor_adapters.embedded.schema import refunds
from app.vendor_adapters.errors import RejectReason
from app.vendor_adapters.types import (
    ChargeRef,
    ChargeSummary,
    DisputeState,
    InvoiceRef,
    NotificationKind,
    OrderId,
    SubscriptionRef,
)


def refund(desk: Desk, charge: str, amount: Money, reason: str) -> str:
    """Give ``amount`` of a charge back, never more than is left of it, and return the refund's ref.

    A subscription that it paid for goes on, because ending it is a decision of its own; but later credits for that
    term are limited to the cash that was kept, and a term that was paid before its day is not paid any more.
    """
    row = charges.get(desk, charge)
    _check(desk, row, amount)
    ref = new_id("ref")
    desk.connection.execute(
        insert(refunds).values(
            ref=ref,
            charge=charge,
            order_id=row["order_id"],
            amount=amount.minor,
            currency=amount.currency,
            reason=reason,
            at=desk.now,
        )
    )
    given_back = row["amount_refunded"] + amount.minor
    desk.connection.execute(
        update(charges_table).where(charges_table.c.ref == charge).values(amount_refunded=given_back)
    )
    if row["invoice"]:
        invoices.give_back(desk, row["invoice"], amount.minor)
    if given_back == row["amount"]:
        prepaid.give_back(desk, row["checkout"])
    events.record(desk, NotificationKind.CHARGE, charge, row["order_id"])
    return ref


def dispute(desk: Desk, charge: str, state: str) -> None:
    """Note how the holder's complaint about a charge stands; lost, a term paid before its day is not paid any more."""
    row = charges.get(desk, charge)
    desk.connection.execute(update(charges_table).where(charges_table.c.ref == charge).values(dispute=state))
    if _DISPUTES[state] is DisputeState.LOST:
        prepaid.give_back(desk, row["checkout"])
    events.record(desk, NotificationKind.CHARGE, charge, row["order_id"])


def summary(desk: Desk, charge: str) -> ChargeSummary:
    """Return a charge that went through as the port speaks of it."""
    row = charges.get(desk, charge)
    subscription = checkouts.load(desk, row["checkout"]).subscription
    return ChargeSummary(
        ref=ChargeRef(row["ref"]),
        order=OrderId(row["order_id"]),
        subscription=SubscriptionRef(subscription) if subscription else None,
        invoice=InvoiceRef(row["invoice"]) if row["invoice"] else None,
        amount=Money(row["amount"], row["currency"]),
        refunded=Money(row["amount_refunded"], row["currency"]),
        dispute=_DISPUTES[row["dispute"]],
    )


_DISPUTES = {
    "": DisputeState.NONE,
    "opened": DisputeState.OPEN,
    "won": DisputeState.WON,
    "lost": DisputeState.LOST,
}


def _check(desk: Desk, charge: RowMapping, amount: Money) -> None:
    if amount.currency != charge["currency"]:
        raise desk.rejected(RejectReason.CURRENCY, "amount")
    if not 0 < amount.minor <= charge["amount"] - charge["amount_refunded"]:
        raise desk.rejected(RejectReason.OTHER, "amount", "more than is left of the charge")
