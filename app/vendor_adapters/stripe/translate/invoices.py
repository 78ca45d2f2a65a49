"""Invoices: their lines, sums and pages."""

import stripe

from app.core.money import Money
from app.vendor_adapters.stripe.translate.basics import instant, money, order_of, ref_of, subscription_of, total_of
from app.vendor_adapters.stripe.translate.offers import Prices
from app.vendor_adapters.stripe.translate.states import invoice_status
from app.vendor_adapters.types import (
    InvoiceRef,
    InvoiceStatus,
    InvoiceSummary,
    Line,
    LineKind,
    OfferKey,
    SubscriptionRef,
)


def summary(invoice: stripe.Invoice, prices: Prices) -> InvoiceSummary:
    """Return an invoice as the port speaks of it."""
    status, currency = invoice_status(invoice.status), invoice.currency
    is_open = status is InvoiceStatus.OPEN
    subscription = subscription_of(invoice)
    return InvoiceSummary(
        ref=InvoiceRef(invoice.id),
        number=invoice.number or "",
        order=order_of(invoice),
        subscription=SubscriptionRef(subscription) if subscription else None,
        status=status,
        issued_at=instant(invoice.status_transitions.finalized_at or invoice.created),
        lines=lines(invoice, prices),
        subtotal=money(invoice.subtotal, currency),
        discount=discount(invoice),
        tax=tax(invoice),
        total=money(invoice.total, currency),
        amount_due=money(invoice.amount_remaining if is_open else 0, currency),
        amount_paid=money(invoice.amount_paid, currency),
        document_url=invoice.invoice_pdf or "",
        pay_url=(invoice.hosted_invoice_url or "") if is_open else "",
    )


def lines(invoice: stripe.Invoice, prices: Prices) -> tuple[Line, ...]:
    """Return an invoice's lines followed by what the discounts take off each."""
    rows = invoice.lines.data
    billed = [_line(row, prices) for row in rows]
    taken = [
        _discount(row, line, sum(each.amount for each in row.discount_amounts or []))
        for row, line in zip(rows, billed, strict=True)
        if any(each.amount for each in row.discount_amounts or [])
    ]
    return (*billed, *taken)


def discount(invoice: stripe.Invoice) -> Money:
    """Return what the discounts take off."""
    return total_of((each.amount for each in invoice.total_discount_amounts or []), invoice.currency)


def tax(invoice: stripe.Invoice) -> Money:
    """Return the tax."""
    return total_of((each.amount for each in invoice.total_taxes or []), invoice.currency)


def price_of(line: stripe.InvoiceLineItem) -> str:
    """Return the id of a line's price, empty where it has none."""
    details = line.pricing.price_details if line.pricing else None
    return ref_of(details.price) if details else ""


def is_proration(line: stripe.InvoiceLineItem) -> bool:
    """Whether a line bills the rest of a term."""
    details = line.parent.subscription_item_details if line.parent else None
    return details is not None and details.proration


def is_of_subscription(line: stripe.InvoiceLineItem) -> bool:
    """Whether a line bills a term, and not something that is bought once."""
    return line.parent is not None and line.parent.subscription_item_details is not None


def _line(row: stripe.InvoiceLineItem, prices: Prices) -> Line:
    offer = prices.key_of(price_of(row))
    has_term = is_of_subscription(row)
    return Line(
        kind=_kind(row),
        offer=offer,
        quantity=row.quantity or 0,
        unit_price=prices.unit_price(offer, row.currency),
        amount=money(row.subtotal, row.currency),
        starts_at=instant(row.period.start) if has_term else None,
        ends_at=instant(row.period.end) if has_term else None,
    )


def _kind(row: stripe.InvoiceLineItem) -> LineKind:
    if not is_proration(row):
        return LineKind.PURCHASE
    return LineKind.CREDIT if row.subtotal < 0 else LineKind.CHARGE


def _discount(row: stripe.InvoiceLineItem, line: Line, amount: int) -> Line:
    off = Money(-amount, row.currency)
    return Line(
        kind=LineKind.DISCOUNT,
        offer=OfferKey(line.offer),
        quantity=1,
        unit_price=off,
        amount=off,
        starts_at=line.starts_at,
        ends_at=line.ends_at,
    )
