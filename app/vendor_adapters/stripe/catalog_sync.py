"""Mirroring the catalog to Stripe by lookup key: a price is never changed, only made or retired."""

from dataclasses import dataclass
from enum import Enum

import stripe
from stripe.params import PriceCreateParams, ProductCreateParams

from app.catalog.model import Catalog, PriceRow
from app.vendor_adapters.errors import VendorRejected
from app.vendor_adapters.stripe.catalog import all_prices
from app.vendor_adapters.stripe.client import Call
from app.vendor_adapters.stripe.names import DEPLOYMENT, ITEM
from app.vendor_adapters.stripe.shop import Shop
from app.vendor_adapters.stripe.translate.offers import offer
from app.vendor_adapters.types import OfferKey

EXISTS = "resource_already_exists"
SELF_MANAGED = "self_hosted"


class StepKind(Enum):
    """What is to be done about a price row; CONFLICT is for people: the row says another sum than Stripe holds."""

    MAKE = "make"
    RETIRE = "retire"
    OFFER = "offer"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncStep:
    """One row that Stripe does not hold as the catalog says."""

    kind: StepKind
    key: OfferKey
    detail: str


async def plan(call: Call, shop: Shop) -> tuple[SyncStep, ...]:
    """Return what would be done; nothing when Stripe holds the catalog already."""
    held = (await all_prices(call, shop)).by_key
    steps = (_step(row, held.get(OfferKey(row.id))) for row in shop.catalog.prices)
    return tuple(step for step in steps if step is not None)


async def apply(call: Call, shop: Shop) -> tuple[SyncStep, ...]:
    """Do what ``plan`` says and return it; conflicts are left to people. May be repeated."""
    held = (await all_prices(call, shop)).by_key
    steps = await plan(call, shop)
    for step in steps:
        row = next(row for row in shop.catalog.prices if row.id == step.key)
        if step.kind is StepKind.MAKE:
            await _make(call, shop.catalog, row)
        elif step.kind in (StepKind.RETIRE, StepKind.OFFER):
            is_offered = step.kind is StepKind.OFFER
            key: stripe.RequestOptions = {"idempotency_key": f"price:{held[step.key].id}:{call.client.stamp()}"}
            await call.write(call.v1.prices.update_async(held[step.key].id, {"active": is_offered}, key))
    return steps


def product_id(row: PriceRow) -> str:
    """Return the id of the product that a price row belongs to: one for each item and deployment."""
    return f"kassa_{row.item}_{row.deployment}"


def product(catalog: Catalog, row: PriceRow) -> ProductCreateParams:
    """Return what makes that product."""
    item = catalog.plan(row.item) or catalog.addon(row.item)
    name = item.name if item else row.item
    return {
        "id": product_id(row),
        "name": f"{name}, self-managed" if row.deployment == SELF_MANAGED else name,
        "metadata": {ITEM: row.item, DEPLOYMENT: row.deployment},
    }


def price(row: PriceRow) -> PriceCreateParams:
    """Return what makes a price row's price: before tax, per unit."""
    params: PriceCreateParams = {
        "product": product_id(row),
        "currency": row.currency,
        "unit_amount": row.amount,
        "lookup_key": row.id,
        "tax_behavior": "exclusive",
        "active": row.active,
        "metadata": {ITEM: row.item, DEPLOYMENT: row.deployment},
    }
    if row.interval == "P1Y":
        params["recurring"] = {"interval": "year", "interval_count": 1}
    return params


def _step(row: PriceRow, held: stripe.Price | None) -> SyncStep | None:
    key = OfferKey(row.id)
    said = f"{row.amount} {row.currency} {row.interval}"
    if held is None:
        return SyncStep(kind=StepKind.MAKE, key=key, detail=said)
    found = offer(held, row)
    if found is None or (found.unit_price.minor, found.unit_price.currency, found.interval.value) != (
        row.amount,
        row.currency,
        row.interval,
    ):
        return SyncStep(kind=StepKind.CONFLICT, key=key, detail=f"{said}, but {held.id} is another price")
    if found.is_offered == row.active:
        return None
    return SyncStep(kind=StepKind.OFFER if row.active else StepKind.RETIRE, key=key, detail=held.id)


async def _make(call: Call, catalog: Catalog, row: PriceRow) -> None:
    named: stripe.RequestOptions = {"idempotency_key": f"product:{product_id(row)}:{call.client.stamp()}"}
    try:
        await call.write(call.v1.products.create_async(product(catalog, row), named))
    except VendorRejected as error:
        if error.detail != EXISTS:
            raise
    key: stripe.RequestOptions = {"idempotency_key": f"price:{row.id}:{row.amount}:{row.currency}"}
    await call.write(call.v1.prices.create_async(price(row), key))
