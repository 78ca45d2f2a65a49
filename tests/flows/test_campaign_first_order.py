"""A link in a mail, and the invoice at its end: no code is typed, and every figure is the vendor's."""

from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from tests.support.campaigns import SPRING, actions, claimed, in_spring, states
from tests.support.journeys import ACME, NEW_YORK, at_checkout, bought, confirm, pay, press, problems, settled, total
from tests.support.shop import Shop
from tests.support.witness import only_order, vendor_calls

pytestmark = pytest.mark.vendors("embedded", "stripe")  # a vendor without discounts sells at list price
HEADLINE = "20% off your first year of Team"
TERMS = "Applies once, to the first year of a new Team subscription. Renewal is at list price."


async def test_from_the_link_to_the_invoice(shop: Shop) -> None:
    await in_spring(shop)
    browser = shop.browser()
    await browser.open(SPRING)
    assert browser.url.endswith("/plans?plan=team&seats=10&campaign=spring-launch")
    assert (browser.status, total(browser)) == (200, 278_400)
    for text in (HEADLINE, TERMS, "3,480.00</s>", "2,784.00 USD</strong>", "then 3,480.00 USD a year"):
        assert text in browser.text
    await browser.open("/buy?" + urlencode(browser.form("Buy Team").fields))
    await browser.press("Continue as ann")
    assert "Spring launch 2027 applies: 20% off the first year" in browser.text
    await browser.send(browser.form("and subscribe"), group="acme", **NEW_YORK)
    assert problems(browser) == ["E-PRICE"]
    assert total(browser) == 303_108
    for text in ("−696.00", "247.08", "Renews on 15 March 2028 at 3,788.85 USD", TERMS):
        assert text in browser.text
    await press(browser)
    assert await states(shop) == ["reserved"]
    await pay(browser)
    await settled(shop)
    (invoice,) = await shop.books("invoices")
    assert [invoice[name] for name in ("subtotal", "discount", "tax", "total")] == [348_000, 69_600, 24_708, 303_108]
    (reservation,) = await claimed(shop)
    order = await only_order(shop)
    assert (reservation.order_id, reservation.amount, reservation.net) == (order.order_id, 69_600, 278_400)
    assert [each for each in await actions(shop) if each != "extend"] == ["reserve", "commit"]


@pytest.mark.engines("sqlite")
async def test_a_code_of_the_link_survives_sign_in(shop: Shop) -> None:
    await in_spring(shop)
    browser = shop.browser()
    await browser.open(f"{ACME}&promo=LAUNCH20")
    await browser.press("Continue as ann")
    assert "LAUNCH20 applies: 20% off the first year" in browser.text
    assert total(browser) == 278_400


@pytest.mark.engines("sqlite")
async def test_looking_claims_nothing(shop: Shop) -> None:
    await in_spring(shop)
    browser = await at_checkout(shop, f"{ACME}&promo=LAUNCH20&campaign=spring-launch")
    await browser.open(SPRING)
    await browser.open("/buy?plan=team&group=acme&seats=10")
    assert total(browser) == 278_400
    assert await states(shop) == []


@pytest.mark.engines("sqlite")
async def test_the_next_term_is_at_list_price(shop: Shop) -> None:
    """What the page says of the renewal is what the clock then brings."""
    await in_spring(shop)
    await bought(shop, f"{ACME}&promo=LAUNCH20")
    await shop.world.set_clock(datetime(2028, 3, 15, 1, tzinfo=UTC))
    await settled(shop)
    renewal = (await shop.every("invoices"))[-1]
    assert [renewal[name] for name in ("subtotal", "discount", "total")] == [348_000, 0, 378_885]


@pytest.mark.engines("sqlite")
async def test_nothing_to_pay_needs_no_card(shop: Shop) -> None:
    await in_spring(shop, ("percent_bp = 2000", "percent_bp = 10000"))
    browser = await at_checkout(shop, f"{ACME}&promo=LAUNCH20")
    form = browser.form("Subscribe for 0.00 USD")
    await browser.send(form, **NEW_YORK)
    await confirm(browser)
    await settled(shop)
    order = await only_order(shop)
    assert (order.state.value, order.total, order.discount) == ("granted", 0, 348_000)
    assert await states(shop) == ["committed"]


@pytest.mark.engines("sqlite")
async def test_calls_with_a_discount(shop: Shop) -> None:
    """One call more, once, for the discount; the same terms are never asked for again."""
    await in_spring(shop)
    browser = await shop.known("ann")
    with vendor_calls() as first:
        await browser.open(f"{ACME}&promo=LAUNCH20")
    with vendor_calls() as again:
        await browser.open(browser.url)
    await press(browser, **NEW_YORK)
    with vendor_calls() as confirm:
        await press(browser)
    assert first == ["materialise_discount", "quote_purchase"]
    assert again == ["quote_purchase"]
    assert confirm == ["quote_purchase", "ensure_customer", "start_checkout"]
