"""Previews of invoices to quotes. What a preview does not say is an error, never 0."""

from datetime import datetime

import stripe

from app.core.money import Money
from app.vendor_adapters.errors import RejectReason, VendorError, VendorUnavailable
from app.vendor_adapters.stripe.errors import rejected
from app.vendor_adapters.stripe.names import NAME
from app.vendor_adapters.stripe.translate.basics import instant, money
from app.vendor_adapters.stripe.translate.invoices import discount, is_of_subscription, is_proration, lines, tax
from app.vendor_adapters.stripe.translate.offers import Prices
from app.vendor_adapters.stripe.translate.states import tax_treatment
from app.vendor_adapters.types import NextCharge, Quote, Tax, TaxIdStatus, TaxTreatment

VERIFICATIONS = {
    "verified": TaxIdStatus.VALID,
    "pending": TaxIdStatus.PENDING,
    "unavailable": TaxIdStatus.PENDING,
    "unverified": TaxIdStatus.REFUSED,
}
"""What Stripe found out about a customer's tax id; an answer that it did not have so far is PENDING."""


def quote(
    preview: stripe.Invoice,
    prices: Prices,
    *,
    tax_of_preview: Tax | None,
    next_charges: tuple[NextCharge, ...],
    priced_at: datetime,
    expires_at: datetime,
    token: str,
) -> Quote:
    """Return a preview as a quote."""
    return Quote(
        lines=lines(preview, prices),
        subtotal=money(preview.subtotal, preview.currency),
        discount=discount(preview),
        tax=tax_of_preview,
        due_now=money(max(preview.total, 0), preview.currency),
        next_charges=next_charges,
        priced_at=priced_at,
        expires_at=expires_at,
        token=token,
    )


SMALLEST = {
    "aed": 200,
    "aud": 50,
    "brl": 50,
    "cad": 50,
    "chf": 50,
    "czk": 1_500,
    "dkk": 250,
    "eur": 50,
    "gbp": 30,
    "hkd": 400,
    "huf": 17_500,
    "inr": 50,
    "jpy": 50,
    "mxn": 1_000,
    "nok": 300,
    "nzd": 50,
    "pln": 200,
    "ron": 200,
    "sek": 300,
    "sgd": 50,
    "usd": 50,
}
"""The least that Stripe charges, in minor units, by its documentation of currencies."""


def check_chargeable(preview: stripe.Invoice, operation: str) -> None:
    """Refuse a preview whose tax Stripe could not work out, or whose sum it would not charge as it stands.

    Less than the least that it charges it calls paid, and adds it to the next invoice, as it adds what a customer owes
    from before. What the customer has to the good only makes the charge smaller.
    """
    check_tax(preview, operation)
    if 0 < preview.total < SMALLEST.get(preview.currency, 0):
        raise rejected(operation, RejectReason.NOT_SOLD, "amount", "too little to be charged")
    if preview.amount_due > max(preview.total, 0):
        raise rejected(operation, RejectReason.NOT_SOLD, "balance", "the customer owes something from before")


def check_tax(preview: stripe.Invoice, operation: str) -> None:
    """Refuse a preview whose tax Stripe could not work out."""
    status = preview.automatic_tax.status
    if status == "requires_location_inputs":
        raise rejected(operation, RejectReason.INVALID_ADDRESS, "address", "the place does not suffice for tax")
    if status not in ("complete", None):
        raise _without_tax(operation)


def assessed(preview: stripe.Invoice, status: TaxIdStatus) -> Tax | None:
    """Return the tax of a preview, None when it was made without one."""
    if not preview.automatic_tax.enabled:
        return None
    amount = tax(preview)
    reasons = [str(each.taxability_reason) for each in preview.total_taxes or []]
    treatment = tax_treatment(reasons, amount.minor)
    is_moved = treatment is TaxTreatment.REVERSE_CHARGE
    return Tax(amount=amount, treatment=treatment, tax_id_status=TaxIdStatus.VALID if is_moved else status)


def untaxed_now(tax_to_come: Tax | None, currency: str) -> Tax | None:
    """Return the tax of nothing: the treatment is that of what is to come."""
    if tax_to_come is None:
        return None
    return Tax(amount=Money(0, currency), treatment=tax_to_come.treatment, tax_id_status=tax_to_come.tax_id_status)


def next_charge(preview: stripe.Invoice, at: datetime) -> NextCharge:
    """Return what of a preview will be charged again at ``at``."""
    is_taxed = preview.automatic_tax.enabled
    return NextCharge(
        at=at,
        subtotal=money(preview.subtotal, preview.currency) - discount(preview),
        tax=tax(preview) if is_taxed else None,
        total=money(preview.total, preview.currency) if is_taxed else None,
    )


def term_end(preview: stripe.Invoice) -> datetime | None:
    """Return when the term that a preview bills ends, None when it bills none."""
    ends = [row.period.end for row in preview.lines.data if is_of_subscription(row) and not is_proration(row)]
    return instant(max(ends)) if ends else None


def _without_tax(operation: str) -> VendorError:
    return VendorUnavailable(vendor=NAME, operation=operation, detail="tax could not be worked out")
