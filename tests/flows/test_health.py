"""What those who run the store ask it: does it live, can it sell, is anything stuck?"""

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import pytest

from app import worker
from app.http import ASGITransport, AsyncClient, Response
from app.main import create_app
from tests.support.databases import opened
from tests.support.journeys import at_checkout, bought, to_payment
from tests.support.shop import Shop
from tests.support.witness import later, vendor_fails

pytestmark = pytest.mark.engines("sqlite")


async def asked(shop: Shop, path: str) -> Response:
    """Return the store's answer."""
    async with AsyncClient(transport=shop.network, base_url=shop.deps.config.base_url) as client:
        return await client.get(path)


async def test_a_store_that_can_sell_says_so(shop: Shop) -> None:
    assert (await asked(shop, "/healthz")).json() == {"status": "ok"}
    ready = await asked(shop, "/readyz")
    assert ready.status_code == 200
    assert (ready.json()["database"], ready.json()["vendor"]) == ("ok", "ok")
    assert ready.json()["oldest_unsettled_order_seconds"] == 0


async def test_a_worker_that_falls_silent_is_told(shop: Shop) -> None:
    assert (await asked(shop, "/readyz")).json()["worker_heard_at"] is None
    await worked_a_round(shop)
    ready = (await asked(shop, "/readyz")).json()
    assert (ready["worker"], ready["worker_heard_at"]) == ("ok", shop.clock.wall().isoformat())
    later(shop, seconds=61)
    assert (await asked(shop, "/readyz")).json()["worker"] == "silent"


async def worked_a_round(shop: Shop) -> None:
    """Run the worker for one round."""
    stop = asyncio.Event()
    running = asyncio.create_task(worker.run(shop.deps, stop))
    await asyncio.sleep(0)  # it has begun its first round
    stop.set()
    await running


async def test_the_figures_are_for_whoever_has_the_token(shop: Shop) -> None:
    await bought(shop)
    guarded = replace(shop.deps, config=replace(shop.deps.config, metrics_token="m" * 32))
    transport = ASGITransport(create_app(guarded))
    async with AsyncClient(transport=transport, base_url=shop.deps.config.base_url) as client:
        none = await client.get("/metrics")
        wrong = await client.get("/metrics", headers={"Authorization": "Bearer x"})
        right = await client.get("/metrics", headers={"Authorization": f"Bearer {'m' * 32}"})
    assert (none.status_code, wrong.status_code) == (401, 401)
    assert right.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = right.text.splitlines()
    assert 'kassa_orders{state="granted"} 1' in lines
    assert 'kassa_vendor_up{vendor="embedded"} 1' in lines
    assert "kassa_worker_up 0" in lines
    assert all(
        line.startswith("#") or re.fullmatch(r"kassa_[a-z_]+(\{[a-z]+=\"[^\"]*\"\})? [0-9.e+]+", line) for line in lines
    )


async def test_without_a_token_there_are_no_figures(shop: Shop) -> None:
    assert (await asked(shop, "/metrics")).status_code == 404


async def test_the_age_of_the_oldest_unsettled_order_is_told(shop: Shop) -> None:
    await to_payment(await at_checkout(shop))
    later(shop, seconds=75)
    assert (await asked(shop, "/readyz")).json()["oldest_unsettled_order_seconds"] == 75


async def test_a_settled_order_is_not_waited_for(shop: Shop) -> None:
    await bought(shop)
    later(shop, seconds=75)
    assert (await asked(shop, "/readyz")).json()["oldest_unsettled_order_seconds"] == 0


async def test_a_vendor_that_is_away_is_told_and_the_store_stays(shop: Shop) -> None:
    await vendor_fails(shop, "any")
    ready = await asked(shop, "/readyz")
    assert (ready.status_code, ready.json()["vendor"]) == (200, "away")
    assert (await asked(shop, "/plans")).status_code == 200


async def test_a_database_of_another_time_or_away_is_told(shop: Shop, tmp_path: Path) -> None:
    for url, says in (
        (f"sqlite:///{tmp_path}/empty.db", "older schema"),
        ("postgresql+psycopg://nobody@127.0.0.1:9/nothing", "away"),
    ):
        with opened(url) as other:
            transport = ASGITransport(create_app(replace(shop.deps, db=other)))
            async with AsyncClient(transport=transport, base_url=shop.deps.config.base_url) as client:
                ready, alive, page = [await client.get(path) for path in ("/readyz", "/healthz", "/plans")]
        assert (ready.status_code, ready.json()["database"]) == (503, says)
        assert ready.headers["Retry-After"]
        assert alive.status_code == 200
        assert page.status_code == 503
        assert page.headers["Retry-After"]
