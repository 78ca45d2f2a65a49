"""Promotions made real: one coupon for each reservation."""

from app.vendor_adapters.errors import RejectReason, VendorRejected
from app.vendor_adapters.stripe.catalog import prices as look_up
from app.vendor_adapters.stripe.client import Call
from app.vendor_adapters.stripe.errors import rejected
from app.vendor_adapters.stripe.requests.discounts import coupon, coupon_id, is_same
from app.vendor_adapters.stripe.translate.basics import ref_of
from app.vendor_adapters.types import DiscountRef, DiscountTerms, IdempotencyKey

BASIS_POINTS = 10_000
EXISTS = "resource_already_exists"


async def materialise(call: Call, terms: DiscountTerms, key: IdempotencyKey) -> DiscountRef:
    """Return the coupon of ``terms.reservation``, made now unless there is one."""
    _check(call, terms)
    held = await look_up(call, terms.offers)
    products = sorted({ref_of(price.product) for price in held.by_key.values()})
    if len(held.by_key) < len(set(terms.offers)):
        raise rejected(call.operation, RejectReason.NOT_FOUND, "offers")
    try:
        made = await call.write(call.v1.coupons.create_async(coupon(terms, products), {"idempotency_key": key}))
        return DiscountRef(made.id)
    except VendorRejected as error:
        if error.detail != EXISTS:
            raise
    known = await call.read(call.v1.coupons.retrieve_async(coupon_id(terms.reservation), {"expand": ["applies_to"]}))
    if not is_same(known, terms, products):
        raise rejected(call.operation, RejectReason.OTHER, "reservation", "it has other terms already")
    return DiscountRef(known.id)


async def revoke(call: Call, ref: DiscountRef, key: IdempotencyKey) -> None:
    """Delete a coupon: subscriptions that have it keep it. One that is gone is as good as revoked.

    Deleting has no key at Stripe, so a note is written first, which has one.
    """
    try:
        await call.write(
            call.v1.coupons.update_async(ref, {"metadata": {"kassa_revoked": "yes"}}, {"idempotency_key": key})
        )
        await call.write(call.v1.coupons.delete_async(ref))
    except VendorRejected as error:
        if error.reason is not RejectReason.NOT_FOUND:
            raise


def _check(call: Call, terms: DiscountTerms) -> None:
    percent, amount = terms.percent_bp, terms.amount_off
    if (percent is None) == (amount is None):
        raise rejected(call.operation, RejectReason.OTHER, "percent_bp", "one of percent_bp and amount_off is needed")
    if percent is not None and not 1 <= percent <= BASIS_POINTS:
        raise rejected(call.operation, RejectReason.OTHER, "percent_bp")
    if amount is not None and amount.minor <= 0:
        raise rejected(call.operation, RejectReason.OTHER, "amount_off")
    if terms.periods is not None and terms.periods < 1:
        raise rejected(call.operation, RejectReason.OTHER, "periods")
