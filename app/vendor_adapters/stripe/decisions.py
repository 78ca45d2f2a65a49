"""Deciding whether a subscription renews, ends with its term, or ends now."""

import stripe

from app.vendor_adapters.errors import RejectReason, VendorRejected
from app.vendor_adapters.stripe.client import Call
from app.vendor_adapters.stripe.errors import rejected
from app.vendor_adapters.stripe.requests.subscriptions import renewal
from app.vendor_adapters.stripe.shop import Shop
from app.vendor_adapters.stripe.subscriptions import has_ended, has_schedule, load, read, release, snapshot
from app.vendor_adapters.stripe.waiting import give_up_waiting
from app.vendor_adapters.types import IdempotencyKey, RenewalDecision, SubscriptionRef, SubscriptionSnapshot


async def set_renewal(
    call: Call, shop: Shop, ref: SubscriptionRef, decision: RenewalDecision, key: IdempotencyKey
) -> SubscriptionSnapshot:
    """Let it renew, end with its term, or end now.

    A change that is booked for the renewal ends with the decision not to renew, and does not come back with another
    one: Stripe lets a schedule's subscription be ended by the schedule only.
    """
    held = await load(call, ref)
    if decision is RenewalDecision.END_NOW:
        return await _end_now(call, shop, held, ref, key)
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


async def _end_now(
    call: Call, shop: Shop, held: stripe.Subscription, ref: SubscriptionRef, key: IdempotencyKey
) -> SubscriptionSnapshot:
    """End it at once, and a change that waits for its payment with it: Stripe leaves that one's invoice to be paid.

    What ends it has no key at Stripe, so a note is written first, which has one.
    """
    await give_up_waiting(call, held)
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
