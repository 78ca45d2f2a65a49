"""``/buy``: whatever a link says becomes a checkout that can be ordered, or a page that says what was put right."""

import pytest

from app.db.schema.orders import intents
from tests.support.journeys import bought, problems, total
from tests.support.shop import Shop
from tests.support.witness import count, vendor_calls

pytestmark = pytest.mark.engines("sqlite")
SEATS_NOTICE = "The number in the link was not possible here"


async def test_seats_are_brought_into_bounds_and_told(shop: Shop) -> None:
    browser = await shop.known("ann")
    for typed, seats in (
        ("0", "1"),
        ("5001", "5000"),
        ("99999999999999999999", "7"),
        ("ten", "7"),
        ("1.5", "7"),
        ("❾", "7"),
    ):
        await browser.open(f"/buy?plan=team&group=acme&seats={typed}")
        assert browser.status == 200
        assert browser.form("and subscribe").fields["seats"] == seats, typed
        assert SEATS_NOTICE in browser.text, typed
    for typed, seats in (("", "7"), ("12", "12"), ("%2012%20", "12"), ("5000", "5000")):
        await browser.open(f"/buy?plan=team&group=acme&seats={typed}")
        assert browser.form("and subscribe").fields["seats"] == seats, typed
        assert SEATS_NOTICE not in browser.text


async def test_what_cannot_be_bought_leads_to_the_plans_which_say_so(shop: Shop) -> None:
    browser = await shop.known("ann")
    for plan in ("gold", "", "free", "<script>", "team%00", "x" * 3_000):
        await browser.open(f"/buy?plan={plan}&group=acme&seats=10")
        assert browser.status == 200, plan
        assert browser.url.split("?")[0].endswith("/plans"), plan
    assert await count(shop, intents) == 0


async def test_what_is_odd_about_the_rest_is_put_right(shop: Shop) -> None:
    browser = await shop.known("ann")
    for odd in (
        "deployment=moon&group=acme",
        "group=acme&currency=xyz",
        "group=acme&currency=USD",
        "group=acme&group=globex",
        "group=acme&seats=10&seats=11",
        "group=acme&promo=%00%ff&campaign=" + "c" * 500,
        "group=acme&utm_source=" + "ä" * 300,
        "group=acme&return_to=javascript:alert(1)",
        "group=acme&return_to=//evil.example/x",
        "group=acme&return_to=https://evil.example",
    ):
        await browser.open(f"/buy?plan=team&{odd}")
        assert (browser.status, problems(browser)) == (200, []), odd
        assert "Buy Team, hosted" in browser.text
        assert browser.form("and subscribe").fields["group"] == "acme", odd
        assert "evil" not in browser.text
        assert "javascript:" not in browser.text


async def test_the_way_back_to_the_product_carries_what_became_of_it(shop: Shop) -> None:
    home = f"{shop.deps.config.product_url}/groups/acme?tab=billing"
    link = f"/buy?plan=team&group=acme&seats=10&return_to={home.replace('?', '%3F')}"
    browser = await shop.known("ann")
    await browser.open(link)
    assert browser.link("Cancel and go back") == f"{home}&status=cancelled"
    browser = await bought(shop, link)
    await browser.open(browser.url)
    order = browser.url.rsplit("/", 1)[-1]
    assert browser.link("Back to the product") == f"{home}&order={order}&status=paid"


async def test_the_currency_of_the_billing_account_wins(shop: Shop) -> None:
    browser = await shop.known("bob")
    await browser.open("/buy?plan=team&deployment=self_hosted&seats=10&currency=eur")
    assert total(browser) == 378_885
    assert 'data-currency="usd"' in browser.text


async def test_a_link_by_itself_asks_nobody_and_orders_nothing(shop: Shop) -> None:
    nobody = shop.browser()
    with vendor_calls() as calls:
        await nobody.open("/buy?plan=team&group=acme&seats=10")
    assert calls == []
    assert "Sign in - Forge" in nobody.text
    assert await count(shop, intents) == 1
