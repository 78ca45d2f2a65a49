"""The invoice of a change: known again by the instant that its quote pinned, claimed for an order, and settled."""

from dataclasses import dataclass
from datetime import datetime

import stripe
from stripe.params import SubscriptionUpdateParams

from app.vendor_adapters.errors import KeyReused, OutcomeUnknown, RejectReason
from app.vendor_adapters.stripe.change_pins import Pinned, state_of
from app.vendor_adapters.stripe.client import Call
from app.vendor_adapters.stripe.errors import rejected
from app.vendor_adapters.stripe.names import DIRECT, MARK, NAME, ORDER, meta
from app.vendor_adapters.stripe.orders import payment_with_charge
from app.vendor_adapters.stripe.purchases import outcome, void
from app.vendor_adapters.stripe.shop import Shop
from app.vendor_adapters.stripe.subscriptions import load
from app.vendor_adapters.stripe.translate.basics import instant, money, payment_of, ref_of, whole
from app.vendor_adapters.stripe.translate.checkouts import last_decline, page_of
from app.vendor_adapters.stripe.translate.invoices import is_proration
from app.vendor_adapters.types import (
    ChangeOutcome,
    CheckoutRef,
    Declined,
    NeedsAction,
    OrderId,
    Quote,
    SubscriptionRef,
)

LOCKS = 3
"""Keys that an update is tried under: Stripe keeps a failure of its own for a key, and gives it to every repetition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One call for a change.

    ``at`` is the instant of proration; for a renewal that is paid before its day, the beginning of the term.
    """

    shop: Shop
    ref: SubscriptionRef
    order: OrderId
    mark: str
    at: datetime
    quote: Quote
    return_to: str
    is_renewal: bool = False


async def tried_before(call: Call, attempt: Try) -> stripe.Invoice | None:
    """Return the invoice that this very call made before; KeyReused when its key came with other arguments.

    One that nobody has claimed is known by its instant of proration and its sum: the answer to the call that made it
    was lost.
    """
    page = await call.read(
        call.v1.invoices.list_async({"subscription": attempt.ref, "limit": 100, "expand": ["data.payments"]})
    )
    key = attempt.mark.partition(".")[0]
    for invoice in page.data:
        made_by = meta(invoice.metadata, MARK)
        if made_by.partition(".")[0] == key:
            if made_by != attempt.mark:
                raise KeyReused(vendor=NAME, operation=call.operation, request_id=call.request_id)
            return invoice
    return next((invoice for invoice in page.data if _is_unclaimed(invoice, attempt)), None)


async def without_refused(call: Call, invoice: stripe.Invoice) -> stripe.Invoice:
    """Void the invoice of a change that a bank refused, so that nothing waits for it; return the invoice as it is."""
    if invoice.status != "open":
        return invoice
    payment = await payment_with_charge(call, payment_of(invoice))
    if payment is None or payment.status == "requires_action" or last_decline(payment) is None:
        return invoice
    await void(call, invoice.id)
    return await call.read(call.v1.invoices.retrieve_async(invoice.id, {"expand": ["payments"]}))


async def settled(call: Call, attempt: Try, invoice: stripe.Invoice) -> ChangeOutcome:
    """Claim a change's invoice for its order and return what became of it; what a bank refused is voided."""
    if meta(invoice.metadata, MARK) != attempt.mark:
        await _claim(call, attempt, invoice)
    if invoice.status != "open":
        return await outcome(call, attempt.shop, invoice)
    payment = await payment_with_charge(call, payment_of(invoice))
    decline = last_decline(payment) if payment else None
    if payment is not None and payment.status == "requires_action":
        payment = await _asked(call, attempt, payment)
    elif decline is not None:
        await void(call, invoice.id)
        return Declined(decline=decline)
    if payment is not None and payment.status != "requires_action" and payment.status != "requires_payment_method":
        fresh = await call.read(call.v1.invoices.retrieve_async(invoice.id, {"expand": ["payments"]}))
        return await outcome(call, attempt.shop, fresh)
    return NeedsAction(checkout=CheckoutRef(invoice.id), url=page_of(invoice, payment))


async def update_once(call: Call, attempt: Try, params: SubscriptionUpdateParams, state: str) -> stripe.Invoice:
    """Ask for an update that one caller may make from ``state``, and return its invoice."""
    lock = f"change:{attempt.ref}:{state}"
    for number in range(LOCKS):
        once: stripe.RequestOptions = {"idempotency_key": f"{lock}:{number}" if number else lock}
        try:
            updated = await call.write(call.v1.subscriptions.update_async(attempt.ref, params, once))
            return whole(updated.latest_invoice, stripe.Invoice)
        except KeyReused as error:
            if (before := await tried_before(call, attempt)) is not None:
                return before
            detail = "another change came first"
            raise rejected(call.operation, RejectReason.STALE_STATE, "base", detail) from error
        except OutcomeUnknown as error:
            if not call.has_kept_failure(error):
                raise
            if (before := await tried_before(call, attempt)) is not None:
                return before
    raise OutcomeUnknown(vendor=NAME, operation=call.operation, request_id=call.request_id, detail="it fails each time")


async def made_meanwhile(call: Call, attempt: Try, pinned: Pinned) -> stripe.Invoice:
    """Return what the same call in parallel has just made; else say why the change costs something else by now."""
    if (before := await tried_before(call, attempt)) is not None:
        return before
    fresh = await load(call, attempt.ref)
    if state_of(fresh) != pinned.state:
        raise rejected(call.operation, RejectReason.STALE_STATE, "base", "another change came first")
    raise rejected(call.operation, RejectReason.QUOTE_EXPIRED, detail="it costs something else by now")


async def charge_to_default(call: Call, subscription: stripe.Subscription, customer: stripe.Customer) -> None:
    """Have the subscription charge the card that the buyer is shown as the default: a page leaves it one of its own."""
    chosen = ref_of(customer.invoice_settings.default_payment_method if customer.invoice_settings else None)
    if chosen and ref_of(subscription.default_payment_method) not in ("", chosen):
        key: stripe.RequestOptions = {"idempotency_key": f"card:{subscription.id}:{chosen}:{call.client.stamp()}"}
        await call.write(call.v1.subscriptions.update_async(subscription.id, {"default_payment_method": chosen}, key))


async def _claim(call: Call, attempt: Try, invoice: stripe.Invoice) -> None:
    """Write the order on the invoice. The key is the invoice's, so that two orders cannot both have it."""
    params: stripe.params.InvoiceUpdateParams = {
        "metadata": {ORDER: attempt.order, MARK: attempt.mark, DIRECT: "yes"},
    }
    try:
        await call.write(call.v1.invoices.update_async(invoice.id, params, {"idempotency_key": f"claim:{invoice.id}"}))
    except KeyReused as error:
        detail = "another order made this change"
        raise rejected(call.operation, RejectReason.STALE_STATE, "base", detail) from error


async def _asked(call: Call, attempt: Try, payment: stripe.PaymentIntent) -> stripe.PaymentIntent:
    """Have the bank's check lead back to us; without a way back Stripe expects a page of its own."""
    action = payment.next_action
    if action is not None and action.redirect_to_url is not None:
        return payment
    params: stripe.params.PaymentIntentConfirmParams = {"return_url": attempt.return_to}
    once: stripe.RequestOptions = {"idempotency_key": f"ask:{payment.id}"}
    try:
        return await call.write(call.v1.payment_intents.confirm_async(payment.id, params, once))
    except stripe.CardError:
        return payment


def _is_unclaimed(invoice: stripe.Invoice, attempt: Try) -> bool:
    """A renewal paid before its day counts only when it is paid: what a bank refused says nothing of who asked."""
    if meta(invoice.metadata, MARK) or invoice.billing_reason != "subscription_update":
        return False
    if attempt.is_renewal and invoice.status != "paid":
        return False
    billed = [line for line in invoice.lines.data if attempt.is_renewal or is_proration(line)]
    is_at = any(instant(line.period.start) == attempt.at for line in billed)
    return is_at and money(invoice.total, invoice.currency) == attempt.quote.due_now
