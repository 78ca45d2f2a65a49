"""The demo controls: they move, break, show and reset the world, from this machine and in the demo only."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.commands.demo_world import DemoWorld
from app.db.clock_store import read_offset
from app.db.schema.orders import intents
from app.http import ASGITransport, AsyncClient, Response
from app.main import create_app
from app.vendor_adapters.types import SubscriptionStatus
from tests.support.customers import subscription_of
from tests.support.journeys import at_checkout, bought, pay, to_payment
from tests.support.shop import Shop
from tests.support.witness import count, grants, group, mails, only_order, sold_once

pytestmark = pytest.mark.engines("sqlite")
CONTROLS = [
    ("GET", "/_demo/clock"),
    ("POST", "/_demo/clock"),
    ("POST", "/_demo/drain"),
    ("POST", "/_demo/faults"),
    ("DELETE", "/_demo/faults"),
    ("GET", "/_demo/vendor"),
    ("POST", "/_demo/vendor/refunds"),
    ("POST", "/_demo/vendor/disputes"),
    ("GET", "/_demo/product"),
    ("GET", "/_demo/mail"),
    ("GET", "/_demo/mail.html"),
    ("POST", "/_demo/reset"),
]
BAD_ORDERS: list[dict[str, object]] = [
    {"vendor": [{"op": "fly", "fault": "down"}]},
    {"vendor": [{"op": "buy", "fault": "explode"}]},
    {"vendor": [{"op": "buy", "fault": ["down"]}]},
    {"vendor": [{"op": "buy", "fault": "down", "times": -1}]},
    {"vendor": [{"op": "buy", "fault": "down", "times": 1.5}]},
    {"vendor": [{"op": "buy", "fault": "down", "times": True}]},
    {"vendor": [{"op": "buy", "fault": "down", "times": 10**30}]},
    {"vendor": [{}]},
    {"vendor": "all"},
    {"vendor": ["down"]},
    {"product": [{"op": "fly", "fault": "down"}]},
    {"product": [{"op": "grant", "fault": "explode"}]},
    {"idp": [{"op": "grant", "fault": "down"}]},
    {"webhooks": []},
    {"webhooks": {"duplicate": 0}},
    {"webhooks": {"duplicate": "3"}},
    {"webhooks": {"drop": 1.1}},
    {"webhooks": {"drop": "half"}},
    {"webhooks": {"delay": -1}},
    {"webhooks": {"delay": 10**30}},
    {"mail": [{"op": "any", "fault": "down"}]},
]


@asynccontextmanager
async def controls(shop: Shop, *, env: str = "demo", host: str = "127.0.0.1") -> AsyncIterator[AsyncClient]:
    """Yield a client of the store in ``env``, on the machine ``host``."""
    deps = replace(shop.deps, config=replace(shop.deps.config, env=env))
    transport = ASGITransport(create_app(deps, world=shop.world), client=(host, 50_000))
    async with AsyncClient(transport=transport, base_url=shop.deps.config.base_url) as client:
        yield client


async def asked(shop: Shop, method: str, path: str, body: object = None) -> Response:
    """Return the answer of one control."""
    async with controls(shop) as client:
        return await client.request(method, path, json=body)


async def test_there_are_none_outside_the_demo_and_for_other_machines(shop: Shop) -> None:
    await at_checkout(shop)
    for env, host in (("production", "127.0.0.1"), ("demo", "192.0.2.7"), ("demo", "::ffff:192.0.2.7")):
        async with controls(shop, env=env, host=host) as client:
            for method, path in CONTROLS:
                answer = await client.request(method, path, json={})
                assert answer.status_code == 404, (env, host, path)
    assert await count(shop, intents) == 1  # nothing was reset


async def test_business_time_moves_on_for_all_and_never_back(shop: Shop) -> None:
    wall = shop.clock.wall()
    assert (await asked(shop, "GET", "/_demo/clock")).json() == {"now": "2026-11-23T12:00:00+00:00"}
    moved = await asked(shop, "POST", "/_demo/clock", {"advance": "P30D"})
    assert (moved.status_code, moved.json()["now"]) == (200, "2026-12-23T12:00:00+00:00")
    moved = await asked(shop, "POST", "/_demo/clock", {"advance": "P1M2DT3H"})
    assert moved.json()["now"] == "2027-01-25T15:00:00+00:00"
    moved = await asked(shop, "POST", "/_demo/clock", {"now": "2027-02-01T00:00:00+01:00"})
    assert moved.json()["now"] == "2027-01-31T23:00:00+00:00"
    assert shop.clock.wall() == wall
    assert await shop.deps.db.read(read_offset) == shop.clock.now() - wall
    for order in (
        {"now": "2026-11-23T12:00:00Z"},
        {"now": "2027-01-31T22:59:59Z"},
        {"now": "2027-03-01"},
        {"now": "tomorrow"},
        {"now": None},
        {"now": "9999-12-31T23:59:59Z"},
        {"advance": "30 days"},
        {"advance": "P"},
        {"advance": "P999Y"},
        {"advance": "P99999D"},
        {"advance": "-P1D"},
        {},
    ):
        answer = await asked(shop, "POST", "/_demo/clock", order)
        assert (answer.status_code, set(answer.json())) == (422, {"error"}), order
    assert shop.clock.now().isoformat() == "2027-01-31T23:00:00+00:00"


async def test_moving_time_does_what_falls_due(shop: Shop) -> None:
    await bought(shop)
    answer = await asked(shop, "POST", "/_demo/clock", {"advance": "P366D"})
    assert answer.status_code == 200
    assert [row["total"] for row in await shop.every("invoices") if row["customer"] == await anns(shop)] == [
        378_885,
        378_885,
    ]


@pytest.mark.vendors("embedded", "stripe")
async def test_the_overdue_group_is_told_and_ends_on_its_day(shop: Shop) -> None:
    await asked(shop, "POST", "/_demo/clock", {"now": "2026-11-28T00:00:00Z"})
    assert [mail["to"] for mail in await mails(shop, "about_to_end")] == ["eve@hooli.example"]
    assert await mails(shop, "subscription_ended") == []
    await asked(shop, "POST", "/_demo/clock", {"now": "2026-11-29T00:00:00Z"})
    (told,) = await mails(shop, "subscription_ended")
    assert (told["to"], "29 November 2026" in told["text"]) == ("eve@hooli.example", True)
    assert (await group(shop, "hooli"))["plan"] == "free"


async def test_the_overdue_group_is_overdue_whenever_a_world_begins(shop: Shop) -> None:
    later = replace(shop.deps, config=replace(shop.deps.config, demo_now=datetime(2028, 3, 1, 9, 30, tzinfo=UTC)))
    async with AsyncClient(transport=shop.network) as http:
        await DemoWorld(later, shop.product, shop.vendor_world, http).reset()
    found = await subscription_of(shop, "hooli")
    assert (found.status, found.starts_at) == (SubscriptionStatus.PAST_DUE, datetime(2028, 2, 22, tzinfo=UTC))


async def test_a_fault_that_there_is_none_of_breaks_nothing(shop: Shop) -> None:
    for order in BAD_ORDERS:
        answer = await asked(shop, "POST", "/_demo/faults", order)
        assert (answer.status_code, set(answer.json())) == (422, {"error"}), order
    bodies: list[object] = [[], "down", 3, None]
    for body in bodies:
        assert (await asked(shop, "POST", "/_demo/faults", body)).status_code == 400
    await bought(shop)
    await sold_once(shop)


async def test_faults_last_until_they_are_used_up_or_deleted(shop: Shop) -> None:
    down = {"op": "quote_purchase", "fault": "error_500"}
    assert (await asked(shop, "POST", "/_demo/faults", {"vendor": [down]})).json() == {"faults": "set"}
    browser = await at_checkout(shop)
    assert browser.status == 503
    await browser.open(browser.url)
    assert browser.status == 200
    await asked(shop, "POST", "/_demo/faults", {"vendor": [down | {"times": 0}]})
    for _ in range(3):
        await browser.open(browser.url)
        assert browser.status == 503
    assert (await asked(shop, "DELETE", "/_demo/faults")).json() == {"faults": "none"}
    await browser.open(browser.url)
    assert browser.status == 200


async def test_draining_tells_what_was_done_and_then_nothing(shop: Shop) -> None:
    browser = await at_checkout(shop)
    await to_payment(browser)
    await pay(browser)
    done = (await asked(shop, "POST", "/_demo/drain")).json()
    assert set(done) == {"deliveries", "inbox", "outbox", "orders"}
    assert done["deliveries"] == done["inbox"] > 0
    assert (await asked(shop, "POST", "/_demo/drain")).json() == dict.fromkeys(done, 0)
    await sold_once(shop)


async def test_the_books_are_shown(shop: Shop) -> None:
    await bought(shop)
    order = await only_order(shop)
    vendor = (await asked(shop, "GET", "/_demo/vendor")).json()
    wanted = {"customers", "checkouts", "subscriptions", "invoices", "charges", "refunds", "discounts", "deliveries"}
    assert wanted <= set(vendor)
    for name in wanted:
        assert all("order" in row for row in vendor[name]), name
    product = (await asked(shop, "GET", "/_demo/product")).json()
    assert order.order_id in {row["order"] for row in product["grants"]}
    told = (await asked(shop, "GET", "/_demo/mail")).json()["mails"]
    assert [mail["order"] for mail in told if mail["kind"] == "receipt"] == [order.order_id]
    page = await asked(shop, "GET", "/_demo/mail.html")
    assert "Receipt for order" in page.text


async def test_the_vendors_people_refund_and_dispute(shop: Shop) -> None:
    await bought(shop)
    (charge,) = await shop.books("charges")
    for order in (
        {"charge": "ch_none", "amount": 1},
        {"charge": charge["id"], "amount": 378_886},
        {"charge": charge["id"], "amount": 0},
        {"charge": charge["id"], "amount": "1"},
        {"charge": charge["id"], "amount": True},
        {},
    ):
        assert (await asked(shop, "POST", "/_demo/vendor/refunds", order)).status_code == 422, order
    good = {"charge": charge["id"], "amount": 885}
    assert (await asked(shop, "POST", "/_demo/vendor/refunds", good)).status_code == 200
    assert [row["amount"] for row in await shop.books("refunds")] == [885]
    for state, status in (("opened", 200), ("lost", 200), ("forgotten", 422)):
        order = {"charge": charge["id"], "state": state}
        assert (await asked(shop, "POST", "/_demo/vendor/disputes", order)).status_code == status
    assert [row["dispute"] for row in await shop.books("charges")] == ["lost"]


async def test_a_reset_gives_the_same_world_again(shop: Shop) -> None:
    async def world() -> tuple[object, ...]:
        await shop.world.drain()
        books = await shop.product.books()
        subscriptions = [
            {name: row[name] for name in ("subject", "seats", "starts_at", "ends_at", "status", "channel")}
            for row in await shop.every("subscriptions")
        ]
        return books["groups"], subscriptions, len(await shop.every("customers"))

    fresh = await world()
    await bought(shop)
    await asked(shop, "POST", "/_demo/clock", {"advance": "P2D"})
    await asked(shop, "POST", "/_demo/faults", {"vendor": [{"op": "any", "fault": "down", "times": 0}]})
    assert (await asked(shop, "POST", "/_demo/reset")).json() == {"world": "fresh"}
    assert await world() == fresh
    assert shop.clock.now() == shop.clock.wall()
    assert await mails(shop, "receipt") == []
    assert await grants(shop) == []
    await bought(shop)
    await sold_once(shop)


async def anns(shop: Shop) -> object:
    """Return ann's customer at the vendor."""
    return next(row["id"] for row in await shop.every("customers") if row["email"] == "ann@acme.example")
