"""Discounts that count for a term which is paid by hand."""

from datetime import datetime

import stripe

from app.vendor_adapters.errors import RejectReason
from app.vendor_adapters.stripe.client import Call
from app.vendor_adapters.stripe.errors import rejected
from app.vendor_adapters.stripe.translate.basics import instant, whole


async def lasting(call: Call, subscription: stripe.Subscription, at: datetime) -> tuple[str, ...]:
    """Return the coupons that count for ever; refused where another one would count for the term from ``at`` on.

    How much is left of it cannot be carried over to the term exactly, and a price is never guessed.
    """
    return tuple(coupon.id for coupon in await _counting(call, subscription, at))


async def check_percentages(call: Call, subscription: stripe.Subscription, at: datetime) -> None:
    """Refuse a term that anything but a percentage for ever counts for: Stripe bills no other in advance.

    It takes percentages that last once, too; one that is left then belongs to the invoice on the day.
    """
    for coupon in await _counting(call, subscription, at):
        if coupon.percent_off is None:
            raise _in_the_way(call)


async def _counting(call: Call, subscription: stripe.Subscription, at: datetime) -> list[stripe.Coupon]:
    if not subscription.discounts:
        return []
    expanded: stripe.params.SubscriptionRetrieveParams = {"expand": ["discounts.source.coupon"]}
    held = await call.read(call.v1.subscriptions.retrieve_async(subscription.id, expanded))
    found = []
    for each in held.discounts:
        discount = whole(each, stripe.Discount)
        if discount.end is not None and instant(discount.end) <= at:
            continue
        coupon = whole(discount.source.coupon, stripe.Coupon)
        if coupon.duration != "forever":
            raise _in_the_way(call)
        found.append(coupon)
    return found


def _in_the_way(call: Call) -> Exception:
    return rejected(call.operation, RejectReason.NOT_SOLD, "discounts", "a discount that is taken off on the day only")
