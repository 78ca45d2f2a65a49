"""What Stripe holds for one of our orders: payment pages, and purchases with a stored card.

An order is paid once. The first request of a page and of a purchase with a stored card bear the same idempotency key,
made of the order's id alone, so that Stripe itself lets one of them through, whoever presses how often in how many
tabs; who comes second looks here at what there is, and goes on from it.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import stripe

from app.vendor_adapters.errors import KeyReused, RejectReason, VendorRejected
from app.vendor_adapters.stripe.client import Call
from app.vendor_adapters.stripe.errors import rejected
from app.vendor_adapters.stripe.names import DIRECT, MARK, NAME, ORDER, meta
from app.vendor_adapters.stripe.translate.basics import order_of, payment_of
from app.vendor_adapters.stripe.translate.checkouts import is_unasked, of_invoice, of_session, session_state
from app.vendor_adapters.types import CheckoutSnapshot, CheckoutState, OrderId, PurchaseRequest

Row = stripe.checkout.Session | stripe.Invoice
RECENT = timedelta(hours=25)
"""A page lives for a day: what is older is settled, and found by Stripe's search, which lags by a minute."""
MOST_PAGES = 20
_A_PAGE = 100


@dataclass(frozen=True, slots=True)
class Held:
    """What there is for an order, oldest first."""

    sessions: tuple[stripe.checkout.Session, ...]
    invoices: tuple[stripe.Invoice, ...]

    @property
    def rows(self) -> tuple[Row, ...]:
        """All of them, oldest first."""
        every: list[Row] = [*self.sessions, *self.invoices]
        return tuple(sorted(every, key=_made))

    @property
    def newest(self) -> str:
        """The id of the latest of them, empty where there are none."""
        return self.rows[-1].id if self.rows else ""


async def find(call: Call, order: OrderId) -> tuple[CheckoutSnapshot, ...]:
    """Return what there is for an order, by a list that is never behind, and for older ones by search.

    A charge that no bank was asked for is left out: the call that began it goes on with it when it is repeated.
    """
    held = await _recent(call, order)
    if not held.sessions and not held.invoices:
        held = await _older(call, order)
    found = await asyncio.gather(*(_found(call, row) for row in held.rows))
    return tuple(one for one in found if one is not None)


async def of_customer(call: Call, request: PurchaseRequest) -> Held:
    """Return what there is for an order whose customer is known."""
    customer = request.customer or ""
    sessions, invoices = await asyncio.gather(
        call.read(
            call.v1.checkout.sessions.list_async(
                {"customer": customer, "limit": _A_PAGE, "expand": ["data.invoice.payments"]}
            )
        ),
        call.read(call.v1.invoices.list_async({"customer": customer, "limit": _A_PAGE, "expand": ["data.payments"]})),
    )
    return _held(request.order, sessions.data, invoices.data)


def own(call: Call, held: Held, mark: str) -> Row | None:
    """Return what the call with this mark made last; KeyReused when its key came with other arguments."""
    key = mark.partition(".")[0]
    for row in reversed(held.rows):
        made_by = row_mark(row)
        if made_by.partition(".")[0] == key:
            if made_by != mark:
                raise KeyReused(vendor=NAME, operation=call.operation, request_id=call.request_id)
            return row
    return None


async def make_way(call: Call, held: Held) -> None:
    """Close what is open for an order; STALE_STATE when something is paid, or a bank is being asked."""
    for session in held.sessions:
        await _close_session(call, session)
    for invoice in held.invoices:
        snapshot = await invoice_snapshot(call, invoice)
        refuse_settled(call, snapshot.state)
        if snapshot.state is CheckoutState.OPEN:
            await call.write(
                call.v1.invoices.void_invoice_async(invoice.id, None, {"idempotency_key": f"void:{invoice.id}"})
            )


def refuse_settled(call: Call, state: CheckoutState) -> None:
    """Refuse to go on where something is paid, or a bank is being asked."""
    if state in (CheckoutState.COMPLETE, CheckoutState.PROCESSING):
        raise rejected(call.operation, RejectReason.STALE_STATE, "order", f"its checkout is {state.value}")


async def _found(call: Call, row: Row) -> CheckoutSnapshot | None:
    if not isinstance(row, stripe.Invoice):
        return await session_snapshot(call, row)
    payment = await payment_with_charge(call, payment_of(row))
    return None if is_unasked(row, payment) else of_invoice(row, payment)


async def session_snapshot(call: Call, session: stripe.checkout.Session) -> CheckoutSnapshot:
    """Return a payment page; its invoice came with its payments. One more request where money moved."""
    payment = session.payment_intent
    if isinstance(payment, stripe.PaymentIntent):
        payment = payment.id
    invoice = session.invoice
    paid_by = payment or (payment_of(invoice) if isinstance(invoice, stripe.Invoice) else "")
    return of_session(session, await payment_with_charge(call, paid_by))


async def invoice_snapshot(call: Call, invoice: stripe.Invoice) -> CheckoutSnapshot:
    """Return a purchase with a stored card; the invoice came with its payments."""
    return of_invoice(invoice, await payment_with_charge(call, payment_of(invoice)))


async def payment_with_charge(call: Call, payment: str) -> stripe.PaymentIntent | None:
    """Return a payment with its latest charge, None for no payment."""
    if not payment:
        return None
    return await call.read(call.v1.payment_intents.retrieve_async(payment, {"expand": ["latest_charge"]}))


def row_mark(row: Row) -> str:
    """Return the mark of the call that made a page or a purchase."""
    return meta(row.metadata, MARK) or (_parent_meta(row, MARK) if isinstance(row, stripe.Invoice) else "")


def is_direct(invoice: stripe.Invoice) -> bool:
    """Whether an invoice is a purchase with a stored card or a change, and not a page's or a renewal's."""
    if meta(invoice.metadata, DIRECT):
        return True
    return invoice.billing_reason == "subscription_create" and bool(_parent_meta(invoice, DIRECT))


def _parent_meta(invoice: stripe.Invoice, key: str) -> str:
    details = invoice.parent.subscription_details if invoice.parent else None
    is_first = invoice.billing_reason == "subscription_create"
    return meta(details.metadata, key) if details and is_first else ""


async def _recent(call: Call, order: OrderId) -> Held:
    since = int((call.client.clock.now() - RECENT).timestamp())
    sessions, invoices = await asyncio.gather(
        call.pages(
            call.v1.checkout.sessions.list_async(
                {"created": {"gte": since}, "limit": _A_PAGE, "expand": ["data.invoice.payments"]}
            ),
            MOST_PAGES,
        ),
        call.pages(
            call.v1.invoices.list_async({"created": {"gte": since}, "limit": _A_PAGE, "expand": ["data.payments"]}),
            MOST_PAGES,
        ),
    )
    return _held(order, sessions, invoices)


async def _older(call: Call, order: OrderId) -> Held:
    query = f"metadata['{ORDER}']:'{order}'"
    subscriptions, invoices = await asyncio.gather(
        call.read(call.v1.subscriptions.search_async({"query": query, "limit": _A_PAGE})),
        call.read(call.v1.invoices.search_async({"query": query, "limit": _A_PAGE, "expand": ["data.payments"]})),
    )
    first = [
        await call.read(
            call.v1.invoices.list_async({"subscription": one.id, "limit": _A_PAGE, "expand": ["data.payments"]})
        )
        for one in subscriptions.data
        if meta(one.metadata, DIRECT)
    ]
    bought = [invoice for page in first for invoice in page.data]
    by_page = [
        *(f"subscription {one.id}" for one in subscriptions.data if not meta(one.metadata, DIRECT)),
        *(f"payment_intent {payment_of(invoice)}" for invoice in invoices.data if not is_direct(invoice)),
    ]
    sessions = [session for made in by_page for session in await _sessions_that_made(call, made)]
    return _held(order, sessions, [*bought, *invoices.data])


async def _sessions_that_made(call: Call, made: str) -> list[stripe.checkout.Session]:
    kind, _, ref = made.partition(" ")
    if not ref:
        return []
    sessions = call.v1.checkout.sessions
    if kind == "subscription":
        page = await call.read(sessions.list_async({"subscription": ref, "expand": ["data.invoice.payments"]}))
    else:
        page = await call.read(sessions.list_async({"payment_intent": ref, "expand": ["data.invoice.payments"]}))
    return page.data


def _held(order: OrderId, sessions: Iterable[stripe.checkout.Session], invoices: Iterable[stripe.Invoice]) -> Held:
    """Drafts are left out: no bank was asked for them, and the call that made them repeats them."""
    of_order = [session for session in sessions if meta(session.metadata, ORDER) == order]
    bought = [
        invoice
        for invoice in invoices
        if is_direct(invoice) and order_of(invoice) == order and invoice.status != "draft"
    ]
    return Held(tuple(sorted(of_order, key=_made)), tuple(sorted(bought, key=_made)))


def _made(row: Row) -> tuple[int, str]:
    return row.created, row.id


async def _close_session(call: Call, session: stripe.checkout.Session) -> None:
    refuse_settled(call, session_state(session))
    if session_state(session) is not CheckoutState.OPEN:
        return
    try:
        await call.write(
            call.v1.checkout.sessions.expire_async(session.id, None, {"idempotency_key": f"expire:{session.id}"})
        )
    except VendorRejected as error:
        raise rejected(call.operation, RejectReason.STALE_STATE, "order", "it was paid a moment ago") from error
