"""Tables from Stripe's published enums to ours."""

from app.vendor_adapters.types import (
    Arrangement,
    DeclineReason,
    DisputeState,
    InvoiceStatus,
    SalesChannel,
    SubscriptionStatus,
    TaxTreatment,
)

SUBSCRIPTIONS = {
    "incomplete": SubscriptionStatus.INCOMPLETE,
    "incomplete_expired": SubscriptionStatus.CANCELLED,
    "trialing": SubscriptionStatus.TRIALING,
    "active": SubscriptionStatus.ACTIVE,
    "past_due": SubscriptionStatus.PAST_DUE,
    "unpaid": SubscriptionStatus.PAST_DUE,
    "paused": SubscriptionStatus.PAUSED,
    "canceled": SubscriptionStatus.CANCELLED,
}
INVOICES = {
    "draft": InvoiceStatus.DRAFT,
    "open": InvoiceStatus.OPEN,
    "paid": InvoiceStatus.PAID,
    "void": InvoiceStatus.VOID,
    "uncollectible": InvoiceStatus.UNCOLLECTIBLE,
}
TAXES = {
    "reverse_charge": TaxTreatment.REVERSE_CHARGE,
    "standard_rated": TaxTreatment.STANDARD,
    "portion_standard_rated": TaxTreatment.STANDARD,
    "reduced_rated": TaxTreatment.STANDARD,
    "portion_reduced_rated": TaxTreatment.STANDARD,
    "proportionally_rated": TaxTreatment.STANDARD,
    "taxable_basis_reduced": TaxTreatment.STANDARD,
    "portion_product_exempt": TaxTreatment.STANDARD,
    "zero_rated": TaxTreatment.NOT_COLLECTED,
    "not_collecting": TaxTreatment.NOT_COLLECTED,
    "not_available": TaxTreatment.NOT_COLLECTED,
    "not_subject_to_tax": TaxTreatment.NOT_COLLECTED,
    "not_supported": TaxTreatment.NOT_COLLECTED,
    "customer_exempt": TaxTreatment.NOT_COLLECTED,
    "product_exempt": TaxTreatment.NOT_COLLECTED,
    "product_exempt_holiday": TaxTreatment.NOT_COLLECTED,
}
"""By the reason that Stripe gives for a tax."""
DISPUTES = {
    "won": DisputeState.WON,
    "prevented": DisputeState.WON,
    "warning_closed": DisputeState.WON,
    "lost": DisputeState.LOST,
    "warning_needs_response": DisputeState.OPEN,
    "warning_under_review": DisputeState.OPEN,
    "needs_response": DisputeState.OPEN,
    "under_review": DisputeState.OPEN,
    "appeal_needs_response": DisputeState.OPEN,
    "appeal_under_review": DisputeState.OPEN,
}
DECLINES = {
    "insufficient_funds": DeclineReason.FUNDS,
    "expired_card": DeclineReason.EXPIRED,
    "invalid_expiry_month": DeclineReason.EXPIRED,
    "invalid_expiry_year": DeclineReason.EXPIRED,
    "incorrect_cvc": DeclineReason.CVC,
    "invalid_cvc": DeclineReason.CVC,
    "incorrect_zip": DeclineReason.ADDRESS,
    "incorrect_postal_code": DeclineReason.ADDRESS,
    "incorrect_address": DeclineReason.ADDRESS,
    "card_not_supported": DeclineReason.TYPE,
    "currency_not_supported": DeclineReason.TYPE,
    "service_not_allowed": DeclineReason.TYPE,
    "transaction_not_allowed": DeclineReason.TYPE,
    "card_velocity_exceeded": DeclineReason.LIMIT,
    "withdrawal_count_limit_exceeded": DeclineReason.LIMIT,
    "authentication_required": DeclineReason.AUTH,
    "authentication_failure": DeclineReason.AUTH,
    "payment_intent_authentication_failure": DeclineReason.AUTH,
    "payment_intent_action_required": DeclineReason.AUTH,
    "invoice_payment_intent_requires_action": DeclineReason.AUTH,
    "subscription_payment_intent_requires_action": DeclineReason.AUTH,
}
"""By the bank's reason (``decline_code``), else by Stripe's (``code``); all others are told as DECLINED."""


def subscription_status(value: str) -> SubscriptionStatus:
    """Return a subscription's status; one that Stripe did not have so far is UNKNOWN."""
    return SUBSCRIPTIONS.get(value, SubscriptionStatus.UNKNOWN)


def invoice_status(value: str | None) -> InvoiceStatus:
    """Return an invoice's status; one that Stripe did not have so far is UNKNOWN."""
    return INVOICES.get(value or "", InvoiceStatus.UNKNOWN)


def dispute_state(value: str) -> DisputeState:
    """Return how a dispute stands; one that Stripe did not have so far is still open."""
    return DISPUTES.get(value, DisputeState.OPEN)


def tax_treatment(reasons: list[str], amount: int) -> TaxTreatment:
    """Return why the tax is what it is; a reverse charge on any line is told as one."""
    found = {TAXES.get(reason) for reason in reasons}
    if TaxTreatment.REVERSE_CHARGE in found and not amount:
        return TaxTreatment.REVERSE_CHARGE
    is_taxed = bool(amount) or TaxTreatment.STANDARD in found
    return TaxTreatment.STANDARD if is_taxed else TaxTreatment.NOT_COLLECTED


def decline_reason(*codes: str | None) -> DeclineReason:
    """Return the first reason that has a text of its own."""
    known = (DECLINES[code] for code in codes if code in DECLINES)
    return next(known, DeclineReason.DECLINED)


def sales_channel(value: str) -> SalesChannel:
    """Return who sold a subscription; without a word about it, it was us. An unknown word is not us: read only."""
    try:
        return SalesChannel(value) if value else SalesChannel.DIRECT
    except ValueError:
        return SalesChannel.SALES


def arrangement(value: str, collection_method: str) -> Arrangement:
    """Return how a subscription is paid: as our word for it says, else as Stripe collects. An unknown word is no card.

    What is sent as an invoice is paid by transfer, and a card is never charged for it.
    """
    sent = Arrangement.BANK_TRANSFER
    if not value:
        return Arrangement.CARD if collection_method == "charge_automatically" else sent
    try:
        return Arrangement(value)
    except ValueError:
        return sent
