"""Parameters of coupons: one for each reservation, named by it, so that it is found again whatever the key."""

import stripe
from stripe.params import CouponCreateParams

from app.core.money import Money
from app.vendor_adapters.types import DiscountTerms

NAME_LENGTH = 40
MONTHS = 12


def coupon_id(reservation: str) -> str:
    """Return the id of a reservation's coupon."""
    return f"kassa-{reservation}"


def coupon(terms: DiscountTerms, products: list[str]) -> CouponCreateParams:
    """Return what makes a discount real for the products of the offers that it applies to."""
    params: CouponCreateParams = {
        "id": coupon_id(terms.reservation),
        "name": terms.label[:NAME_LENGTH],
        "applies_to": {"products": products},
        "duration": "repeating",
    }
    if terms.periods is None:
        params["duration"] = "forever"
    elif terms.periods == 1:
        params["duration"] = "once"
    else:
        params["duration_in_months"] = terms.periods * MONTHS
    if terms.percent_bp is not None:
        # hundredths of a percent as Stripe writes them; no amount of money
        params["percent_off"] = terms.percent_bp / 100
    elif terms.amount_off is not None:
        params["amount_off"] = terms.amount_off.minor
        params["currency"] = terms.amount_off.currency
    return params


def is_same(held: stripe.Coupon, terms: DiscountTerms, products: list[str]) -> bool:
    """Whether a coupon, which came with what it applies to, has these terms."""
    off = Money(held.amount_off, held.currency or "") if held.amount_off else None
    percent_bp = round(held.percent_off * 100) if held.percent_off is not None else None
    applies = sorted(held.applies_to.products) if held.applies_to else []
    return (percent_bp, off, applies, periods(held)) == (
        terms.percent_bp,
        terms.amount_off,
        sorted(products),
        terms.periods,
    )


def periods(held: stripe.Coupon) -> int | None:
    """Return for how many terms a coupon lasts, None for ever."""
    if held.duration == "forever":
        return None
    return 1 if held.duration == "once" else (held.duration_in_months or 0) // MONTHS
