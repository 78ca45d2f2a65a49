"""Charges: one row for each try at a card, of which only those that succeeded moved money (none really does here)."""

from sqlalchemy import RowMapping, insert, select

from app.core.ids import new_id
from app.core.money import Money
from app.vendor_adapters.embedded import events
from app.vendor_adapters.embedded.desk import Desk
from app.vendor_adapters.embedded.schema import charges
from app.vendor_adapters.errors import RejectReason
from app.vendor_adapters.types import Decline, DeclineReason, NotificationKind

SUCCEEDED = "succeeded"
FAILED = "failed"


def succeed(
    desk: Desk, *, amount: Money, order: str, customer: str, checkout: str, card: str | None, invoice: str | None
) -> str:
    """Record a charge that went through, and return its ref."""
    ref = _add(desk, SUCCEEDED, amount, order, customer, checkout, card, invoice=invoice)
    events.record(desk, NotificationKind.CHARGE, ref, order)
    return ref


def fail(
    desk: Desk, *, amount: Money, order: str, customer: str, checkout: str, card: str, reason: DeclineReason
) -> str:
    """Record a try that was refused, and return its ref: no money moved."""
    return _add(desk, FAILED, amount, order, customer, checkout, card, reason=reason.value)


def declines(desk: Desk, checkout: str) -> tuple[Decline, ...]:
    """Return the refused tries of a checkout, oldest first, at the wall time of each."""
    query = select(charges).where(charges.c.checkout == checkout, charges.c.status == FAILED).order_by(charges.c.id)
    return tuple(
        Decline(ref=row["ref"], at=row["at_wall"], reason=DeclineReason(row["reason"]))
        for row in desk.connection.execute(query).mappings()
    )


def get(desk: Desk, ref: str) -> RowMapping:
    """Return a charge that went through, or say that there is none."""
    query = select(charges).where(charges.c.ref == ref, charges.c.status == SUCCEEDED)
    row = desk.connection.execute(query).mappings().one_or_none()
    if row is None:
        raise desk.rejected(RejectReason.NOT_FOUND, "charge")
    return row


def refunded(desk: Desk, ref: str | None) -> int:
    """Return what was given back of a charge; nothing of one that was not needed."""
    if ref is None:
        return 0
    amount: int = get(desk, ref)["amount_refunded"]
    return amount


def _add(
    desk: Desk,
    status: str,
    amount: Money,
    order: str,
    customer: str,
    checkout: str,
    card: str | None,
    *,
    invoice: str | None = None,
    reason: str = "",
) -> str:
    ref = new_id("ch")
    desk.connection.execute(
        insert(charges).values(
            ref=ref,
            order_id=order,
            customer=customer,
            checkout=checkout,
            invoice=invoice,
            card=card,
            amount=amount.minor,
            currency=amount.currency,
            status=status,
            reason=reason,
            at=desk.now,
            at_wall=desk.wall,
            amount_refunded=0,
            dispute="",
        )
    )
    return ref
