"""More seats: the worked sums on the page, charged to the cent and handed out, and every way that it does not happen."""

from datetime import UTC, datetime, timedelta

import pytest

from app.subscriptions.store import live_for_group
from tests.support.journeys import pay, settled
from tests.support.shop import Browser, Shop

FIRST = datetime(2026, 3, 1, 9, tzinfo=UTC)


async def at_seats(shop: Shop, who: str = "bob", link: str = "/buy/seats?group=globex&add=3") -> Browser:
    browser = await shop.signed_in(who)
    await browser.open(link)
    return browser


async def seats_of(shop: Shop, group: str) -> tuple[int, int]:
    """Return the seats that the vendor and the product know of."""
    projected = await shop.deps.db.read(lambda connection: live_for_group(connection, group, now=shop.clock.now()))
    assert projected is not None
    snapshot = await shop.vendor.get_subscription(projected.subscription_ref)  # type: ignore[arg-type] # a ref is a str
    found = await shop.deps.product.state(group)
    assert found is not None
    return snapshot.seats, found.seats


async def test_three_seats_with_new_york_tax_are_305_dollars_18(shop: Shop) -> None:
    browser = await at_seats(shop)
    assert 'data-total="30518"' in browser.text
    assert "3 more seats until 1 March 2027 (98 days): 280.30 USD" in browser.text
    assert "you pay 4,524.00 USD a year" in browser.text
    assert ">−934.36<" in browser.text or ">-934.36<" in browser.text
    assert ">1,214.66<" in browser.text
    await browser.press("Pay 305.18 USD and add 3 seats")
    await settled(shop)
    await browser.open(browser.url)
    assert "You have Team for 13 people in globex" in browser.text
    (charge,) = await shop.books("charges")
    assert charge["amount"] == 30_518
    assert await seats_of(shop, "globex") == (13, 13)
    (receipt,) = [mail for mail in await shop.world.mails() if mail["kind"] == "receipt"]
    assert "305.18 USD" in receipt["text"]


async def test_the_same_press_twice_is_one_order(shop: Shop) -> None:
    browser = await at_seats(shop)
    form = browser.form("and add 3 seats")
    await browser.send(form)
    await browser.send(form)
    await settled(shop)
    assert [charge["amount"] for charge in await shop.books("charges")] == [30_518]
    assert await seats_of(shop, "globex") == (13, 13)
