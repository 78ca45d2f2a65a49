"""However often a button is pressed and a message delivered, and whichever comes first: one order, one charge."""

import asyncio

import pytest

from app.db.schema.orders import orders as order_rows
from tests.support.journeys import (
    NEW_YORK,
    OWN_SERVER,
    at_checkout,
    order_form,
    order_id,
    pay,
    pay_and_leave,
    press,
    settled,
    to_payment,
    total,
)
from tests.support.shop import Browser, Shop
from tests.support.witness import count, history, mails, only_order, orders, sold_once

pytestmark = pytest.mark.vendors("embedded", "stripe")

sqlite = pytest.mark.engines("sqlite")


async def test_the_same_press_twice_at_once_leads_to_one_payment_page(shop: Shop) -> None:
    browser = await at_checkout(shop)
    await press(browser, **NEW_YORK)
    form = order_form(browser)
    await asyncio.gather(*(browser.send(form) for _ in range(3)))
    await browser.send(form)  # and the page refreshed
    assert total(browser) == 378_885
    assert len(await shop.books("checkouts")) == 1
    await pay(browser)
    await settled(shop)
    await sold_once(shop)
    assert await count(shop, order_rows) == 1


async def test_two_tabs_of_one_checkout_mean_one_order(shop: Shop) -> None:
    browser = await at_checkout(shop)
    await press(browser, **NEW_YORK)
    first = order_form(browser)
    await browser.open(browser.url)
    second = order_form(browser)
    assert first.fields["attempt"] != second.fields["attempt"]
    await asyncio.gather(browser.send(first), browser.send(second))
    assert len(await shop.books("checkouts")) == 1
    await pay(browser)
    await settled(shop)
    await sold_once(shop)
    assert await count(shop, order_rows) == 1


@sqlite
async def test_another_tab_after_paying_leads_to_the_order_and_charges_nothing(shop: Shop) -> None:
    """The target is free again by then: for an own server nothing but the checkout itself says that it is bought."""
    browser = await at_checkout(shop, OWN_SERVER)
    await press(browser, **NEW_YORK)
    stale = order_form(browser)
    await browser.open(browser.url)
    pressed = order_form(browser)
    await browser.send(pressed)
    await pay(browser)
    paid = order_id(browser)
    for form in (stale, pressed):
        await browser.send(form)
        assert order_id(browser) == paid
    await settled(shop)
    assert len(await shop.books("charges")) == 1
    assert await count(shop, order_rows) == 1


async def test_tabs_with_a_stored_card_charge_it_once_for_one_checkout(shop: Shop) -> None:
    browser = await at_checkout(shop, OWN_SERVER, "bob")
    tabs = []
    for _ in range(4):
        await browser.open(browser.url)
        tabs.append(order_form(browser))
    await asyncio.gather(*(browser.send(form) for form in tabs))
    await settled(shop)
    assert len(await shop.books("charges")) == 1
    assert await count(shop, order_rows) == 1


async def test_messages_thrice_and_shuffled_and_at_once_are_one_message(shop: Shop) -> None:
    await shop.world.set_faults({"webhooks": {"duplicate": 3, "shuffle": True}})
    browser = await at_checkout(shop)
    await to_payment(browser)
    await pay(browser)
    await asyncio.gather(*(settled(shop) for _ in range(3)))
    sold = await sold_once(shop)
    assert await history(shop, sold.order_id) == ["draft", "submitted", "paid", "granted"]
    deliveries = await shop.books("deliveries")
    assert len(deliveries) % 3 == 0
    assert {row["status"] for row in deliveries} == {"delivered"}


@sqlite
async def test_a_lost_message_is_made_good_by_the_return(shop: Shop) -> None:
    await shop.world.set_faults({"webhooks": {"drop": 1.0}})
    browser = await at_checkout(shop)
    await to_payment(browser)
    await pay(browser)
    assert "Paid, being switched on" in browser.text
    await settled(shop)
    await sold_once(shop)


@sqlite
async def test_a_lost_message_and_a_buyer_who_never_returns_are_made_good_by_the_sweep(shop: Shop) -> None:
    await shop.world.set_faults({"webhooks": {"drop": 1.0}})
    await walked_away(shop)
    await settled(shop)
    await sold_once(shop)
    assert {row["status"] for row in await shop.books("deliveries")} == {"dropped"}


@sqlite
async def test_the_message_before_the_return(shop: Shop) -> None:
    browser = await walked_away(shop)
    await settled(shop)
    sold = await sold_once(shop)
    await browser.open(f"/orders/{sold.order_id}")
    assert "You have Team for 10 people in Acme" in browser.text
    await sold_once(shop)


@sqlite
async def test_the_return_again_and_again_changes_nothing_more(shop: Shop) -> None:
    browser = await at_checkout(shop)
    await to_payment(browser)
    await pay(browser)
    await asyncio.gather(*(browser.open(browser.url) for _ in range(3)))
    await settled(shop)
    await settled(shop)
    await sold_once(shop)


async def test_return_message_and_sweep_at_once_end_in_one_state(shop: Shop) -> None:
    browser = await walked_away(shop)
    order = await only_order(shop)
    page = shop.browser()
    await page.open("/login")
    await page.press("Continue as ann")
    await asyncio.gather(
        settled(shop), browser.open(f"/orders/{order.order_id}"), page.open(f"/orders/{order.order_id}")
    )
    await settled(shop)
    await sold_once(shop)


@sqlite
async def test_back_after_paying_shows_the_order_and_no_fresh_form(shop: Shop) -> None:
    browser = await at_checkout(shop)
    checkout = browser.url
    await to_payment(browser)
    await pay(browser)
    paid = order_id(browser)
    for address in (checkout, f"{checkout}?change=billing"):
        await browser.open(address)
        assert order_id(browser) == paid
    await settled(shop)
    await browser.open(checkout)
    assert "You have Team" in browser.text


@sqlite
async def test_a_mail_tells_of_the_order_once(shop: Shop) -> None:
    await walked_away(shop)
    for _ in range(3):
        await settled(shop)
    assert len(await mails(shop, "receipt")) == 1
    assert len(await orders(shop)) == 1


async def walked_away(shop: Shop) -> Browser:
    """Return the browser of somebody who paid on the vendor's page and closed it before it led back."""
    browser = await at_checkout(shop)
    await to_payment(browser)
    await pay_and_leave(browser)
    return browser
