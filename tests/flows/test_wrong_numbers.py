"""While a wrong number stands in a field, no button promises a price: it would be another number's."""

import re
from datetime import UTC, datetime

import pytest

from tests.support.customers import at, subscription_of
from tests.support.journeys import settled
from tests.support.shop import Browser, Form, Shop

pytestmark = [pytest.mark.engines("sqlite"), pytest.mark.vendors("embedded")]

FEBRUARY_20 = datetime(2027, 2, 20, tzinfo=UTC)
# page, the button's words, the field, what is wrong in it, what is right, and where a live change goes
PAGES = {
    "seats": ("/seat-changes?add=3", "and add 3 seats", "add", ("abc", "0", "6000", "4991"), "4", "/quote"),
    "plan": ("/plan-changes?plan=scale", "switch to Scale", "seats", ("abc", "0", "6000", "9"), "11", "/quote"),
    "renewal": ("/renewal/payment", "and renew until", "seats", ("abc", "0", "6000"), "11", "/quote"),
    "storage": ("/renewal/payment", "and renew until", "packs-storage-10-usd-y-1", ("abc", "-1", "4"), "2", "/quote"),
    "checkout": ("/buy?plan=team&group=acme&seats=10", "and subscribe", "seats", ("abc", "0", "6000"), "11", "/seats"),
    "along": ("/buy?plan=team&group=acme&seats=10", "and subscribe", "packs", ("abc", "-1", "6000"), "2", "/seats"),
    "packs": ("/buy/packs?addon=compute-1000&group=globex", "Pay ", "packs", ("abc", "0", "6000"), "2", "/seats"),
}


async def opened(shop: Shop, page: str) -> Browser:
    path = PAGES[page][0]
    if page == "storage":
        browser = await at(shop, "bob", "/buy/packs?addon=storage-10&group=globex&packs=3")
        await browser.press("Pay ", terms="yes")
        await settled(shop)
    if "renewal" in path:
        shop.clock.advance_business(FEBRUARY_20 - shop.clock.now())
        await settled(shop)
    if path.startswith("/buy"):
        return await at(shop, "ann" if "acme" in path else "bob", path)
    return await at(shop, "bob", f"/subscriptions/{(await subscription_of(shop, 'globex')).subscription_id}{path}")


@pytest.mark.parametrize("page", PAGES)
async def test_no_price_stands_beside_a_wrong_number(shop: Shop, page: str) -> None:
    _path, button, field, wrong, right, live = PAGES[page]
    browser = await opened(shop, page)
    form = browser.form(button)
    for typed in wrong:
        answer = await browser.change(form, live, **{field: typed})
        assert (answer.status_code, priced(browser)) == (422, False), typed
        assert "Show the price" in browser.text
        assert re.search("E-SEATS|E-INPUT", browser.text)
    await browser.change(form, live, **{field: right})
    assert priced(browser)
    await browser.send(Form(form.action, {**form.fields, "terms": "yes"}), **{field: wrong[0]})
    assert (browser.status, priced(browser)) == (422, False)
    assert browser.form("Show the price").fields[field] == wrong[0]
    await browser.press("Show the price", **{field: right})
    assert (browser.status, priced(browser)) == (200, True)
    assert browser.form(button.replace("3", right) if page == "seats" else button).fields[field] == right


def priced(browser: Browser) -> bool:
    return "data-total" in browser.text or re.search(r"Pay \d", browser.text) is not None
