"""Prices, found by lookup key: the key is our price row's id."""

import asyncio
from collections.abc import Sequence

from app.vendor_adapters.errors import RejectReason
from app.vendor_adapters.stripe.client import Call
from app.vendor_adapters.stripe.errors import rejected
from app.vendor_adapters.stripe.shop import Shop
from app.vendor_adapters.stripe.translate.offers import Prices, mapped, offer, rows
from app.vendor_adapters.types import Offer, OfferKey

KEYS_A_REQUEST = 10
"""Stripe looks no more keys up at once."""


async def list_offers(call: Call, shop: Shop) -> tuple[Offer, ...]:
    """Return every price of ours that Stripe holds; what it bills in another way than we sell is left out."""
    held = await all_prices(call, shop)
    found = (offer(price, rows(shop.catalog)[key]) for key, price in held.by_key.items())
    return tuple(sorted((one for one in found if one), key=lambda one: one.key))


async def get_offer(call: Call, shop: Shop, key: OfferKey) -> Offer:
    """Return one price; NOT_FOUND when Stripe or our catalog has none by that key."""
    row = rows(shop.catalog).get(key)
    held = await prices(call, (key,)) if row else Prices({})
    found = offer(held.by_key[key], row) if row and key in held.by_key else None
    if found is None:
        raise rejected(call.operation, RejectReason.NOT_FOUND, "offer")
    return found


async def all_prices(call: Call, shop: Shop) -> Prices:
    """Return the prices of the whole catalog, retired ones included."""
    return await prices(call, tuple(rows(shop.catalog)))


async def prices(call: Call, keys: Sequence[OfferKey]) -> Prices:
    """Return the prices of ``keys`` that Stripe holds, retired ones included."""
    unique = list(dict.fromkeys(keys))
    chunks = [unique[i : i + KEYS_A_REQUEST] for i in range(0, len(unique), KEYS_A_REQUEST)]
    pages = await asyncio.gather(
        *(call.read(call.v1.prices.list_async({"lookup_keys": list(chunk), "limit": 100})) for chunk in chunks)
    )
    return mapped(price for page in pages for price in page.data)
