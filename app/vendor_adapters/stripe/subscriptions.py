"""Reading subscriptions, and deciding about their renewal."""

import stripe

from app.vendor_adapters.errors import RejectReason, VendorRejected
from app.vendor_adapters.stripe.client import Call
from app.vendor_adapters.stripe.errors import rejected
from app.vendor_adapters.stripe.requests.subscriptions import renewal
from app.vendor_adapters.stripe.shop import Shop
from app.vendor_adapters.stripe.translate import subscriptions as translate
from app.vendor_adapters.stripe.translate.states import subscription_status
from app.vendor_adapters.types import (
    CustomerRef,
    IdempotencyKey,
    RenewalDecision,
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


async def set_renewal(
    call: Call, shop: Shop, ref: SubscriptionRef, decision: RenewalDecision, key: IdempotencyKey
) -> SubscriptionSnapshot:
    """Let it renew, end with its term, or end now.

    A change that is booked for the renewal ends with the decision not to renew, and does not come back with another
    one: Stripe lets a schedule's subscription be ended by the schedule only.
    """
    held = await load(call, ref)
    if decision is RenewalDecision.END_NOW:
        return await _end_now(call, shop, ref, key)
    if has_ended(held):
        raise rejected(call.operation, RejectReason.STALE_STATE, "status", "it has ended")
    is_ending = decision is RenewalDecision.END
    if has_schedule(held):
        if not is_ending:
            return snapshot(call, shop, held)
        await release(call, held)
    params = renewal(held, is_ending=is_ending)
    updated = await call.write(call.v1.subscriptions.update_async(ref, params, {"idempotency_key": key}))
    return snapshot(call, shop, await load(call, ref) if call.is_replay else updated)


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


async def _end_now(call: Call, shop: Shop, ref: SubscriptionRef, key: IdempotencyKey) -> SubscriptionSnapshot:
    """End it at once. What ends it has no key at Stripe, so a note is written first, which has one."""
    await call.write(
        call.v1.subscriptions.update_async(
            ref, {"cancellation_details": {"comment": "ended at once"}}, {"idempotency_key": key}
        )
    )
    try:
        await call.write(call.v1.subscriptions.cancel_async(ref, {"invoice_now": False, "prorate": False}))
    except VendorRejected as error:
        if error.reason is not RejectReason.NOT_FOUND:
            raise
    return await read(call, shop, ref)
