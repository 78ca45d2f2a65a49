"""Reading subscriptions, and taking them out of their schedules."""

import stripe

from app.vendor_adapters.errors import RejectReason
from app.vendor_adapters.stripe.client import Call
from app.vendor_adapters.stripe.errors import rejected
from app.vendor_adapters.stripe.shop import Shop
from app.vendor_adapters.stripe.translate import subscriptions as translate
from app.vendor_adapters.stripe.translate.states import subscription_status
from app.vendor_adapters.types import (
    CustomerRef,
    SubscriptionRef,
    SubscriptionSnapshot,
    SubscriptionStatus,
)

MOST_PAGES = 5


async def read(call: Call, shop: Shop, ref: SubscriptionRef) -> SubscriptionSnapshot:
    """Return a subscription as it is now; NOT_FOUND for one that is not of our catalog, too."""
    return snapshot(call, shop, await load(call, ref))


async def load(call: Call, ref: SubscriptionRef) -> stripe.Subscription:
    """Return Stripe's subscription with its schedule."""
    return await call.read(call.v1.subscriptions.retrieve_async(ref, {"expand": ["schedule"]}))


async def list_of(call: Call, shop: Shop, customer: CustomerRef) -> tuple[SubscriptionSnapshot, ...]:
    """Return a customer's subscriptions of our catalog, ended ones included, oldest first."""
    rows = await call.pages(
        call.v1.subscriptions.list_async(
            {"customer": customer, "status": "all", "limit": 100, "expand": ["data.schedule"]}
        ),
        MOST_PAGES,
    )
    return tuple(found for row in reversed(rows) if (found := _translated(call, shop, row)) is not None)


def has_schedule(subscription: stripe.Subscription) -> bool:
    """Whether a schedule leads a subscription."""
    return subscription.schedule is not None


def has_ended(subscription: stripe.Subscription) -> bool:
    """Whether a subscription has ended, for good."""
    return subscription_status(subscription.status) is SubscriptionStatus.CANCELLED


async def release(call: Call, subscription: stripe.Subscription) -> None:
    """Take a subscription out of its schedule; it stays as it is."""
    schedule = subscription.schedule
    if not isinstance(schedule, stripe.SubscriptionSchedule):
        return
    await call.write(
        call.v1.subscription_schedules.release_async(schedule.id, None, {"idempotency_key": f"release:{schedule.id}"})
    )


def snapshot(call: Call, shop: Shop, subscription: stripe.Subscription) -> SubscriptionSnapshot:
    """Return what the latest request of ``call`` read."""
    found = _translated(call, shop, subscription)
    if found is None:
        raise rejected(call.operation, RejectReason.NOT_FOUND, "subscription", "not of our catalog")
    return found


def _translated(call: Call, shop: Shop, subscription: stripe.Subscription) -> SubscriptionSnapshot | None:
    observed_at = call.client.clock.now()
    return translate.snapshot(subscription, shop.catalog, version=call.sent_at, observed_at=observed_at)
