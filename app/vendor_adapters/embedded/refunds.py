"""Money given back."""

from sqlalchemy import RowMapping, insert, update

from app.core.ids import new_id
from app.core.money import Money
from app.vendor_adapters.embedded import charges, checkouts, events, invoices, renewals, subscriptions
from app.vendor_adapters.embedded.checkouts import Kind
from app.vendor_adapters.embedded.desk import Desk
from app.vendor_adapters.embedded.schema import charges as charges_table
from app.vendor_adapters.embedded.schema import refunds
from app.vendor_adapters.errors import RejectReason
from app.vendor_adapters.types import NotificationKind, SubscriptionStatus


def refund(desk: Desk, charge: str, amount: Money, reason: str) -> str:
    """Give ``amount`` of a charge back, never more than is left of it, and return the refund's ref.

    Who gets all of a term's payment back has no subscription for that term any more: it ends at once. A refund of
    part of it, or of a change, leaves it as it is; later credits are limited to the cash that was kept.
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
    events.record(desk, NotificationKind.CHARGE, charge, row["order_id"])
    if given_back == row["amount"]:
        _end_what_it_paid(desk, row)
    return ref


def _check(desk: Desk, charge: RowMapping, amount: Money) -> None:
    if amount.currency != charge["currency"]:
        raise desk.rejected(RejectReason.CURRENCY, "amount")
    if not 0 < amount.minor <= charge["amount"] - charge["amount_refunded"]:
        raise desk.rejected(RejectReason.OTHER, "amount", "more than is left of the charge")


def _end_what_it_paid(desk: Desk, charge: RowMapping) -> None:
    checkout = checkouts.load(desk, charge["checkout"])
    if checkout.kind is Kind.CHANGE or checkout.subscription is None:
        return
    subscription = subscriptions.load(desk, checkout.subscription)
    is_running = subscription.status is not SubscriptionStatus.CANCELLED
    paid_term = invoices.get(desk, charge["invoice"])["term_starts_at"]
    if is_running and paid_term == subscription.term.starts_at:
        renewals.end(desk, subscription)
