"""One true price: what the page shows, what the vendor charges, what invoice, receipt and order say, to the cent."""

import random
import re
from fractions import Fraction

import pytest

from app.core.money import half_up
from app.demo.seed import SeedPerson
from tests.support.journeys import (
    BERLIN,
    NEW_YORK,
    PARIS,
    at_checkout,
    bought,
    order_id,
    pay,
    press,
    problems,
    settled,
    total,
)
from tests.support.shop import Shop
from tests.support.witness import mails, more_groups, more_people, order, sold_once

pytestmark = [pytest.mark.engines("sqlite"), pytest.mark.vendors("embedded", "stripe")]
EURO = "/buy?plan=team&group=acme&seats=5&currency=eur"
TEXAS = NEW_YORK | {"region": "TX", "city": "Austin", "postal_code": "78701"}
TOKYO = NEW_YORK | {"country": "JP", "region": "", "city": "Tokyo", "postal_code": "100-0001"}
FRENCH = PARIS | {"tax_id": "FR40303265045"}

# place, tax in millionths: the test rates of the demonstration
PLACES = ((NEW_YORK, 88_750), (TEXAS, 0), (TOKYO, 0), (BERLIN, 190_000), (PARIS, 190_000), (FRENCH, 0))
PRICES = {
    ("team", "usd"): 34_800,
    ("team", "eur"): 32_400,
    ("scale", "usd"): 118_800,
    ("scale", "eur"): 110_400,
}


async def test_ten_seats_in_new_york_are_3788_85_on_every_page_and_paper(shop: Shop) -> None:
    browser = await at_checkout(shop)
    assert total(browser) == 348_000
    await press(browser, **NEW_YORK)
    assert problems(browser) == ["E-PRICE"]
    assert "With tax for your address the total is 3,788.85 USD. You have not been charged" in browser.text
    assert re.search(r"Tax( 8.875 %)?<", browser.text)  # the rate where the vendor tells it
    assert "Renews on 23 November 2027 at 3,788.85 USD" in browser.text
    await press(browser)
    assert total(browser) == 378_885  # on the vendor's page
    await pay(browser)
    await settled(shop)
    await browser.open(browser.url)
    assert total(browser) == 378_885
    sold = await sold_once(shop)
    assert (sold.subtotal, sold.tax, sold.total, sold.renewal_total) == (348_000, 30_885, 378_885, 378_885)
    (invoice,) = await shop.books("invoices")
    assert (invoice["subtotal"], invoice["tax"], invoice["amount_paid"]) == (348_000, 30_885, 378_885)
    (receipt,) = await mails(shop, "receipt")
    for figure in ("3,480.00 USD", "308.85 USD", "3,788.85 USD"):
        assert figure in receipt["text"]
        assert figure in receipt["html"]


async def test_five_seats_in_berlin_are_1927_80_euros(shop: Shop) -> None:
    browser = await at_checkout(shop, EURO)
    await press(browser, **BERLIN)
    assert total(browser) == 192_780
    assert re.search(r"Tax( 19 %)?<", browser.text)
    await press(browser)
    await pay(browser)
    await settled(shop)
    sold = await sold_once(shop, total=192_780)
    assert (sold.currency, sold.subtotal, sold.tax) == ("eur", 162_000, 30_780)


async def test_with_the_vat_number_of_another_country_they_are_1620_00(shop: Shop) -> None:
    browser = await at_checkout(shop, EURO)
    await browser.press("Update the total", **FRENCH)
    assert total(browser) == 162_000
    assert "VAT 0 %, reverse charge" in browser.text
    await press(browser)
    assert total(browser) == 162_000  # on the vendor's page, without another question
    await pay(browser)
    await settled(shop)
    sold = await sold_once(shop, total=162_000)
    assert (sold.currency, sold.tax) == ("eur", 0)


async def test_a_vat_number_of_the_sellers_country_or_one_still_being_checked_is_charged_vat(shop: Shop) -> None:
    browser = await at_checkout(shop, EURO)
    await browser.press("Update the total", **(BERLIN | {"tax_id": "DE136695976"}))
    assert total(browser) == 192_780
    await browser.press("Update the total", **(PARIS | {"tax_id": "IE6433435F"}))
    assert total(browser) == 192_780
    assert "your tax number is still being checked" in browser.text


@pytest.mark.parametrize("number", ["NL004495445B01", "nonsense"], ids=["refused by the vendor", "no such form"])
async def test_a_refused_vat_number_is_told_once_and_bought_with_vat(shop: Shop, number: str) -> None:
    browser = await at_checkout(shop, EURO)
    await press(browser, **PARIS)
    assert total(browser) == 192_780
    await press(browser, tax_id=number)
    assert (browser.status, problems(browser)) == (422, ["E-TAXID"])
    assert total(browser) == 192_780
    assert browser.form("and subscribe").fields["tax_id"] == number
    await press(browser)
    await pay(browser)
    await settled(shop)
    await sold_once(shop, total=192_780)


async def test_twenty_random_orders_cost_what_was_shown(shop: Shop) -> None:
    """Page, order, invoice and charge agree for any plan, seats, currency, place and deployment."""
    draw = random.Random(2026)  # noqa: S311 (chooses examples)
    await more_people(shop, SeedPerson(username="una"), SeedPerson(username="emil"))
    groups = {"una": [f"u{n}" for n in range(20)], "emil": [f"e{n}" for n in range(20)]}
    for owner, ids in groups.items():
        await more_groups(shop, *ids, owners=(owner,))
    browsers = {owner: await shop.signed_in(owner) for owner in groups}
    for _ in range(20):
        owner, currency = draw.choice((("una", "usd"), ("emil", "eur")))
        plan, seats, (place, rate) = draw.choice(("team", "scale")), draw.randint(1, 5000), draw.choice(PLACES)
        hosted = f"group={groups[owner].pop()}" if draw.random() < 0.7 else "deployment=self_hosted"
        browser = browsers[owner]
        await browser.open(f"/buy?plan={plan}&{hosted}&seats={seats}&currency={currency}")
        await browser.press("Update the total", **place)
        shown = total(browser)
        await press(browser)
        if browser.url.startswith(shop.deps.config.vendor_url):
            await pay(browser)
        sold = await order(shop, order_id(browser))
        due = seats * PRICES[plan, currency]
        assert shown == due + half_up(Fraction(due * rate, 1_000_000))
        assert (sold.subtotal, sold.total, sold.amount_paid) == (due, shown, shown)
    paid = {row["order"]: (row["total"], row["currency"]) for row in await shop.books("invoices")}
    charged = {row["order"]: (row["amount"], row["currency"]) for row in await shop.books("charges")}
    assert len(paid) == 20
    assert paid == charged


async def test_the_receipt_names_what_was_bought_and_where_to_find_it(shop: Shop) -> None:
    browser = await bought(shop)
    sold = await sold_once(shop)
    (receipt,) = await mails(shop, "receipt")
    assert receipt["to"] == "ann@acme.example"
    assert "Team, hosted, 10 seats, for Acme" in receipt["text"]
    assert f"{shop.deps.config.base_url}/orders/{sold.order_id}" in receipt["text"]
    assert browser.url.endswith(f"/orders/{sold.order_id}")
