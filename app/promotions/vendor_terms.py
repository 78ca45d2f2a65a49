"""From an applied offer to the discount that the vendor makes real: the same figures, in the vendor seam's words."""

from app.catalog.model import Catalog
from app.core.money import Money
from app.promotions.cart import Cart
from app.promotions.conditions import eligible_lines
from app.promotions.decision import Applied
from app.promotions.model import Growth, Offer, OnPlanChange, Percent
from app.vendor_adapters.types import DiscountTerms, OfferKey


def terms_of(applied: Applied, cart: Cart, catalog: Catalog, *, discount_id: str) -> DiscountTerms:
    """Return the terms of ``applied``; the vendor must be given an order's discounts in the order of the decision.

    A share that extends to seats added later stays a share. Everything else is the sum that the engine took off, so
    that it neither grows with the seats nor depends on how a vendor counts free units.

    Args:
        discount_id: ours (``planned_discount`` makes it): one discount each at the vendor.
    """
    percent_bp = _as_share(applied.offer, cart)
    return DiscountTerms(
        reservation=discount_id,
        label=applied.ref.label,
        percent_bp=percent_bp,
        amount_off=None if percent_bp is not None else Money(applied.amount, cart.currency),
        offers=_price_rows(applied.offer, cart, catalog),
        periods=applied.offer.periods,
    )


def _as_share(offer: Offer, cart: Cart) -> int | None:
    """Return the basis points, or None where the discount must not grow with what it is taken off."""
    if not isinstance(offer.benefit, Percent) or offer.on_more_seats.growth is Growth.FIRST_UNITS:
        return None
    goes_on = any(line.renews_at is not None for line in cart.lines)
    is_fixed = goes_on and offer.on_more_seats.growth is Growth.KEEP_AMOUNT
    return None if is_fixed else offer.benefit.percent_bp


def _price_rows(offer: Offer, cart: Cart, catalog: Catalog) -> tuple[OfferKey, ...]:
    """Return what it is taken off: the price rows that are bought, and all that it may move to if it is to be kept."""
    is_eligible = eligible_lines(offer.target, cart)
    bought = [line.offer for line, eligible in zip(cart.lines, is_eligible, strict=True) if eligible]
    if offer.on_plan_change is OnPlanChange.KEEP_IF_ELIGIBLE:
        target = offer.target
        bought += [
            OfferKey(row.id)
            for row in catalog.prices
            if row.active and row.currency == cart.currency and row.item in (*target.plans, *target.addons)
            if not target.deployments or row.deployment in target.deployments
        ]
    return tuple(dict.fromkeys(bought))
