"""Mirroring the catalog to Stripe by lookup key: a price is never changed, only made or retired."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace

import stripe
from stripe.params import PriceCreateParams, ProductCreateParams

from app.catalog.model import Catalog, PriceRow
from app.core.ids import new_id
from app.vendor_adapters.catalog_steps import steps
from app.vendor_adapters.errors import VendorRejected
from app.vendor_adapters.stripe.catalog import all_prices
from app.vendor_adapters.stripe.client import Call
from app.vendor_adapters.stripe.names import DEPLOYMENT, ITEM, meta
from app.vendor_adapters.stripe.shop import Shop
from app.vendor_adapters.stripe.translate.offers import offer, rows
from app.vendor_adapters.types import CatalogStep, CatalogStepKind, OfferKey

EXISTS = "resource_already_exists"
SELF_MANAGED = "self_hosted"
MOST_PAGES = 50


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be done, and the prices that Stripe holds by our keys."""

    steps: tuple[CatalogStep, ...]
    held: Mapping[OfferKey, stripe.Price]


async def plan(call: Call, shop: Shop) -> Work:
    """Return what would be done; no steps when Stripe holds the catalog already."""
    ours, active = await asyncio.gather(
        all_prices(call, shop),
        call.pages(call.v1.prices.list_async({"active": True, "limit": 100}), MOST_PAGES),
    )
    listed = rows(shop.catalog)
    offers = {key: found for key, price in ours.by_key.items() if (found := offer(price, listed[key]))}
    changed = [_unlike(step, ours.by_key) for step in steps(shop.catalog, offers.values())]
    taxed = [
        _conflict(key, f"{price.id} includes tax, and prices are before tax")
        for key, price in ours.by_key.items()
        if price.tax_behavior == "inclusive"
    ]
    left = {OfferKey(price.lookup_key or ""): price for price in active if _is_left(price, shop.catalog)}
    gone = [
        CatalogStep(kind=CatalogStepKind.RETIRE, key=key, detail=f"{price.id}, not in the catalog any more")
        for key, price in left.items()
    ]
    return Work((*changed, *taxed, *gone), {**ours.by_key, **left})


async def apply(call: Call, shop: Shop) -> tuple[CatalogStep, ...]:
    """Do what ``plan`` says and return it; conflicts are left to people. May be repeated."""
    work, listed = await plan(call, shop), rows(shop.catalog)
    for step in work.steps:
        match step.kind:
            case CatalogStepKind.MAKE:
                await _make(call, shop.catalog, listed[step.key])
            case CatalogStepKind.RETIRE | CatalogStepKind.OFFER:
                await _switch(call, work.held[step.key].id, is_offered=step.kind is CatalogStepKind.OFFER)
            case CatalogStepKind.CONFLICT:
                continue
    return work.steps


async def hold(call: Call, shop: Shop) -> None:
    """Make and offer what is missing of a catalog that is kept beside the store's own.

    Its prices bear no mark of ours, so that mirroring the store's catalog leaves them alone.
    """
    held, listed = (await all_prices(call, shop)).by_key, rows(shop.catalog)
    for key, row in listed.items():
        if key not in held:
            await _make(call, shop.catalog, row, is_marked=False)
        elif held[key].active is not row.active:
            await _switch(call, held[key].id, is_offered=row.active)


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


def _unlike(step: CatalogStep, held: Mapping[OfferKey, stripe.Price]) -> CatalogStep:
    """Return a price that seems to be missing, but is there and billed in another way, as a conflict."""
    if step.kind is CatalogStepKind.MAKE and step.key in held:
        return _conflict(step.key, f"{held[step.key].id} is billed in another way than {step.detail}")
    if step.key in held:
        return replace(step, detail=f"{step.detail} ({held[step.key].id})")
    return step


def _conflict(key: OfferKey, detail: str) -> CatalogStep:
    return CatalogStep(kind=CatalogStepKind.CONFLICT, key=key, detail=detail)


def _is_left(price: stripe.Price, catalog: Catalog) -> bool:
    """Whether a price was made from a row that is in the catalog no more."""
    key = price.lookup_key or ""
    return bool(key and meta(price.metadata, ITEM)) and OfferKey(key) not in rows(catalog)


async def _switch(call: Call, price: str, *, is_offered: bool) -> None:
    key: stripe.RequestOptions = {"idempotency_key": f"price:{price}:{new_id('sync')}"}
    await call.write(call.v1.prices.update_async(price, {"active": is_offered}, key))


async def _make(call: Call, catalog: Catalog, row: PriceRow, *, is_marked: bool = True) -> None:
    named: stripe.RequestOptions = {"idempotency_key": f"product:{product_id(row)}:{new_id('sync')}"}
    try:
        await call.write(call.v1.products.create_async(product(catalog, row), named))
    except VendorRejected as error:
        if error.detail != EXISTS:
            raise
    # a key of its own each time, and not the row's: the lookup key is what Stripe takes once only, and an answer that
    # it kept could name a price that somebody has archived since
    key: stripe.RequestOptions = {"idempotency_key": f"price:{row.id}:{new_id('sync')}"}
    params = price(row)
    if not is_marked:
        params["metadata"] = {}
    await call.write(call.v1.prices.create_async(params, key))
