"""How often a buyer waits for the vendor: each page and each press asks it for as little as there is to know."""

import pytest

from tests.support.journeys import (
    ACME,
    NEW_YORK,
    OWN_SERVER,
    at_checkout,
    pay_and_leave,
    press,
    settled,
    to_payment,
)
from tests.support.shop import Shop
from tests.support.witness import only_order, vendor_calls

pytestmark = pytest.mark.engines("sqlite")


async def test_a_new_buyers_calls(shop: Shop) -> None:
    browser = await shop.known("ann")
    with vendor_calls() as plans:
        await browser.open("/plans")
        await browser.open("/plans?seats=3")
    with vendor_calls() as page:
        await browser.open(ACME)
    await press(browser, **NEW_YORK)
    with vendor_calls() as confirm:
        await press(browser)
    await pay_and_leave(browser)
    order = await only_order(shop)
    with vendor_calls() as returned:
        await browser.open(f"/orders/{order.order_id}")
    with vendor_calls() as again:
        await browser.open(f"/orders/{order.order_id}")
        await browser.open("/orders")
    assert plans == ["list_offers"]
    assert page == ["quote_purchase"]
    assert confirm == ["quote_purchase", "ensure_customer", "start_checkout"]
    assert returned == ["get_checkout", "get_subscription"]
    assert again == []


async def test_a_known_buyers_calls(shop: Shop) -> None:
    browser = await shop.known("bob")
    with vendor_calls() as page:
        await browser.open(OWN_SERVER)
    checkout = browser.url
    with vendor_calls() as to_page:
        await press(browser, card="new")
    await browser.open(checkout)
    with vendor_calls() as with_card:
        await press(browser)
    assert sorted(page) == ["payment_methods", "quote_purchase"]
    assert to_page == ["quote_purchase", "start_checkout"]
    # another way of paying closes the page that was opened before
    assert with_card == ["quote_purchase", "get_checkout", "expire_checkout", "buy"]


async def test_pressing_again_asks_for_no_more_than_the_state(shop: Shop) -> None:
    browser = await at_checkout(shop)
    await press(browser, **NEW_YORK)
    form = browser.form("and subscribe")
    await browser.send(form, terms="yes")
    with vendor_calls() as again:
        await browser.send(form, terms="yes")
    assert again == ["get_checkout"]


async def test_a_settled_order_is_never_asked_for_again(shop: Shop) -> None:
    browser = await at_checkout(shop)
    await to_payment(browser)
    await pay_and_leave(browser)
    await settled(shop)
    with vendor_calls() as quiet:
        await settled(shop)
    assert quiet == []
