"""Charges: what became of the money since, by the payment, its latest charge and, where there is one, the dispute."""

import stripe

from app.vendor_adapters.stripe.client import Call
from app.vendor_adapters.stripe.translate.basics import money, order_of, payment_of, ref_of, subscription_of
from app.vendor_adapters.stripe.translate.checkouts import refunded
from app.vendor_adapters.stripe.translate.states import dispute_state
from app.vendor_adapters.types import (
    ChargeRef,
    ChargeSummary,
    DisputeState,
    InvoiceRef,
    OrderId,
    SubscriptionRef,
)

_A_PAGE = 100
MOST_PAGES = 5


async def read(call: Call, ref: ChargeRef) -> ChargeSummary:
    """Return a charge and its invoice; a payment does not name it, so the customer's are looked through."""
    payment = await call.read(call.v1.payment_intents.retrieve_async(ref, {"expand": ["latest_charge"]}))
    invoice = await _invoice_of(call, payment)
    subscription = subscription_of(invoice) if invoice else ""
    return ChargeSummary(
        ref=ref,
        order=order_of(invoice) if invoice else OrderId(""),
        subscription=SubscriptionRef(subscription) if subscription else None,
        invoice=InvoiceRef(invoice.id) if invoice else None,
        amount=money(payment.amount_received, payment.currency),
        refunded=money(refunded(payment), payment.currency),
        dispute=await _dispute(call, payment),
    )


async def _invoice_of(call: Call, payment: stripe.PaymentIntent) -> stripe.Invoice | None:
    customer = ref_of(payment.customer)
    if not customer:
        return None
    listed = call.v1.invoices.list_async({"customer": customer, "limit": _A_PAGE, "expand": ["data.payments"]})
    rows = await call.pages(listed, MOST_PAGES)
    return next((invoice for invoice in rows if payment_of(invoice) == payment.id), None)


async def _dispute(call: Call, payment: stripe.PaymentIntent) -> DisputeState:
    charge = payment.latest_charge
    if not isinstance(charge, stripe.Charge) or not charge.disputed:
        return DisputeState.NONE
    page = await call.read(call.v1.disputes.list_async({"payment_intent": payment.id, "limit": 1}))
    return dispute_state(page.data[0].status) if page.data else DisputeState.OPEN
