"""Parameters of a subscription that goes on from one that has ended: previewed and made with the same dates."""

from dataclasses import dataclass
from datetime import datetime

from stripe.params import InvoiceCreatePreviewParams, SubscriptionCreateParams

from app.vendor_adapters.stripe.names import DIRECT, MARK, ORDER, RESUMES, SUBJECT
from app.vendor_adapters.types import OrderId, PaymentMethodRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumption:
    """What goes on: ``ended`` is Stripe's id of what went before, ``lines`` are prices with quantities."""

    ended: str
    customer: str
    subject: str
    starts_at: datetime
    ends_at: datetime
    lines: tuple[tuple[str, int], ...]
    coupons: tuple[str, ...]
    is_taxed: bool


def preview(asked: Resumption) -> InvoiceCreatePreviewParams:
    """Return what asks for the invoice of the term, part of which has passed."""
    params: InvoiceCreatePreviewParams = {
        "customer": asked.customer,
        "automatic_tax": {"enabled": asked.is_taxed},
        "subscription_details": {
            "items": [{"price": price, "quantity": quantity} for price, quantity in asked.lines],
            "billing_mode": {"type": "flexible"},
            "start_date": int(asked.starts_at.timestamp()),
            "billing_cycle_anchor": {"type": "timestamp", "timestamp": int(asked.ends_at.timestamp())},
        },
    }
    if asked.coupons:
        params["discounts"] = [{"coupon": coupon} for coupon in asked.coupons]
    return params


def subscription_again(
    asked: Resumption, order: OrderId, mark: str, card: PaymentMethodRef | None
) -> SubscriptionCreateParams:
    """Return what makes it, waiting for its first invoice to be paid.

    The anchor is the end of the term, so that in flexible billing the time from the start to it is one whole period.
    """
    facts = {ORDER: order, SUBJECT: asked.subject, MARK: mark, DIRECT: "yes", RESUMES: asked.ended}
    params: SubscriptionCreateParams = {
        "customer": asked.customer,
        "items": [{"price": price, "quantity": quantity} for price, quantity in asked.lines],
        "backdate_start_date": int(asked.starts_at.timestamp()),
        "billing_cycle_anchor": int(asked.ends_at.timestamp()),
        "payment_behavior": "default_incomplete",
        "payment_settings": {"save_default_payment_method": "on_subscription"},
        "automatic_tax": {"enabled": asked.is_taxed},
        "billing_mode": {"type": "flexible"},
        "metadata": {name: value for name, value in facts.items() if value},
        "expand": ["latest_invoice.payments"],
    }
    if card:
        params["default_payment_method"] = card
    if asked.coupons:
        params["discounts"] = [{"coupon": coupon} for coupon in asked.coupons]
    return params
