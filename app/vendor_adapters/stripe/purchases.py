"""Purchases without a page: an invoice is made, its sum is compared with the quote, and only then is a bank asked."""

from dataclasses import dataclass
from datetime import datetime

import stripe

from app.vendor_adapters.errors import (
    KeyReused,
    OutcomeUnknown,
    RejectReason,
    VendorError,
    VendorRejected,
    VendorUnavailable,
)
from app.vendor_adapters.stripe.checkouts import TRIES, check_buyer, expired_where_priced
from app.vendor_adapters.stripe.client import Call
from app.vendor_adapters.stripe.customers import is_placed, place
from app.vendor_adapters.stripe.errors import rejected
from app.vendor_adapters.stripe.names import NAME, mark
from app.vendor_adapters.stripe.orders import make_way, of_customer, own, payment_with_charge
from app.vendor_adapters.stripe.quotes import check_age, pinned
from app.vendor_adapters.stripe.requests import carts
from app.vendor_adapters.stripe.requests.carts import Cart
from app.vendor_adapters.stripe.shop import Shop
from app.vendor_adapters.stripe.subscriptions import read as read_subscription
from app.vendor_adapters.stripe.translate.basics import instant, money, payment_of, subscription_of, whole
from app.vendor_adapters.stripe.translate.checkouts import direct_state, is_unasked, last_decline, page_of
from app.vendor_adapters.stripe.translate.states import decline_reason
from app.vendor_adapters.types import (
    ChangeOutcome,
    ChargeRef,
    CheckoutRef,
    CheckoutState,
    Decline,
    Declined,
    Done,
    IdempotencyKey,
    InvoiceRef,
    NeedsAction,
    PaymentMethodRef,
    Pending,
    PurchaseRequest,
    Quote,
    SubscriptionRef,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Buying:
    """A purchase that is asked for, and the card to charge."""

    shop: Shop
    cart: Cart
    quote: Quote
    card: PaymentMethodRef
    return_to: str


async def buy(
    call: Call,
    shop: Shop,
    request: PurchaseRequest,
    *,
    quote: Quote,
    card: PaymentMethodRef,
    return_to: str,
    key: IdempotencyKey,
) -> ChangeOutcome:
    """Charge a stored card for exactly ``quote``."""
    check_buyer(call, shop, request)
    marked = mark(key, (request, quote.token, card, return_to))
    cart = pinned(call, shop, request, quote, marked)
    buying = Buying(shop=shop, cart=cart, quote=quote, card=card, return_to=return_to)
    try:
        check_age(call, shop, quote)
    except VendorRejected:
        known = own(call, await of_customer(call, request), marked)
        if not isinstance(known, stripe.Invoice):
            raise
        if is_unasked(known, await payment_with_charge(call, payment_of(known))):
            await void(call, known.id)  # it was begun at a price that is over, and no bank was asked
            raise
        return await outcome(call, shop, known)
    return await pay_invoice(call, shop, await _invoiced(call, buying), card=card, return_to=return_to)


async def pay_invoice(
    call: Call, shop: Shop, invoice: stripe.Invoice, *, card: PaymentMethodRef, return_to: str
) -> ChangeOutcome:
    """Charge an invoice, which came with its payments, to a stored card; what a bank refuses is voided."""
    payment = payment_of(invoice)
    if invoice.status != "open" or not payment:
        return await outcome(call, shop, invoice)
    params: stripe.params.PaymentIntentConfirmParams = {
        "payment_method": card,
        "return_url": return_to,
        "off_session": False,
    }
    try:
        tried = await _confirmed(call, payment, params, f"confirm:{invoice.id}")
    except stripe.CardError as error:
        await void(call, invoice.id)
        return declined_by(error, call.client.clock.now())
    if tried.status == "succeeded":
        return await done(call, shop, invoice)
    # read anew: the answer may be that of an earlier call with this key, and the buyer may have been to the bank since
    fresh = await call.read(call.v1.invoices.retrieve_async(invoice.id, {"expand": ["payments"]}))
    return await outcome(call, shop, fresh)


async def outcome(call: Call, shop: Shop, invoice: stripe.Invoice) -> ChangeOutcome:
    """Return what became of a purchase or a change; its invoice came with its payments."""
    if direct_state(invoice, None) is CheckoutState.COMPLETE:
        return await done(call, shop, invoice)
    payment = await payment_with_charge(call, payment_of(invoice))
    match direct_state(invoice, payment):
        case CheckoutState.OPEN:
            return NeedsAction(checkout=CheckoutRef(invoice.id), url=page_of(invoice, payment))
        case CheckoutState.EXPIRED:
            decline = last_decline(payment) if payment else None
            if decline is None:
                raise rejected(call.operation, RejectReason.QUOTE_EXPIRED, detail="it was closed before it was paid")
            return Declined(decline=decline)
        case _:
            return Pending(checkout=CheckoutRef(invoice.id))


async def done(call: Call, shop: Shop, invoice: stripe.Invoice) -> Done:
    """Return a paid purchase with the subscription that it made or changed."""
    subscription, payment = subscription_of(invoice), payment_of(invoice)
    return Done(
        checkout=CheckoutRef(invoice.id),
        subscription=await read_subscription(call, shop, SubscriptionRef(subscription)) if subscription else None,
        invoice=InvoiceRef(invoice.id),
        charge=ChargeRef(payment) if payment else None,
    )


async def void(call: Call, invoice: str) -> None:
    """Make sure that an invoice can be paid no more; what waited for its payment is dropped with it."""
    try:
        await call.write(call.v1.invoices.void_invoice_async(invoice, None, {"idempotency_key": f"void:{invoice}"}))
    except VendorRejected as error:
        if error.reason is RejectReason.NOT_FOUND:
            raise


def declined_by(error: stripe.CardError, now: datetime) -> Declined:
    """Return the refusal of a bank, of ``now`` where no payment tells when."""
    told = error.error
    payment = told.payment_intent if told else None
    decline = last_decline(payment) if payment else None
    if decline is None:
        reason = decline_reason(told.decline_code if told else None, error.code)
        at = instant(payment.created) if payment else now
        decline = Decline(ref=(told.charge if told else None) or error.request_id or "", at=at, reason=reason)
    return Declined(decline=decline)


async def _invoiced(call: Call, buying: Buying) -> stripe.Invoice:
    attempt = f"order:{buying.cart.request.order}"
    for _ in range(TRIES):
        try:
            invoice = await _make(call, buying, attempt)
            break
        except KeyReused:
            held = await of_customer(call, buying.cart.request)
            known = own(call, held, buying.cart.mark)
            if isinstance(known, stripe.Invoice):
                return known
            await make_way(call, held)
            attempt = f"order:{buying.cart.request.order}:{held.newest or buying.cart.mark}"
    else:
        raise VendorUnavailable(vendor=NAME, operation=call.operation, detail="others are buying for this order")
    is_more = invoice.amount_due > buying.quote.due_now.minor  # what the customer owes from before is added to it
    if is_more or money(invoice.total, invoice.currency) != buying.quote.due_now:
        await void(call, invoice.id)
        raise rejected(call.operation, RejectReason.QUOTE_EXPIRED, detail="the invoice is over another sum")
    return invoice


async def _make(call: Call, buying: Buying, attempt: str) -> stripe.Invoice:
    make = _subscribed if buying.cart.recurring else _packed
    try:
        return await make(call, buying, attempt)
    except VendorRejected as error:
        if error.reason is RejectReason.NOT_FOUND and error.field == "default_payment_method":
            raise rejected(call.operation, RejectReason.NOT_FOUND, "payment_method", "not this customer's") from error
        raise expired_where_priced(call, error) from error


async def _subscribed(call: Call, buying: Buying, attempt: str) -> stripe.Invoice:
    params = carts.subscription(buying.cart, buying.card)
    made = await call.write(call.v1.subscriptions.create_async(params, {"idempotency_key": attempt}))
    invoice = whole(made.latest_invoice, stripe.Invoice)
    if await _is_moved(call, buying, made.customer, made.id):
        await void(call, invoice.id)
        made = await call.write(call.v1.subscriptions.create_async(params, {"idempotency_key": f"{attempt}:{made.id}"}))
        invoice = whole(made.latest_invoice, stripe.Invoice)
    return invoice


async def _packed(call: Call, buying: Buying, attempt: str) -> stripe.Invoice:
    invoices, cart = call.v1.invoices, buying.cart
    params = carts.invoice(cart, buying.card)
    made = await call.write(invoices.create_async(params, {"idempotency_key": attempt}))
    await _is_moved(call, buying, made.customer, made.id)
    lines: stripe.RequestOptions = {"idempotency_key": f"lines:{made.id}"}
    await call.write(invoices.add_lines_async(made.id, carts.invoice_lines(cart), lines))
    final: stripe.RequestOptions = {"idempotency_key": f"finalize:{made.id}"}
    return await call.write(
        invoices.finalize_invoice_async(made.id, {"auto_advance": False, "expand": ["payments"]}, final)
    )


async def _is_moved(call: Call, buying: Buying, customer: stripe.Customer | str | None, made: str) -> bool:
    """Have the customer taxed as the quote was, and return whether that was a change."""
    held = whole(customer, stripe.Customer)
    if is_placed(held, buying.cart.request, buying.quote):
        return False
    await place(call, held, buying.cart.request, buying.quote, f"place:{made}")
    return True


async def _confirmed(
    call: Call, payment: str, params: stripe.params.PaymentIntentConfirmParams, key: str
) -> stripe.PaymentIntent:
    """Ask the bank. A failure that Stripe keeps for the key is looked into, and the bank asked under another one."""
    for attempt in range(TRIES):
        once: stripe.RequestOptions = {"idempotency_key": f"{key}:{attempt}" if attempt else key}
        try:
            return await call.write(call.v1.payment_intents.confirm_async(payment, params, once))
        except VendorError as error:
            if not call.has_kept_failure(error):
                raise
            held = await call.read(call.v1.payment_intents.retrieve_async(payment))
            if held.status not in ("requires_payment_method", "requires_confirmation") or held.last_payment_error:
                return held
    raise OutcomeUnknown(vendor=NAME, operation=call.operation, request_id=call.request_id, detail="it fails each time")
