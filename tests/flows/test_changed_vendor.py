"""The vendor that sells is changed in mid-life: what a customer has stays with the one that holds it."""

from dataclasses import replace

import pytest

from app import worker
from app.flows.deps import Deps
from app.main import create_app
from app.orders.states import State
from tests.adapters.minimal.harness import MinimalHarness
from tests.support.customers import at, seats_of, subscription_of
from tests.support.journeys import at_checkout, pay_and_leave, to_payment
from tests.support.shop import Shop
from tests.support.witness import group, only_order

pytestmark = [pytest.mark.engines("sqlite"), pytest.mark.vendors("embedded")]


def sell_elsewhere(shop: Shop) -> Deps:
    """Let the store sell with another vendor from now on, and keep the one so far for what it holds."""
    other = MinimalHarness().adapter
    deps = replace(shop.deps, vendors={other.name: other, **shop.deps.vendors}, selling=other.name)
    shop.network.put(shop.deps.config.port, create_app(deps, world=shop.world))
    return deps


async def test_what_was_bought_before_is_read_and_changed_at_its_own_vendor(shop: Shop) -> None:
    deps = sell_elsewhere(shop)
    browser = await at(shop, "bob", "/groups/globex/subscription")
    for said in ("Team for Globex", "Visa ending 4242", "3,788.85 USD with tax"):
        assert said in browser.text
    await browser.open("/buy/seats?group=globex&add=3")
    await browser.press("Pay 305.18 USD and add 3 seats")
    await worker.drain(deps)
    assert await seats_of(shop, "globex") == (13, 13)
    assert (await only_order(shop)).vendor == "embedded"
    await browser.open(f"/subscriptions/{(await subscription_of(shop, 'globex')).subscription_id}/renewal")
    await browser.press("Turn it off", reason="switched")
    assert (await subscription_of(shop, "globex")).cancel_at is not None
    await browser.open("/invoices")
    assert "305.18" in browser.text


async def test_an_order_that_was_under_way_is_settled_where_it_was_paid(shop: Shop) -> None:
    browser = await at_checkout(shop)
    await to_payment(browser)
    deps = sell_elsewhere(shop)
    await pay_and_leave(browser)
    await worker.drain(deps)
    sold = await only_order(shop)
    assert (sold.state, sold.vendor) == (State.GRANTED, "embedded")
    assert (await group(shop))["plan"] == "team"
