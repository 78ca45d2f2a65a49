"""The vendor's answers in our words."""

from datetime import datetime, timedelta

from app.catalog.model import PriceRow
from app.core.clock import add_months
from app.core.money import Money, zero
from app.vendor_adapters.types import (
    ChargeRef,
    CheckoutRef,
    CheckoutSnapshot,
    CheckoutState,
    CustomerRef,
    Handoff,
    Interval,
    InvoiceRef,
    InvoiceStatus,
    InvoiceSummary,
    Line,
    LineKind,
    NextCharge,
    Offer,
    OfferKey,
    OrderId,
    Period,
    Quote,
    SalesChannel,
    SubscriptionRef,
    SubscriptionSnapshot,
    SubscriptionStatus,
)
from tests.adapters.minimal.vendor import Contract, Receipt, Session

ORIGIN = "https://pay.minimal.example"
QUOTED_FOR = timedelta(minutes=30)
CURRENCY = "usd"
_STATES = {"open": CheckoutState.OPEN, "paid": CheckoutState.COMPLETE}


def offer(row: PriceRow) -> Offer:
    """Return a price."""
    return Offer(
        key=OfferKey(row.id),
        item=row.item,
        deployment=row.deployment,
        unit_price=Money(row.amount, row.currency),
        interval=Interval(row.interval),
        is_offered=row.active,
    )


def quote(row: PriceRow, quantity: int, at: datetime, token: str) -> Quote:
    """Return the price of so many."""
    due = Money(row.amount, row.currency) * quantity
    renewal = NextCharge(at=add_months(at, 12), subtotal=due, tax=None, total=None)
    return Quote(
        lines=(_line(OfferKey(row.id), quantity, due, row.amount),),
        subtotal=due,
        discount=zero(row.currency),
        tax=None,
        due_now=due,
        next_charges=(renewal,) if row.interval == Interval.YEAR.value else (),
        priced_at=at,
        expires_at=at + QUOTED_FOR,
        token=token,
    )


def page(session: Session) -> str:
    """Return the address of a payment page."""
    return f"{ORIGIN}/{session.id}"


def handoff(session: Session) -> Handoff:
    """Return where the buyer pays."""
    total = Money(session.amount, CURRENCY)
    return Handoff(ref=CheckoutRef(session.id), url=page(session), expires_at=session.ends, total=total)


def checkout(session: Session, now: datetime) -> CheckoutSnapshot:
    """Return a page as it is now."""
    state = _STATES.get(session.state, CheckoutState.UNKNOWN)
    if state is CheckoutState.OPEN and session.ends <= now:
        state = CheckoutState.EXPIRED
    total = Money(session.amount, CURRENCY)
    return CheckoutSnapshot(
        ref=CheckoutRef(session.id),
        order=OrderId(session.order),
        state=state,
        total=total,
        amount_paid=total if state is CheckoutState.COMPLETE else zero(CURRENCY),
        expires_at=session.ends,
        url=page(session) if state is CheckoutState.OPEN else "",
        customer=CustomerRef(session.customer),
        subscription=SubscriptionRef(session.contract) if session.contract else None,
        invoice=InvoiceRef(session.receipt) if session.receipt else None,
        charge=ChargeRef(session.payment) if session.payment else None,
    )


def subscription(contract: Contract, now: datetime) -> SubscriptionSnapshot:
    """Return a contract as it is now."""
    session, ends_at = contract.session, add_months(contract.starts, 12)
    return SubscriptionSnapshot(
        ref=SubscriptionRef(contract.id),
        customer=CustomerRef(session.customer),
        order=OrderId(session.order),
        subject=session.reference,
        status=SubscriptionStatus.CANCELLED if contract.stops == "now" else SubscriptionStatus.ACTIVE,
        offer=OfferKey(session.item),
        seats=session.quantity,
        unit_price=Money(session.amount // session.quantity, CURRENCY),
        period=Period(starts_at=contract.starts, ends_at=ends_at),
        cancel_at={"": None, "term": ends_at}.get(contract.stops, now),
        renews_as=None,
        packs=(),
        channel=SalesChannel.DIRECT,
        sold_by="",
        version=contract.revision,
        observed_at=now,
    )


def invoice(receipt: Receipt) -> InvoiceSummary:
    """Return a receipt, which is an invoice that is paid."""
    session, total = receipt.session, Money(receipt.session.amount, CURRENCY)
    return InvoiceSummary(
        ref=InvoiceRef(receipt.id),
        number=f"M-{receipt.number}",
        order=OrderId(session.order),
        subscription=SubscriptionRef(session.contract) if session.contract else None,
        status=InvoiceStatus.PAID,
        issued_at=receipt.at,
        lines=(_line(OfferKey(session.item), session.quantity, total, session.amount // session.quantity),),
        subtotal=total,
        discount=zero(CURRENCY),
        tax=zero(CURRENCY),
        total=total,
        amount_due=zero(CURRENCY),
        amount_paid=total,
        document_url="",
        pay_url="",
    )


def _line(key: OfferKey, quantity: int, amount: Money, unit_price: int) -> Line:
    return Line(
        kind=LineKind.PURCHASE,
        offer=key,
        quantity=quantity,
        unit_price=Money(unit_price, CURRENCY),
        amount=amount,
    )
