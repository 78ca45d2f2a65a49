"""Parameters of changes: previewed and made with the same items and the same instant."""

from dataclasses import dataclass
from datetime import datetime

import stripe
from stripe.params import (
    InvoiceCreatePreviewParams,
    InvoiceCreatePreviewParamsSubscriptionDetails,
    InvoiceCreatePreviewParamsSubscriptionDetailsItem,
    SubscriptionScheduleCreateParams,
    SubscriptionScheduleUpdateParams,
    SubscriptionScheduleUpdateParamsPhase,
    SubscriptionScheduleUpdateParamsPhaseItem,
    SubscriptionUpdateParams,
    SubscriptionUpdateParamsItem,
)

from app.vendor_adapters.stripe.names import BOOKED, DECIDED, OFFER
from app.vendor_adapters.stripe.translate.basics import ref_of
from app.vendor_adapters.stripe.translate.subscriptions import Booking, billed_ahead


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """What one item of a subscription is to be: ``item`` is Stripe's id, empty for one that is added."""

    item: str
    price: str
    quantity: int


def change_preview(subscription: str, item: NewItem, at: datetime) -> InvoiceCreatePreviewParams:
    """Return what asks for the invoice of a change, prorated at ``at``."""
    return {
        "subscription": subscription,
        "subscription_details": {
            "items": [_previewed(item)],
            "proration_behavior": "always_invoice",
            "proration_date": int(at.timestamp()),
        },
    }


def renewal_preview(subscription: str, *items: NewItem) -> InvoiceCreatePreviewParams:
    """Return what asks for the renewal's invoice if ``items`` were so by then."""
    return {
        "subscription": subscription,
        "subscription_details": {"items": [_previewed(item) for item in items], "proration_behavior": "none"},
    }


def change(item: NewItem, at: datetime) -> SubscriptionUpdateParams:
    """Return what makes a change that waits for its payment.

    Stripe takes little else beside these in an update that waits. Metadata would stand on the subscription once it is
    paid, and not on the invoice, by which the change is known again; discounts never reduce prorations (ADR 8).
    """
    changed: SubscriptionUpdateParamsItem = {"price": item.price, "quantity": item.quantity}
    if item.item:
        changed["id"] = item.item
    return {
        "items": [changed],
        "payment_behavior": "pending_if_incomplete",
        "proration_behavior": "always_invoice",
        "proration_date": int(at.timestamp()),
        "expand": ["latest_invoice.payments", "schedule"],
    }


def prebilling_preview(subscription: str, until: int, *, ends: bool) -> InvoiceCreatePreviewParams:
    """Return what asks for the invoice of the terms until ``until``; see ``prebilling``."""
    details: InvoiceCreatePreviewParamsSubscriptionDetails = {
        "billing_schedules": [{"bill_until": {"type": "timestamp", "timestamp": until}}],
        "proration_behavior": "always_invoice",
    }
    if ends:
        details["cancel_at"] = until
    return {"subscription": subscription, "subscription_details": details}


def prebilling(until: int, *, ends: bool) -> SubscriptionUpdateParams:
    """Return what bills a subscription in advance and is an error where that is not paid at once.

    Args:
        until: the end of the terms to bill, in Unix time. ends: the subscription ends with them; in the same request,
            because Stripe bills nothing beyond an end, and a renewal that was switched off must not come back.
    """
    params: SubscriptionUpdateParams = {
        "billing_schedules": [{"bill_until": {"type": "timestamp", "timestamp": until}}],
        "payment_behavior": "error_if_incomplete",
        "proration_behavior": "always_invoice",
        "expand": ["latest_invoice.payments", "schedule"],
    }
    if ends:
        params["cancel_at"] = until
    return params


def renewal(
    subscription: stripe.Subscription, mark: str, *, is_ending: bool, is_paid_back: bool
) -> SubscriptionUpdateParams:
    """Return what lets a subscription end with what is billed, or renew; what was put aside goes with the decision.

    An end that was set with a paid term is an instant of its own, and is unset as one. What was billed in advance and
    ``is_paid_back`` is cut off, without a credit, because the money is with the buyer already.
    """
    params: SubscriptionUpdateParams = {"metadata": {BOOKED: "", DECIDED: mark}, "expand": ["schedule"]}
    items = subscription.items.data
    if is_ending and is_paid_back:
        params["cancel_at"] = max(item.current_period_end for item in items)
        params["proration_behavior"] = "none"
    elif is_ending and any(billed_ahead(item) is not None for item in items):
        params["cancel_at"] = "max_billed_until"
    elif not is_ending and subscription.cancel_at is not None and not subscription.cancel_at_period_end:
        params["cancel_at"] = ""
    else:
        params["cancel_at_period_end"] = is_ending
    return params


def schedule(subscription: str) -> SubscriptionScheduleCreateParams:
    """Return what puts a subscription under a schedule, which begins as the subscription is."""
    return {"from_subscription": subscription}


def booking(
    subscription: stripe.Subscription, main: stripe.SubscriptionItem, renewed: Booking
) -> SubscriptionScheduleUpdateParams:
    """Return the two phases of a change at renewal: the term as it is, and a year as it will be.

    A schedule goes on after its last phase as if there were none, so the year after renews the same. A phase is taxed
    only where it says so itself; without a card of its own it is charged to the customer's default.
    """
    others = [item for item in subscription.items.data if item.id != main.id]
    is_taxed = subscription.automatic_tax.enabled
    now: SubscriptionScheduleUpdateParamsPhase = {
        "start_date": main.current_period_start,
        "end_date": main.current_period_end,
        "items": [_held(main), *map(_held, others)],
        "automatic_tax": {"enabled": is_taxed},
        "proration_behavior": "none",
    }
    then: SubscriptionScheduleUpdateParamsPhase = {
        "start_date": main.current_period_end,
        "duration": {"interval": "year", "interval_count": 1},
        "items": [{"price": renewed.price, "quantity": renewed.quantity}, *map(_held, others)],
        "automatic_tax": {"enabled": is_taxed},
        "proration_behavior": "none",
    }
    kept = [ref_of(discount) for discount in subscription.discounts]
    if kept:
        now["discounts"] = [{"discount": discount} for discount in kept]
        then["discounts"] = [{"discount": discount} for discount in kept]
    return {
        "end_behavior": "release",
        "proration_behavior": "none",
        "phases": [now, then],
        "metadata": {OFFER: renewed.offer},
    }


def _previewed(item: NewItem) -> InvoiceCreatePreviewParamsSubscriptionDetailsItem:
    params: InvoiceCreatePreviewParamsSubscriptionDetailsItem = {"price": item.price, "quantity": item.quantity}
    if item.item:
        params["id"] = item.item
    return params


def _held(item: stripe.SubscriptionItem) -> SubscriptionScheduleUpdateParamsPhaseItem:
    return {"price": item.price.id, "quantity": item.quantity or 0}
