"""Invoices, stored cards, money given back, and Stripe's own pages for customers."""

import asyncio

import stripe

from app.core.ids import new_id
from app.core.money import Money
from app.vendor_adapters.errors import KeyReused, RejectReason
from app.vendor_adapters.stripe.catalog import all_prices
from app.vendor_adapters.stripe.client import Call
from app.vendor_adapters.stripe.customers import holder
from app.vendor_adapters.stripe.errors import rejected
from app.vendor_adapters.stripe.names import MARK, NAME, mark, meta
from app.vendor_adapters.stripe.orders import is_direct
from app.vendor_adapters.stripe.shop import Shop
from app.vendor_adapters.stripe.translate.basics import ref_of
from app.vendor_adapters.stripe.translate.cards import live, summaries
from app.vendor_adapters.stripe.translate.invoices import summary
from app.vendor_adapters.types import (
    ChargeRef,
    CustomerRef,
    IdempotencyKey,
    InvoiceRef,
    InvoiceSummary,
    Page,
    PaymentMethodRef,
    PaymentMethodSummary,
    PortalPurpose,
    RefundRef,
)

INVOICES_A_PAGE = 20
CARDS_SHOWN = 20
REASON_LENGTH = 500
REFUNDS_SEEN = 100
"""Refunds of one payment that are looked through, the latest first; nobody gives back in more parts."""


async def list_invoices(call: Call, shop: Shop, customer: CustomerRef, cursor: str) -> Page[InvoiceSummary]:
    """Return a page of invoices, newest first.

    Tries to buy with a stored card and to change something that came to nothing are left out: they billed nobody.
    """
    params: stripe.params.InvoiceListParams = {"customer": customer, "limit": INVOICES_A_PAGE}
    if cursor:
        params["starting_after"] = cursor
    page, prices = await asyncio.gather(call.read(call.v1.invoices.list_async(params)), all_prices(call, shop))
    rows = tuple(summary(invoice, prices) for invoice in page.data if not _came_to_nothing(invoice))
    return Page(rows, next_cursor=page.data[-1].id if page.has_more and page.data else "")


async def get_invoice(call: Call, shop: Shop, ref: InvoiceRef) -> InvoiceSummary:
    """Return one invoice."""
    invoice, prices = await asyncio.gather(call.read(call.v1.invoices.retrieve_async(ref)), all_prices(call, shop))
    return summary(invoice, prices)


async def payment_methods(call: Call, customer: CustomerRef) -> tuple[PaymentMethodSummary, ...]:
    """Return the stored cards, the default first."""
    found, cards = await asyncio.gather(
        holder(call, customer),
        call.read(call.v1.customers.payment_methods.list_async(customer, {"type": "card", "limit": CARDS_SHOWN})),
    )
    chosen = found.invoice_settings.default_payment_method if found.invoice_settings else None
    return summaries(cards.data, ref_of(chosen))


async def set_default(call: Call, customer: CustomerRef, ref: PaymentMethodRef, key: IdempotencyKey) -> None:
    """Charge renewals to this card: for the customer, and for each subscription that has a card of its own."""
    await call.write(
        call.v1.customers.update_async(
            customer, {"invoice_settings": {"default_payment_method": ref}}, {"idempotency_key": key}
        )
    )
    page = await call.read(call.v1.subscriptions.list_async({"customer": customer, "limit": 100}))
    others = [one for one in live(page.data) if ref_of(one.default_payment_method) not in ("", ref)]
    for one in others:
        own_key: stripe.RequestOptions = {"idempotency_key": f"{key}:{one.id}"}
        await call.write(call.v1.subscriptions.update_async(one.id, {"default_payment_method": ref}, own_key))


async def refund(call: Call, charge: ChargeRef, amount: Money, reason: str, key: IdempotencyKey) -> RefundRef:
    """Give ``amount`` of a payment back; the reason is our own word, kept beside the refund.

    What the key made is found by the mark that it left, so that a key that Stripe has forgotten gives nothing twice.
    """
    marked = mark(key, (charge, amount, reason))
    payment, earlier = await asyncio.gather(
        call.read(call.v1.payment_intents.retrieve_async(charge)),
        call.read(call.v1.refunds.list_async({"payment_intent": charge, "limit": REFUNDS_SEEN})),
    )
    for known in earlier.data:
        if (made_by := meta(known.metadata, MARK)).partition(".")[0] == marked.partition(".")[0]:
            if made_by != marked:
                raise KeyReused(vendor=NAME, operation=call.operation)
            return RefundRef(known.id)
    if payment.currency != amount.currency:
        raise rejected(call.operation, RejectReason.CURRENCY, "amount")
    if amount.minor <= 0:
        raise rejected(call.operation, RejectReason.OTHER, "amount")
    params: stripe.params.RefundCreateParams = {
        "payment_intent": charge,
        "amount": amount.minor,
        "metadata": {"kassa_reason": reason[:REASON_LENGTH], MARK: marked},
    }
    made = await call.write(call.v1.refunds.create_async(params, {"idempotency_key": key}))
    return RefundRef(made.id)


async def portal_page(call: Call, customer: CustomerRef, purpose: PortalPurpose, return_to: str) -> str:
    """Return the address of Stripe's own page; it is made for one visit and changes nothing."""
    params: stripe.params.billing_portal.SessionCreateParams = {"customer": customer, "return_url": return_to}
    if purpose is PortalPurpose.PAYMENT_METHODS:
        params["flow_data"] = {"type": "payment_method_update"}
    visit: stripe.RequestOptions = {"idempotency_key": new_id("visit")}
    session = await call.read(call.v1.billing_portal.sessions.create_async(params, visit))
    return session.url


def _came_to_nothing(invoice: stripe.Invoice) -> bool:
    # a change, or a term that a bank would not pay before its day, may never have been claimed for its order
    is_try = is_direct(invoice) or invoice.billing_reason == "subscription_update"
    return is_try and invoice.status in ("void", "draft")
