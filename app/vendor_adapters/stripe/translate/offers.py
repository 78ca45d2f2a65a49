"""Prices: Stripe's to our offers, and from a price's id back to our key."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import stripe

from app.catalog.model import Catalog, PriceRow
from app.core.money import Money
from app.vendor_adapters.stripe.translate.basics import money
from app.vendor_adapters.types import Interval, Offer, OfferKey


@dataclass(frozen=True, slots=True)
class Prices:
    """The prices of some offers, found by our key or by Stripe's id."""

    by_key: Mapping[OfferKey, stripe.Price]

    def key_of(self, price: str) -> OfferKey:
        """Return our key of a price's id, empty where it is not ours."""
        return next((key for key, held in self.by_key.items() if held.id == price), OfferKey(""))

    def unit_price(self, key: OfferKey, currency: str) -> Money:
        """Return what one unit costs."""
        held = self.by_key.get(key)
        return money(held.unit_amount if held else 0, currency)


def mapped(prices: Iterable[stripe.Price]) -> Prices:
    """Return the prices that have a lookup key, by that key, which is our price row's id."""
    return Prices({OfferKey(price.lookup_key): price for price in prices if price.lookup_key})


def offer(price: stripe.Price, row: PriceRow) -> Offer | None:
    """Return a price as the port speaks of it; None for one that is not per unit and year, or per unit and once."""
    interval = _interval(price)
    if interval is None or price.unit_amount is None or price.billing_scheme != "per_unit":
        return None
    return Offer(
        key=OfferKey(row.id),
        item=row.item,
        deployment=row.deployment,
        unit_price=Money(price.unit_amount, price.currency),
        interval=interval,
        is_offered=price.active,
    )


def rows(catalog: Catalog) -> dict[OfferKey, PriceRow]:
    """Return our price rows by key."""
    return {OfferKey(row.id): row for row in catalog.prices}


def is_plan(catalog: Catalog, key: OfferKey) -> bool:
    """Whether a price row is a plan's, and not an add-on's."""
    row = rows(catalog).get(key)
    return row is not None and catalog.plan(row.item) is not None


def is_recurring(price: stripe.Price) -> bool:
    """Whether a price is charged every year."""
    return price.recurring is not None


def _interval(price: stripe.Price) -> Interval | None:
    if price.recurring is None:
        return Interval.ONCE
    is_yearly = (price.recurring.interval, price.recurring.interval_count) == ("year", 1)
    return Interval.YEAR if is_yearly and price.recurring.usage_type == "licensed" else None
