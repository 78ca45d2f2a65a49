"""A vendor that takes a call and says nothing: every page answers within one deadline, and no order is paid twice."""

import inspect
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from app.vendor_adapters.embedded import EmbeddedVendor
from app.vendor_adapters.stripe.client import Client
from app.vendor_adapters.world import ANY, Fault
from tests.support.customers import seats_of
from tests.support.journeys import NEW_YORK, OWN_SERVER, at_checkout, pay_and_leave, press, settled, to_payment
from tests.support.shop import Shop
from tests.support.witness import later, mended, only_order, orders, sold_once, vendor_fails

pytestmark = [pytest.mark.engines("sqlite"), pytest.mark.vendors("embedded", "stripe")]

GIVEN_UP = ("VendorUnavailable", "OutcomeUnknown", "timeout")
SEATS = "/buy/seats?group=globex&add=3"
NOTHING_YET = ("declined", "was not charged", "Nothing was charged", "failed")


@asynccontextmanager
async def in_time(at_once: int = 1) -> AsyncIterator[None]:
    """Fail unless what is inside waits for the vendor once: that call ends at its deadline, and so does the page.

    Args:
        at_once: how many calls a page makes at the same time.
    """
    with capture_logs() as logs:
        yield
    waits = [entry["operation"] for entry in logs if entry["event"] == "vendor call" and entry["outcome"] in GIVEN_UP]
    assert len(waits) <= at_once, waits


@pytest.mark.parametrize("kind", [EmbeddedVendor, Client])
def test_a_call_has_five_seconds_unless_told_otherwise(kind: type) -> None:
    """Tests give more, because a machine may be busy; what the store starts tells nothing."""
    assert inspect.signature(kind).parameters["deadline"].default == 5.0


async def test_pages_that_show_a_price(shop: Shop) -> None:
    browser = await shop.known("bob")
    await browser.open("/plans")
    await vendor_fails(shop, ANY, fault=Fault.HANG)
    async with in_time():
        await browser.open("/plans?seats=4")
    assert browser.status == 200, "the catalog is known"
    for page, at_once in ((OWN_SERVER, 2), (SEATS, 1)):
        async with in_time(at_once):
            await browser.open(page)
        assert browser.status == 503, page
        assert "E-VENDOR" in browser.text, page
    await mended(shop)
    assert await orders(shop) == []


@pytest.mark.parametrize("operation", ["quote_purchase", "ensure_customer", "start_checkout"])
async def test_the_button_of_a_first_order(shop: Shop, operation: str) -> None:
    browser = await at_checkout(shop)
    await press(browser, **NEW_YORK)
    await vendor_fails(shop, operation, fault=Fault.HANG)
    async with in_time():
        await press(browser)
    assert browser.status == 503
    assert "E-VENDOR" in browser.text
    assert await shop.books("charges") == []
    await mended(shop)
    if operation == "quote_purchase":
        await browser.press("Try again")
    await press(browser)
    await pay_and_leave(browser)
    await settled(shop)
    await sold_once(shop)


async def test_the_way_back_from_the_payment_page(shop: Shop) -> None:
    browser = await at_checkout(shop)
    await to_payment(browser)
    await pay_and_leave(browser)
    order = await only_order(shop)
    await vendor_fails(shop, ANY, fault=Fault.HANG)
    async with in_time():
        await browser.open(f"/orders/{order.order_id}")
    assert browser.status == 200
    assert not [words for words in NOTHING_YET if words in browser.text]
    await mended(shop)
    later(shop, minutes=10)
    await settled(shop)
    await sold_once(shop)


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.TIMEOUT_AFTER])
async def test_a_card_on_file_is_charged_once(shop: Shop, fault: Fault) -> None:
    """No answer came, with an effect or without: nobody is told that it failed, and it is charged once."""
    browser = await at_checkout(shop, OWN_SERVER, "bob")
    await vendor_fails(shop, "buy", fault=fault)
    async with in_time():
        await press(browser)
    assert browser.status == 200
    assert not [words for words in NOTHING_YET if words in browser.text]
    await _heal(shop)
    (charge,) = await shop.books("charges")
    paid = await only_order(shop)
    assert (charge["order"], charge["amount"]) == (paid.order_id, paid.amount_paid)


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.TIMEOUT_AFTER])
async def test_more_seats_are_charged_once(shop: Shop, fault: Fault) -> None:
    browser = await shop.known("bob")
    await browser.open(SEATS)
    await vendor_fails(shop, "apply_change", fault=fault)
    async with in_time():
        await browser.press("and add 3 seats")
    assert browser.status == 200
    assert not [words for words in NOTHING_YET if words in browser.text]
    await _heal(shop)
    assert [charge["amount"] for charge in await shop.books("charges")] == [30_518]
    assert await seats_of(shop, "globex") == (13, 13)


async def _heal(shop: Shop) -> None:
    """Let the vendor answer again, and the worker look after what is open, more often than it needs to."""
    await mended(shop)
    for _ in range(3):
        later(shop, minutes=10)
        await settled(shop)
