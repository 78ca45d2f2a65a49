"""``kassa vendor sync`` dies at any of its writes and is given again: no price is made twice, and none is left out."""

import asyncio
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.core.clock import FrozenClock
from app.http import Request, Response
from app.vendor_adapters.errors import VendorError
from app.vendor_adapters.types import CatalogStepKind
from tests.adapters.stripe.shop import CATALOG
from tests.stripe_twin.books import Obj
from tests.stripe_twin.network import Network
from tests.stripe_twin.twin import StripeTwin

HELD = StripeTwin(CATALOG, FrozenClock(datetime(2026, 3, 1, tzinfo=UTC)))
LEFT = replace(CATALOG.prices[0], id="team-hosted-usd-y-9", amount=30_000)


class Died(BaseException):
    """The end of the process: nothing catches it, and nothing is tried again."""


class DyingNetwork(Network):
    """The process dies at write number ``at``, before it has left or after it was done."""

    at = 0
    is_done = False

    async def handle_async_request(self, request: Request) -> Response:
        if request.method == "GET":
            return await super().handle_async_request(request)
        self.at -= 1
        if self.at == 0 and not self.is_done:
            raise Died
        answer = await super().handle_async_request(request)
        if self.at == 0:
            raise Died
        return answer


def half_done(twin: StripeTwin) -> None:
    """Leave an account that every kind of step is owed to: two prices of ours, and one that left the catalog."""
    for kind in ("price", "product"):
        twin.books.tables[kind] = deepcopy(HELD.books.tables[kind])
    kept, archived = CATALOG.prices[:2]
    held = {price["lookup_key"]: price for price in twin.books.all("price")}
    held[archived.id]["active"] = not archived.active
    left = {**held[kept.id], "id": "price_left", "lookup_key": LEFT.id, "unit_amount": LEFT.amount, "active": True}
    twin.books.tables["price"] = {price["id"]: price for price in (held[kept.id], held[archived.id], left)}
    twin.books.tables["product"] = {
        ref: product for ref, product in twin.books.tables["product"].items() if ref == held[kept.id]["product"]
    }
    left["metadata"] = held[kept.id]["metadata"] = {"kassa_item": kept.item, "kassa_deployment": kept.deployment}


def prices(twin: StripeTwin) -> list[Obj]:
    """Return what matters of each price, retired ones included."""
    facts = ("lookup_key", "unit_amount", "currency", "active", "product", "tax_behavior")
    rows = [{fact: price[fact] for fact in facts} for price in twin.books.all("price")]
    return sorted(rows, key=lambda row: str(row["lookup_key"]))


async def synced(twin: StripeTwin, at: int, *, is_done: bool) -> bool:
    """Sync a half-done account, to the end or until the process dies; return whether it came to the end."""
    half_done(twin)
    dying = DyingNetwork(twin.api, twin.app)
    dying.at, dying.is_done = at, is_done
    usual, twin.network = twin.network, dying
    process = twin.adapter_with(deadline=60.0)
    twin.network = usual
    try:
        await process.sync_catalog(apply=True)
    except Died:
        return False
    finally:
        await process.close()
    return True


@pytest.mark.parametrize("is_done", [False, True], ids=["before it is done", "after it is done"])
async def test_it_dies_at_each_of_its_writes_and_is_given_again(twin: StripeTwin, is_done: bool) -> None:
    assert await synced(twin, 0, is_done=is_done)
    whole = prices(twin)
    assert [row["lookup_key"] for row in whole] == sorted([LEFT.id, *(row.id for row in CATALOG.prices)])
    at = 1
    while not await synced(twin, at, is_done=is_done):
        steps = await twin.adapter.sync_catalog(apply=True)
        assert CatalogStepKind.CONFLICT not in {step.kind for step in steps}
        assert prices(twin) == whole, f"died at write {at}"
        assert await twin.adapter.sync_catalog(apply=False) == ()
        at += 1
    assert at > len(CATALOG.prices), "every price took a write"


async def test_two_at_once_make_each_price_once(twin: StripeTwin) -> None:
    for kind in ("price", "product"):
        twin.books.tables[kind].clear()
    ended = await asyncio.gather(*(twin.adapter.sync_catalog(apply=True) for _ in range(2)), return_exceptions=True)
    assert [end for end in ended if not isinstance(end, tuple | VendorError)] == []
    await twin.adapter.sync_catalog(apply=True)
    keys = [row["lookup_key"] for row in prices(twin)]
    assert sorted(keys) == sorted(row.id for row in CATALOG.prices)
