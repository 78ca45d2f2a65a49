"""The hosted payment page: opened for exactly what was quoted, read, and closed."""

from dataclasses import dataclass

import stripe

from app.vendor_adapters.errors import KeyReused, OutcomeUnknown, RejectReason, VendorRejected, VendorUnavailable
from app.vendor_adapters.stripe.client import Call
from app.vendor_adapters.stripe.customers import is_placed, place
from app.vendor_adapters.stripe.errors import rejected
from app.vendor_adapters.stripe.names import NAME, mark
from app.vendor_adapters.stripe.orders import (
    Held,
    invoice_snapshot,
    make_way,
    of_customer,
    own,
    row_mark,
    session_snapshot,
)
from app.vendor_adapters.stripe.quotes import check_age, pinned
from app.vendor_adapters.stripe.requests.carts import Cart, checkout
from app.vendor_adapters.stripe.shop import Shop
from app.vendor_adapters.stripe.translate.basics import instant, money
from app.vendor_adapters.stripe.translate.checkouts import of_session, session_state
from app.vendor_adapters.types import (
    CheckoutRef,
    CheckoutSnapshot,
    CheckoutState,
    Handoff,
    IdempotencyKey,
    PurchaseRequest,
    Quote,
)

TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A page that is asked for, and where it leads."""

    cart: Cart
    quote: Quote
    return_to: str
    cancel_to: str


async def start(
    call: Call,
    shop: Shop,
    request: PurchaseRequest,
    *,
    quote: Quote,
    return_to: str,
    cancel_to: str,
    key: IdempotencyKey,
) -> Handoff:
    """Open the page for ``quote``, or return the one that the order has open for the same."""
    check_buyer(call, shop, request)
    marked = mark(key, (request, quote.token, return_to, cancel_to))
    opening = Opening(
        cart=pinned(call, shop, request, quote, marked), quote=quote, return_to=return_to, cancel_to=cancel_to
    )
    try:
        check_age(call, shop, quote)
    except VendorRejected:
        known = own(call, await of_customer(call, request), marked)
        if isinstance(known, stripe.checkout.Session):
            return _handoff(known)
        raise
    return _handoff(await _opened(call, opening))


async def get(call: Call, ref: CheckoutRef) -> CheckoutSnapshot:
    """Return a page, or a purchase with a stored card, as it is now."""
    if ref.startswith("in_"):
        return await invoice_snapshot(
            call, await call.read(call.v1.invoices.retrieve_async(ref, {"expand": ["payments"]}))
        )
    session = await call.read(call.v1.checkout.sessions.retrieve_async(ref, {"expand": ["invoice.payments"]}))
    return await session_snapshot(call, session)


async def expire(call: Call, ref: CheckoutRef, key: IdempotencyKey) -> CheckoutSnapshot:
    """Close a page, or a purchase that waits for the buyer; what is paid stays paid."""
    options: stripe.RequestOptions = {"idempotency_key": key}
    try:
        if ref.startswith("in_"):
            await call.write(call.v1.invoices.void_invoice_async(ref, None, options))
        else:
            session = await call.write(call.v1.checkout.sessions.expire_async(ref, None, options))
            return of_session(session, None)
    except VendorRejected as error:
        if error.reason is RejectReason.NOT_FOUND:
            raise
    return await get(call, ref)


def check_buyer(call: Call, shop: Shop, request: PurchaseRequest) -> None:
    """Refuse a request that nobody can pay for yet."""
    if not request.order:
        raise rejected(call.operation, RejectReason.OTHER, "order")
    if request.customer is None:
        raise rejected(call.operation, RejectReason.OTHER, "customer")
    if shop.is_taxed and request.address is None:
        raise rejected(call.operation, RejectReason.INVALID_ADDRESS, "address")


def expired_where_priced(call: Call, error: VendorRejected) -> VendorRejected:
    """Return a refusal of a price or a coupon as that of the quote which pinned it, any other as it is."""
    if any(word in error.field for word in ("price", "discounts", "coupon")):
        return rejected(call.operation, RejectReason.QUOTE_EXPIRED, error.field, error.detail)
    return error


async def _opened(call: Call, opening: Opening) -> stripe.checkout.Session:
    first = f"order:{opening.cart.request.order}"
    session = await _open(call, opening, first)
    customer = session.customer
    if opening.cart.recurring and isinstance(customer, stripe.Customer) and (customer.balance or 0) > 0:
        await _close(call, session)
        raise rejected(call.operation, RejectReason.NOT_SOLD, "balance", "the customer owes something from before")
    if isinstance(customer, stripe.Customer) and not is_placed(customer, opening.cart.request, opening.quote):
        await place(call, customer, opening.cart.request, opening.quote, f"place:{session.id}")
        await _close(call, session)
        session = await _create(call, opening, f"{first}:{session.id}")
    if money(session.amount_total, session.currency) != opening.quote.due_now:
        await _close(call, session)
        raise rejected(call.operation, RejectReason.QUOTE_EXPIRED, detail="the page would charge another sum")
    return session


async def _open(call: Call, opening: Opening, attempt: str) -> stripe.checkout.Session:
    for number in range(TRIES):
        try:
            return await _create(call, opening, attempt)
        except (KeyReused, OutcomeUnknown) as error:
            is_kept = call.has_kept_failure(error)
            if isinstance(error, OutcomeUnknown) and not is_kept:
                raise
            held = await of_customer(call, opening.cart.request)
            known = own(call, held, opening.cart.mark) or _same(held, opening.cart.mark)
            if isinstance(known, stripe.checkout.Session):
                return known
            await make_way(call, held)
            last = held.newest or opening.cart.mark
            attempt = f"order:{opening.cart.request.order}:{last}" + (f":{number}" if is_kept else "")
    raise VendorUnavailable(vendor=NAME, operation=call.operation, detail="others are opening pages for this order")


async def _create(call: Call, opening: Opening, attempt: str) -> stripe.checkout.Session:
    params = checkout(opening.cart, opening.quote, return_to=opening.return_to, cancel_to=opening.cancel_to)
    try:
        return await call.write(call.v1.checkout.sessions.create_async(params, {"idempotency_key": attempt}))
    except VendorRejected as error:
        raise expired_where_priced(call, error) from error


async def _close(call: Call, session: stripe.checkout.Session) -> None:
    try:
        await call.write(
            call.v1.checkout.sessions.expire_async(session.id, None, {"idempotency_key": f"expire:{session.id}"})
        )
    except VendorRejected:
        # it is closed already, which is what is wanted; nobody has seen its address, so it cannot have been paid
        return


def _same(held: Held, marked: str) -> stripe.checkout.Session | None:
    arguments = marked.partition(".")[2]
    return next(
        (
            session
            for session in held.sessions
            if row_mark(session).partition(".")[2] == arguments and session_state(session) is CheckoutState.OPEN
        ),
        None,
    )


def _handoff(session: stripe.checkout.Session) -> Handoff:
    return Handoff(
        ref=CheckoutRef(session.id),
        url=session.url or "",
        expires_at=instant(session.expires_at),
        total=money(session.amount_total, session.currency),
    )
