"""Checkouts: whatever waits for a payment or waited for one, whether a purchase, a change or a renewal."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from sqlalchemy import RowMapping, insert, select, update

from app.core.ids import new_id
from app.core.money import Money
from app.vendor_adapters.embedded import charges, events, lines, wallet
from app.vendor_adapters.embedded.desk import Desk
from app.vendor_adapters.embedded.model import Bill, TaxRule
from app.vendor_adapters.embedded.schema import checkouts
from app.vendor_adapters.errors import RejectReason
from app.vendor_adapters.types import (
    ChargeRef,
    CheckoutRef,
    CheckoutSnapshot,
    CheckoutState,
    CustomerRef,
    Handoff,
    InvoiceRef,
    NotificationKind,
    OrderId,
    SubscriptionRef,
    TaxIdStatus,
    TaxTreatment,
)

LIFETIME = timedelta(hours=24)
"""How long a buyer may take, in wall time: the evening's cart can still be paid in the morning, and a price that was
shown does not bind the seller for longer than a day."""


class Kind(Enum):
    """What is paid for."""

    PURCHASE = "purchase"
    CHANGE = "change"
    RENEWAL = "renewal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """A checkout as it is now; ``state`` already tells one whose time is up as EXPIRED.

    Attributes:
        is_hosted: paid on the hosted page, where another card can be tried after a decline. card: the one that the
            bank is being asked about. is_closing: asked to close while the bank was still thinking.
    """

    ref: str
    kind: Kind
    is_hosted: bool
    order: str
    customer: str
    subject: str
    state: CheckoutState
    bill: Bill
    return_to: str
    cancel_to: str
    expires_wall: datetime
    submitted_at: datetime | None
    card: str | None
    is_closing: bool
    subscription: str | None
    invoice: str | None
    charge: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What a new checkout is for, and where its page leads."""

    kind: Kind
    order: str
    customer: str
    subject: str
    bill: Bill
    is_hosted: bool
    return_to: str
    cancel_to: str
    lifetime: timedelta = LIFETIME
    subscription: str | None = None
    invoice: str | None = None


def add(desk: Desk, opening: Opening) -> Checkout:
    """Open a checkout and return it."""
    ref, bill = new_id("co"), opening.bill
    rule = bill.tax_rule or TaxRule(rate_ppm=0, treatment=TaxTreatment.NOT_COLLECTED, id_status=TaxIdStatus.NONE)
    desk.connection.execute(
        insert(checkouts).values(
            ref=ref,
            kind=opening.kind.value,
            is_hosted=opening.is_hosted,
            order_id=opening.order,
            customer=opening.customer,
            subject=opening.subject,
            state=CheckoutState.OPEN.value,
            currency=bill.currency,
            subtotal=bill.subtotal,
            discount=bill.discount,
            tax=bill.tax,
            total=bill.total,
            tax_rate_ppm=rule.rate_ppm,
            tax_treatment=rule.treatment.value,
            return_to=opening.return_to,
            cancel_to=opening.cancel_to,
            made_at=desk.now,
            expires_wall=desk.wall + opening.lifetime,
            is_closing=False,
            subscription=opening.subscription,
            invoice=opening.invoice,
        )
    )
    lines.save(desk, ref, bill.lines)
    return load(desk, ref)


def load(desk: Desk, ref: str) -> Checkout:
    """Return a checkout, or say that there is none."""
    row = desk.connection.execute(select(checkouts).where(checkouts.c.ref == ref)).mappings().one_or_none()
    if row is None:
        raise desk.rejected(RejectReason.NOT_FOUND, "checkout")
    return _checkout(desk, row)


def of_order(desk: Desk, order: str) -> tuple[Checkout, ...]:
    """Return every checkout that carries our order's id, oldest first; renewals belong to no order."""
    query = select(checkouts).where(checkouts.c.order_id == order, checkouts.c.order_id != "").order_by(checkouts.c.id)
    return tuple(_checkout(desk, row) for row in desk.connection.execute(query).mappings().all())


def snapshot(desk: Desk, checkout: Checkout) -> CheckoutSnapshot:
    """Return a checkout as the port speaks of it."""
    currency = checkout.bill.currency
    total = Money(checkout.bill.total, currency)
    is_paid = checkout.state is CheckoutState.COMPLETE
    return CheckoutSnapshot(
        ref=CheckoutRef(checkout.ref),
        order=OrderId(checkout.order),
        state=checkout.state,
        total=total,
        amount_paid=total if is_paid else Money(0, currency),
        expires_at=checkout.expires_wall,
        url=url(desk, checkout) if checkout.state is CheckoutState.OPEN else "",
        customer=CustomerRef(checkout.customer),
        subscription=SubscriptionRef(checkout.subscription) if checkout.subscription else None,
        invoice=InvoiceRef(checkout.invoice) if checkout.invoice else None,
        charge=ChargeRef(checkout.charge) if checkout.charge else None,
        declines=charges.declines(desk, checkout.ref),
        amount_refunded=Money(charges.refunded(desk, checkout.charge), currency),
        card_fingerprint=wallet.fingerprint(desk, checkout.card) if is_paid else "",
    )


def handoff(desk: Desk, checkout: Checkout) -> Handoff:
    """Return where the buyer goes to pay."""
    return Handoff(
        ref=CheckoutRef(checkout.ref),
        url=page(desk, checkout.ref),
        expires_at=checkout.expires_wall,
        total=Money(checkout.bill.total, checkout.bill.currency),
    )


def page(desk: Desk, ref: str) -> str:
    """Return the address of the payment page."""
    return f"{desk.settings.origin}/pay/{ref}"


def url(desk: Desk, checkout: Checkout) -> str:
    """Return where the buyer goes on: the bank's check when it has begun, else the payment page."""
    return page(desk, checkout.ref) + ("/challenge" if checkout.card else "")


def make_way(desk: Desk, order: str) -> Checkout | None:
    """Return the order's open checkout, if it has one; refuse an order that is paid or that the bank is asked about.

    One order is paid once, however many tabs, keys or machines ask: the table's unique index says the same.
    """
    for checkout in of_order(desk, order):
        if checkout.state is CheckoutState.OPEN:
            return checkout
        if checkout.state is not CheckoutState.EXPIRED:
            raise desk.rejected(RejectReason.STALE_STATE, "order", f"its checkout is {checkout.state.value}")
        close(desk, checkout)
    return None


def expire(desk: Desk, ref: str) -> None:
    """Close an open checkout; a paid one stays paid, and one with the bank closes as soon as the bank says no."""
    checkout = load(desk, ref)
    if checkout.state is CheckoutState.OPEN:
        close(desk, checkout)
    elif checkout.state is CheckoutState.PROCESSING:
        change(desk, ref, is_closing=True)


def close(desk: Desk, checkout: Checkout) -> None:
    """Close a checkout that is not paid, so that it never can be."""
    moved = desk.connection.execute(
        update(checkouts)
        .where(checkouts.c.ref == checkout.ref, checkouts.c.state.in_(("open", "processing")))
        .values(state=CheckoutState.EXPIRED.value)
    )
    if moved.rowcount:
        events.record(desk, NotificationKind.CHECKOUT, checkout.ref, checkout.order)


def change(desk: Desk, ref: str, **values: str | bool | datetime | None) -> None:
    """Change columns of a checkout."""
    desk.connection.execute(update(checkouts).where(checkouts.c.ref == ref).values(**values))


def _checkout(desk: Desk, row: RowMapping) -> Checkout:
    state = CheckoutState(row["state"])
    is_over = state is CheckoutState.OPEN and row["expires_wall"] <= desk.wall
    return Checkout(
        ref=row["ref"],
        kind=Kind(row["kind"]),
        is_hosted=row["is_hosted"],
        order=row["order_id"],
        customer=row["customer"],
        subject=row["subject"],
        state=CheckoutState.EXPIRED if is_over else state,
        bill=_bill(desk, row),
        return_to=row["return_to"],
        cancel_to=row["cancel_to"],
        expires_wall=row["expires_wall"],
        submitted_at=row["submitted_at"],
        card=row["card"],
        is_closing=row["is_closing"],
        subscription=row["subscription"],
        invoice=row["invoice"],
        charge=row["charge"],
    )


def _bill(desk: Desk, row: RowMapping) -> Bill:
    rule = TaxRule(
        rate_ppm=row["tax_rate_ppm"],
        treatment=TaxTreatment(row["tax_treatment"]),
        id_status=TaxIdStatus.NONE,
    )
    return Bill(currency=row["currency"], lines=lines.load(desk, row["ref"]), tax_rule=rule)
