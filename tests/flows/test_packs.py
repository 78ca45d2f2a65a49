"""Packs: minutes once and for a year, storage for as long as the plan; each paid once and granted once."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from app import formats
from app.core.clock import add_months
from app.vendor_adapters.world import Fault, PlannedFault
from tests.support.customers import at, instant, term_begins
from tests.support.journeys import NEW_YORK, pay, settled
from tests.support.shop import Browser, Shop
from tests.support.witness import mails

pytestmark = pytest.mark.vendors("embedded", "stripe")

MINUTES = "/buy/packs?addon=compute-1000"
STORAGE = "/buy/packs?addon=storage-10"


async def open_packs(shop: Shop, link: str, who: str) -> Browser:
    browser = await shop.signed_in(who)
    await browser.open(link)
    return browser


async def group(shop: Shop, group_id: str) -> dict[str, Any]:
    books = await shop.world.product_books()
    return next(row for row in cast("list[dict[str, Any]]", books["groups"]) if row["id"] == group_id)


async def test_minutes_with_a_stored_card_are_paid_and_granted_once(shop: Shop) -> None:
    browser = await open_packs(shop, f"{MINUTES}&group=globex&packs=2", "bob")
    assert "Buy compute minutes for Globex" in browser.text
    assert 'data-total="2178"' in browser.text  # 20.00 and 8.875 % in New York, rounded half up
    form = browser.form("Pay 21.78 USD and add 2,000 compute minutes")
    await browser.send(form)
    await browser.send(form)
    await settled(shop)
    await settled(shop)
    await browser.open(browser.url)
    assert "Globex has 2,000 compute minutes more" in browser.text
    (charge,) = await shop.books("charges")
    assert charge["amount"] == 2178
    (pack,) = (await group(shop, "globex"))["minutes_packs"]
    order_id = browser.url.rsplit("/", 1)[1]
    assert (pack["purchase_id"], pack["minutes"]) == (order_id, 2000)
    assert pack["expires_at"].startswith("2027-11-23")


async def test_minutes_for_a_free_group_through_the_payment_page(shop: Shop) -> None:
    browser = await open_packs(shop, f"{MINUTES}&group=acme", "ann")
    await browser.press("compute minutes", **NEW_YORK)
    await browser.press("compute minutes")
    await pay(browser)
    await settled(shop)
    (pack,) = (await group(shop, "acme"))["minutes_packs"]
    assert pack["minutes"] == 1000
    assert (await group(shop, "acme"))["plan"] == "free"


async def test_storage_ends_with_the_plan_and_costs_its_days(shop: Shop) -> None:
    browser = await open_packs(shop, f"{STORAGE}&group=globex&packs=2", "bob")
    assert "on 1 March 2027" in browser.text
    assert "32.22" in browser.text
    assert 'data-total="3508"' in browser.text  # 32.22 and 2.86 of tax
    await browser.press("Pay 35.08 USD and add 20 GiB of storage")
    await settled(shop)
    (invoice,) = await shop.books("invoices")
    assert (invoice["subtotal"], invoice["tax"], invoice["total"]) == (3222, 286, 3508)
    storage = (await group(shop, "globex"))["storage"]
    assert (storage["gib"], storage["ends_at"]) == (20, "2027-03-01T00:00:00Z")
    await browser.open(browser.url)
    assert "Globex has 20 GiB of storage more" in browser.text


async def test_more_storage_is_told_as_the_whole(shop: Shop) -> None:
    for _ in range(2):
        browser = await open_packs(shop, f"{STORAGE}&group=globex&packs=1", "bob")
        await browser.press("Pay ")
        await settled(shop)
    storage = (await group(shop, "globex"))["storage"]
    assert storage["gib"] == 20
    assert [charge["amount"] for charge in await shop.books("charges")] == [1754, 1754]


async def test_storage_without_a_plan_has_a_year_of_its_own(shop: Shop) -> None:
    browser = await open_packs(shop, f"{STORAGE}&group=acme&packs=2", "ann")
    assert 'data-total="12000"' in browser.text
    await browser.press("GiB", **(NEW_YORK | {"region": "OR"}))  # without a tax nothing changes, and nothing is asked
    await pay(browser)
    await settled(shop)
    found = await group(shop, "acme")
    assert found["plan"] == "free"
    storage = found["storage"]
    ends = add_months(term_begins(shop, shop.clock.now()), 12)
    assert (storage["gib"], storage["ends_at"]) == (20, instant(ends))
    await browser.open("/buy?plan=team&group=acme&seats=3")
    assert "and subscribe" in browser.text  # storage is no plan, and blocks none


@pytest.mark.vendors("embedded", "stripe")
async def test_storage_of_its_own_is_turned_off_and_on_again(shop: Shop) -> None:
    browser = await open_packs(shop, f"{STORAGE}&group=acme&packs=2", "ann")
    await browser.press("GiB", **(NEW_YORK | {"region": "OR"}))
    await pay(browser)
    await settled(shop)
    await browser.open("/subscriptions")
    await browser.open(browser.link("20 GiB of storage for Acme"))
    assert browser.url.endswith("/renewal")
    assert "20 GiB of storage, " in browser.text
    assert "120.00 USD" in browser.text
    assert 'name="seats"' not in browser.text
    await browser.press("Turn it off", reason="not_needed")
    assert "Automatic renewal is off" in browser.text
    (row,) = [each for each in await shop.books("subscriptions") if "acme" in str(each["subject"])]
    assert row["cancel_at"]
    await browser.press("Turn automatic renewal on")
    assert "Turn it off" in browser.text
    stranger = await at(shop, "bob", browser.url)
    assert stranger.status == 404


@pytest.mark.vendors("embedded", "stripe")
async def test_storage_of_its_own_is_told_before_it_renews_and_before_it_ends(shop: Shop) -> None:
    browser = await open_packs(shop, f"{STORAGE}&group=acme&packs=2", "ann")
    await browser.press("GiB", **(NEW_YORK | {"region": "OR"}))
    await pay(browser)
    await settled(shop)
    ends = add_months(term_begins(shop, shop.clock.now()), 12)
    shop.clock.advance_business(ends - timedelta(days=14) - shop.clock.now())
    await settled(shop)
    (notice,) = await mails(shop, "renewal_notice")
    assert notice["subject"] == f"20 GiB of storage for Acme renews on {formats.date(ends)}"
    assert "for 120.00 USD, charged to Visa ending 4242" in notice["text"]
    page = next(word for word in notice["text"].split() if word.endswith("/renewal"))
    await browser.open(page)
    await browser.press("Turn it off", reason="not_needed")
    await settled(shop)
    (told,) = await mails(shop, "about_to_end")
    assert told["subject"] == f"20 GiB of storage for Acme ends on {formats.date(ends)}"


async def test_one_checkout_of_packs_is_paid_once(shop: Shop) -> None:
    first = await open_packs(shop, f"{MINUTES}&group=globex&packs=2", "bob")
    second = shop.browser()
    await second.open("/login")
    await second.press("Continue as bob")
    await second.open(first.url)
    await first.press("Pay ")
    await second.press("Pay ")
    assert second.url == first.url
    assert len(await shop.books("charges")) == 1


async def test_a_partners_group_is_explained_and_has_no_button(shop: Shop) -> None:
    browser = await open_packs(shop, f"{MINUTES}&group=initech", "cleo")
    assert browser.status == 200
    assert "You bought this through ACME Partners." in browser.text
    assert ("Pay " in browser.text, "<form id" in browser.text, "There is a problem" in browser.text) == (False,) * 3
    assert browser.link("Contact them") == "mailto:orders@acme-partners.example"
    assert browser.link("All packs")


async def test_somebody_elses_group_tells_nothing(shop: Shop) -> None:
    browser = await open_packs(shop, f"{MINUTES}&group=globex", "ann")
    assert browser.status == 403
    assert "Globex" not in browser.text


async def test_numbers_of_packs_are_judged(shop: Shop) -> None:
    browser = await open_packs(shop, f"{MINUTES}&group=globex&packs=9000", "bob")
    assert browser.form("Pay ").fields["packs"] == "500"
    await browser.press("Pay ", packs="0")
    assert browser.status == 422
    assert "from 1 to 500" in browser.text
    assert await shop.books("charges") == []


async def test_a_lost_answer_charges_once(shop: Shop) -> None:
    browser = await open_packs(shop, f"{STORAGE}&group=globex&packs=1", "bob")
    faults = [PlannedFault(op="apply_change", fault=Fault.TIMEOUT_AFTER, times=1)]
    await shop.vendor_world.set_faults(faults)
    await browser.press("Pay ")
    assert "We are confirming your payment" in browser.text or "Paid" in browser.text
    await settled(shop)
    assert [charge["amount"] for charge in await shop.books("charges")] == [1754]
    storage = (await group(shop, "globex"))["storage"]
    assert storage["gib"] == 10


async def test_an_unknown_pack_leads_to_all_of_them(shop: Shop) -> None:
    browser = shop.browser()
    await browser.open("/buy/packs?addon=gold&group=globex")
    assert (browser.status, browser.url.rsplit("/", 1)[1]) == (200, "packs?group=globex")
    assert "/buy/packs?addon=compute-1000&group=globex" in browser.text


@pytest.mark.parametrize(
    ("link", "said"),
    [
        (f"{STORAGE}&group=globex", "The card on file is not known just now. If there is one it is charged;"),
        (f"{MINUTES}&group=globex", "Your stored cards are not known just now:"),
    ],
)
async def test_cards_that_are_not_known_are_said_to_be_so(shop: Shop, link: str, said: str) -> None:
    await shop.vendor_world.set_faults([PlannedFault(op="payment_methods", fault=Fault.DOWN, times=0)])
    browser = await open_packs(shop, link, "bob")
    assert said in browser.text
    assert "You type your card on the payment page that comes next." not in browser.text


@pytest.mark.engines("sqlite")
@pytest.mark.vendors("stripe")
async def test_what_is_too_little_to_be_charged_says_so(shop: Shop) -> None:
    shop.clock.advance_business(datetime(2027, 2, 27, 12, tzinfo=UTC) - shop.clock.now())
    browser = await open_packs(shop, f"{STORAGE}&group=globex&packs=1", "bob")
    assert "This is too little to be charged to a card. Choose more." in browser.text
    await browser.open(f"{STORAGE}&group=globex&packs=3")
    assert 'data-total="108"' in browser.text
