"""The list and the card of a subscription, whose it is, and one change on both databases."""

import re

import pytest

from app.vendor_adapters.world import Fault
from tests.support.customers import at, crowd, go_wrong, join, seats_of, subscription_of
from tests.support.journeys import pay, settled, to_payment
from tests.support.shop import Browser, Form, Shop

pytestmark = pytest.mark.vendors("embedded", "stripe")


async def test_the_card_says_what_each_authority_says(shop: Shop) -> None:
    await crowd(shop, "globex", in_use=8, most=12)
    browser = await at(shop, "bob", "/subscriptions")
    assert "Team for Globex" in browser.text
    await browser.open(f"/subscriptions/{(await subscription_of(shop, 'globex')).subscription_id}")
    for said in (
        "1 March 2026 to 1 March 2027",
        "12 since 1 March 2026",
        "2, until 1 March 2027",
        "3,788.85 USD with tax",
        "Visa ending 4242",
        "Bought here",
    ):
        assert said in browser.text


@pytest.mark.engines("sqlite")
@pytest.mark.vendors("embedded", "stripe")
async def test_a_channel_customer_is_told_whom_to_ask(shop: Shop) -> None:
    browser = await at(shop, "cleo", f"/subscriptions/{(await subscription_of(shop, 'initech')).subscription_id}")
    assert "Bought through ACME Partners. To change it, contact them: orders@acme-partners.example" in browser.text
    assert "E-CHANNEL" in browser.text
    assert browser.link("Contact them") == "mailto:orders@acme-partners.example"
    assert "Add seats" not in browser.text


@pytest.mark.engines("sqlite")
@pytest.mark.vendors("embedded")
@pytest.mark.parametrize(
    ("who", "group", "seller"),
    [("eve", "umbrella", "Our sales team"), ("eve", "wayne", "Community programme"), ("eve", "hooli", "Bought here")],
)
async def test_the_card_says_who_sold_it(shop: Shop, who: str, group: str, seller: str) -> None:
    browser = await at(shop, who, f"/groups/{group}/subscription")
    assert browser.url.endswith((await subscription_of(shop, group)).subscription_id)
    assert re.search(rf"<dt>Sold by</dt>\s*<dd>{seller}</dd>", browser.text)


@pytest.mark.engines("sqlite")
@pytest.mark.vendors("embedded")
async def test_a_group_without_a_plan_leads_to_the_plans(shop: Shop) -> None:
    browser = await at(shop, "ann", "/groups/acme/subscription")
    assert "/plans?group=acme" in browser.url


@pytest.mark.engines("sqlite")
@pytest.mark.vendors("embedded")
async def test_another_card_is_chosen_among_the_accounts_cards(shop: Shop) -> None:
    found = await subscription_of(shop, "globex")
    for page in ("seat-changes", "plan-changes"):
        browser = await at(shop, "bob", f"/subscriptions/{found.subscription_id}/{page}")
        await browser.open(browser.link("Use another card"))
        assert browser.url.endswith(f"/payment-methods?account={found.account_id}")
        assert browser.status == 200
    await join(shop, "globex", "dan", "owner")  # who manages no account: its cards are on the subscription's page
    owner = await at(shop, "dan", f"/subscriptions/{found.subscription_id}/seat-changes")
    await owner.open(owner.link("Use another card"))
    assert owner.form("Change the card on file")


@pytest.mark.engines("sqlite")
async def test_with_the_vendor_away_the_card_says_how_old_it_is(shop: Shop) -> None:
    browser = await at(shop, "bob", "/subscriptions")
    await go_wrong(shop, "any", Fault.DOWN, times=0)
    await browser.open(f"/subscriptions/{(await subscription_of(shop, 'globex')).subscription_id}")
    assert browser.status == 200
    assert "As of 23 November 2026, 12:00 UTC" in browser.text


@pytest.mark.engines("sqlite")
async def test_the_card_on_file_is_changed_on_the_vendors_page(shop: Shop) -> None:
    browser = await at(shop, "bob", f"/subscriptions/{(await subscription_of(shop, 'globex')).subscription_id}")
    await browser.press("Change the card on file")
    assert browser.url.startswith(f"{shop.deps.config.vendor_url}/portal/")


@pytest.mark.engines("sqlite")
async def test_a_group_with_a_plan_is_offered_seats_and_another_plan(shop: Shop) -> None:
    browser = await at(shop, "bob", "/buy?plan=scale&group=globex")
    found = await subscription_of(shop, "globex")
    assert "E-HASPLAN" in browser.text
    assert f"/subscriptions/{found.subscription_id}/seat-changes" in browser.text
    assert f"/subscriptions/{found.subscription_id}/plan-changes?plan=scale" in browser.text


async def test_a_plan_for_a_partners_group_says_whom_to_ask(shop: Shop) -> None:
    browser = await at(shop, "cleo", "/buy?plan=scale&group=initech")
    assert browser.status == 200
    assert "E-HASPLAN" not in browser.text
    assert "You bought this through ACME Partners. Ask them to add seats." in browser.text
    assert browser.link("Contact them").startswith("mailto:orders@acme-partners.example")
    assert "seat-changes" not in browser.text
    assert 'name="seats"' not in browser.text
    await browser.open("/buy?plan=scale&seats=20")
    await browser.press("and subscribe", group="initech")
    assert "E-CHANNEL" in browser.text
    assert browser.form("Go on with the chosen group").fields["group"] == "initech"  # another one can be chosen
    assert await shop.books("checkouts") == []


async def test_seats_from_the_product_to_the_product_in_three_clicks(shop: Shop) -> None:
    browser = await shop.signed_in("bob")
    await browser.open(f"{shop.deps.config.product_url}/groups/globex")
    assert "/buy/seats?group=globex" in browser.text
    await browser.open("/buy/seats?group=globex&add=3")
    await browser.press("Pay 305.18 USD and add 3 seats")
    await settled(shop)
    assert await seats_of(shop, "globex") == (13, 13)


@pytest.mark.engines("sqlite")
async def test_an_owner_of_the_group_may_add_seats_and_another_member_may_not(shop: Shop) -> None:
    await join(shop, "globex", "dan", "owner")
    await join(shop, "globex", "cleo", "developer")
    assert (await at(shop, "cleo", "/buy/seats?group=globex")).status == 404
    browser = await at(shop, "dan", "/subscriptions")
    assert "Team for Globex" in browser.text
    await browser.open("/buy/seats?group=globex&add=3")
    await browser.press("Pay 305.18 USD and add 3 seats")
    await settled(shop)
    assert await seats_of(shop, "globex") == (13, 13)


@pytest.mark.engines("sqlite")
async def test_an_instance_of_ones_own_gets_more_seats_at_once(shop: Shop) -> None:
    browser = await at(shop, "ann", "/buy?plan=team&deployment=self_hosted&seats=5")
    await to_payment(browser)
    await pay(browser)
    await settled(shop)
    await browser.open("/subscriptions")
    await browser.open(re.findall(r'href="(/subscriptions/sub_[^"]+)"', browser.text)[0] + "/seat-changes?add=2")
    await browser.press("and add 2 seats")
    assert "You have Team for 7 people" in browser.text


PAGES = ("", "/seat-changes", "/plan-changes", "/renewal", "/renewal/payment")
FORMS = (
    "/card",
    "/seat-changes",
    "/seat-changes/quote",
    "/plan-changes",
    "/plan-changes/quote",
    "/renewal",
    "/renewal/seats",
    "/renewal/undo",
    "/renewal/payment",
    "/renewal/payment/quote",
)
FIELDS = {
    "add": "3",
    "base": "10",
    "seats": "10",
    "plan": "scale",
    "decision": "end",
    "reason": "other",
    "attempt": "att_x",
    "quote": "quo_x",
    "total": "30518",
}


@pytest.mark.engines("sqlite")
async def test_what_is_somebody_elses_is_not_there(shop: Shop) -> None:
    owner, stranger = await at(shop, "bob", "/buy/seats?group=globex&add=3"), await shop.signed_in("cleo")
    mine = f"/subscriptions/{(await subscription_of(shop, 'globex')).subscription_id}"
    await owner.press("and add 3 seats")
    order = owner.url.partition(shop.deps.config.base_url)[2]
    for path in (mine, "/subscriptions/sub_00000000000000000000"):
        got = [f"{path}{page}" for page in PAGES]
        statuses = {each: (await stranger.open(each)).status_code for each in got}
        statuses |= {f"POST {path}{form}": await _posted(stranger, path + form) for form in FORMS}
        assert set(statuses.values()) == {404}, statuses
    for path in ("/buy/seats?group=globex", f"/buy/seats?subscription={mine.rpartition('/')[2]}", order):
        assert (await stranger.open(path)).status_code == 404, path
    for path in (f"{order}/payment", f"{order}/cancellation"):
        assert await _posted(stranger, path) == 404, path
    await settled(shop)
    assert await seats_of(shop, "globex") == (13, 13)


async def _posted(browser: Browser, path: str) -> int:
    """Return the status that somebody gets who sends a form of their own making from the list of subscriptions."""
    await browser.open("/subscriptions")
    return (await browser.send(Form(action=path, fields=FIELDS))).status_code


@pytest.mark.engines("sqlite")
async def test_a_card_that_is_not_known_just_now_is_not_said_to_be_missing(shop: Shop) -> None:
    found = await subscription_of(shop, "globex")
    path = f"/subscriptions/{found.subscription_id}"
    browser = await at(shop, "bob", path)
    await go_wrong(shop, "payment_methods", Fault.DOWN, times=0)
    for page in ("", "/renewal", "/seat-changes?add=2", "/plan-changes?plan=scale"):
        await browser.open(path + page)
        assert browser.status == 200
        assert "card on file is not known just now" in browser.text
        assert "There is no card on file" not in browser.text
        assert "You type your card" not in browser.text
