"""More seats and packs with a code: the vendor's figures, to the invoice."""

import pytest

from tests.support.campaigns import claimed, publish_samples, states, type_code
from tests.support.journeys import NEW_YORK, at_checkout, pay, problems, settled, total
from tests.support.shop import Browser, Shop
from tests.support.witness import vendor_calls

pytestmark = pytest.mark.vendors("embedded", "stripe")  # a vendor without discounts sells at list price


async def at_seats(shop: Shop, add: int = 3, query: str = "") -> Browser:
    await publish_samples(shop)
    browser = await shop.known("bob")
    await browser.open(f"/buy/seats?group=globex&add={add}{query}")
    return browser


@pytest.mark.vendors("embedded")
async def test_fifty_off_three_more_seats(shop: Shop) -> None:
    browser = await at_seats(shop)
    assert total(browser) == 30_518
    await type_code(browser, "grow-50")
    assert "GROW50 applies: 50.00 USD off" in browser.text
    for text in ("280.30", "50.00", "20.44", "Discount, GROW50", "Once per customer"):
        assert text in browser.text
    assert total(browser) == 25_074
    await browser.press("and add 3 seats")
    await settled(shop)
    invoice = (await shop.books("invoices"))[-1]
    assert [invoice[name] for name in ("subtotal", "discount", "tax", "total")] == [28_030, 5_000, 2_044, 25_074]
    assert await states(shop) == ["committed"]
    await browser.open("/buy/seats?group=globex&add=3&promo=GROW50")
    assert "This code has already been used." in browser.text
    await browser.open("/history?kind=orders")
    assert "3 more seats of Team, for Globex" in browser.text
    assert "GROW50" in browser.text
    await browser.open(browser.link("Download as CSV"))
    assert browser.text.splitlines()[1].endswith(",250.74,USD,paid,GROW50")
    await browser.open("/invoices")
    assert "Team, 13 × 348.00 USD, 98 days until 1 March 2027, less what was paid for that time" in browser.text


@pytest.mark.engines("sqlite")
@pytest.mark.vendors("embedded")
async def test_too_few_seats_says_how_many(shop: Shop) -> None:
    browser = await at_seats(shop, add=1)
    await type_code(browser, "GROW50")
    assert problems(browser) == ["E-PROMO-MIN"]
    assert "GROW50 is for orders that add 3 seats or more. Applies from 3 added seats: add 2 more." in browser.text
    assert 'value="GROW50"' in browser.text
    await browser.press("and add 1 seat")
    await settled(shop)
    assert await states(shop) == []


@pytest.mark.engines("sqlite")
@pytest.mark.vendors("embedded")
async def test_a_code_of_the_link_and_its_removal(shop: Shop) -> None:
    browser = await at_seats(shop, query="&promo=GROW50")
    assert total(browser) == 25_074
    await browser.press("×")
    assert total(browser) == 30_518
    await browser.open(browser.url)
    assert total(browser) == 30_518
    await type_code(browser, "GROW50")
    await browser.press("×", code="NOSUCH")
    assert (problems(browser), total(browser)) == (["E-PROMO-UNKNOWN"], 30_518)


@pytest.mark.engines("sqlite")
@pytest.mark.vendors("embedded")
async def test_who_came_by_the_campaign_finds_it_applied(shop: Shop) -> None:
    await publish_samples(shop)
    browser = await shop.known("bob")
    await browser.open("/c/grow-50")
    await browser.open("/buy/seats?group=globex&add=3")
    assert total(browser) == 25_074
    with vendor_calls() as again:
        await browser.open(browser.url)
    assert sorted(again) == ["payment_methods", "quote_change", "quote_change"]


@pytest.mark.engines("sqlite")
@pytest.mark.vendors("embedded")
async def test_a_code_in_the_field_is_applied_in_place_of_ordering(shop: Shop) -> None:
    browser = await at_seats(shop)
    await browser.press("and add 3 seats", code="GROW50")
    assert problems(browser) == ["E-PRICE"]
    assert total(browser) == 25_074
    await browser.press("and add 3 seats")
    await settled(shop)
    assert await states(shop) == ["committed"]


@pytest.mark.engines("sqlite")
async def test_ten_percent_off_five_packs(shop: Shop) -> None:
    await publish_samples(shop)
    browser = await at_checkout(shop, "/buy/packs?addon=compute-1000&group=acme&packs=4")
    await type_code(browser, "BUILD10")
    assert "BUILD10 is for 5 packs or more. Applies from 5 packs: add 1." in browser.text
    browser = await at_checkout(shop, "/buy/packs?addon=compute-1000&group=acme&packs=5&promo=BUILD10")
    assert total(browser) == 4_500


@pytest.mark.engines("sqlite")
@pytest.mark.vendors("embedded")
async def test_a_campaign_is_refused_once_by_link_and_code(shop: Shop) -> None:
    await publish_samples(shop)
    browser = await shop.known("ann")
    await browser.open("/c/compute-boost")
    await browser.open("/buy/packs?addon=compute-1000&group=acme&packs=4&promo=BUILD10")
    assert "BUILD10 is for 5 packs or more." in browser.text
    assert "Compute boost is for 5 packs or more." not in browser.text
    await browser.press("Remove BUILD10")
    assert "Compute boost is for 5 packs or more." in browser.text


@pytest.mark.engines("sqlite")
async def test_packs_are_paid_with_their_discount(shop: Shop) -> None:
    await publish_samples(shop)
    browser = await at_checkout(shop, "/buy/packs?addon=compute-1000&group=acme&packs=5&promo=BUILD10")
    form = browser.form("and add 5,000 compute minutes")
    await browser.send(form, **NEW_YORK)
    await browser.press("and add 5,000 compute minutes")
    await pay(browser)
    await settled(shop)
    (invoice,) = await shop.books("invoices")
    assert (invoice["subtotal"], invoice["discount"]) == (5_000, 500)
    (reservation,) = await claimed(shop)
    assert (reservation.state.value, reservation.slug, reservation.amount) == ("committed", "compute-boost", 500)


@pytest.mark.engines("sqlite")
async def test_who_has_a_plan_buys_packs_with_a_code_too(shop: Shop) -> None:
    await publish_samples(shop)
    browser = await at_checkout(shop, "/buy/packs?addon=compute-1000&group=globex&packs=5&promo=BUILD10", "bob")
    assert "BUILD10 applies: 10% off" in browser.text
    await browser.press("and add 5,000 compute minutes")
    await settled(shop)
    invoice = (await shop.books("invoices"))[-1]
    assert (invoice["subtotal"], invoice["discount"]) == (5_000, 500)


@pytest.mark.engines("sqlite")
@pytest.mark.vendors("stripe")
async def test_where_changes_take_no_discount_no_field_is_offered(shop: Shop) -> None:
    browser = await at_seats(shop, query="&promo=GROW50")
    assert "Have a promo code?" not in browser.text
    assert total(browser) == 30_518
