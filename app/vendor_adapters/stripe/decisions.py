"""Deciding whether a subscription renews, ends with its term, or ends now."""

import stripe

from app.vendor_adapters.errors import RejectReason, VendorRejected
from app.vendor_adapters.stripe import charges
from app.vendor_adapters.stripe.change_plans import check_not_paid_back
from app.vendor_adapters.stripe.client import Call
from app.vendor_adapters.stripe.errors import rejected
from app.vendor_adapters.stripe.names import DECIDED, mark, meta
from app.vendor_adapters.stripe.requests.subscriptions import renewal
from app.vendor_adapters.stripe.shop import Shop
from app.vendor_adapters.stripe.subscriptions import has_ended, has_schedule, load, read, release, snapshot
from app.vendor_adapters.stripe.translate.basics import payment_of
from app.vendor_adapters.stripe.translate.subscriptions import billed_ahead, our_items
from app.vendor_adapters.stripe.waiting import give_up_waiting
from app.vendor_adapters.types import ChargeRef, IdempotencyKey, RenewalDecision, SubscriptionRef, SubscriptionSnapshot


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
    marked = mark(key, (ref, decision))
    if meta(held.metadata, DECIDED) == marked:
        return snapshot(call, shop, held)  # this very call came before; what it asked for hung on what was there then
    if has_ended(held):
        raise rejected(call.operation, RejectReason.STALE_STATE, "status", "it has ended")
    is_ending = decision is RenewalDecision.END
    items = our_items(held, shop.catalog)
    if not is_ending and items:
        check_not_paid_back(call.operation, held, items[0])
    if has_schedule(held):
        if not is_ending:
            return snapshot(call, shop, held)
        await release(call, held)
    is_paid_back = is_ending and any(billed_ahead(item) for item in items) and await _is_paid_back(call, held)
    params = renewal(held, marked, is_ending=is_ending, is_paid_back=is_paid_back)
    updated = await call.write(call.v1.subscriptions.update_async(ref, params, {"idempotency_key": key}))
    return snapshot(call, shop, await load(call, ref) if call.is_replay else updated)


async def _is_paid_back(call: Call, held: stripe.Subscription) -> bool:
    """Whether all the money of the term that was billed in advance is with the buyer again."""
    starts_at = max(item.current_period_end for item in held.items.data)
    page = await call.read(
        call.v1.invoices.list_async({"subscription": held.id, "limit": 100, "expand": ["data.payments"]})
    )
    paid = (one for one in page.data if one.status == "paid" and payment_of(one))
    ahead = next((one for one in paid if any(line.period.start >= starts_at for line in one.lines.data)), None)
    return ahead is not None and (await charges.read(call, ChargeRef(payment_of(ahead)))).is_returned


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
