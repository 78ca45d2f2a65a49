"""Which group an order can be for: asked when the page is shown, and again when the button is pressed."""

import pytest

from app.demo.seed import SeedGroup
from tests.support.journeys import (
    ACME,
    NEW_YORK,
    at_checkout,
    order_form,
    pay,
    press,
    problems,
    settled,
    to_payment,
    total,
)
from tests.support.shop import Shop
from tests.support.witness import later, nothing_charged, orders, sold_once

pytestmark = pytest.mark.engines("sqlite")
DOWN: dict[str, object] = {"product": [{"op": "owners", "fault": "error_500", "times": 0}]}


async def test_a_link_for_somebody_elses_group_names_only_who_is_signed_in(shop: Shop) -> None:
    browser = await at_checkout(shop, "/buy?plan=team&group=globex&seats=10&return_to=http://127.0.0.1:8001/groups/x")
    assert (browser.status, problems(browser)) == (403, ["E-OWNER"])
    assert "You are signed in as ann. This link is for a group that ann does not own." in browser.text
    for secret in ("Globex", "8 members", "bob", "10 Team", "1 March 2027"):
        assert secret not in browser.text
    form = browser.form("Switch account")
    assert form.fields["next"].startswith("/buy?")
    assert "group=globex" in form.fields["next"]


async def test_a_group_that_does_not_exist_reads_the_same(shop: Shop) -> None:
    foreign = await at_checkout(shop, "/buy?plan=team&group=globex")
    unknown = await at_checkout(shop, "/buy?plan=team&group=globey")
    assert (unknown.status, problems(unknown)) == (403, ["E-OWNER"])

    def without_ids(text: str) -> str:
        return text.replace("globey", "globex").replace(unknown.url.rsplit("/")[-1], foreign.url.rsplit("/")[-1])

    assert without_ids(unknown.text) == foreign.text


async def test_a_foreign_group_in_the_form_is_refused_whether_it_exists_or_not(shop: Shop) -> None:
    browser = await at_checkout(shop, "/buy?plan=team&seats=10")
    await press(browser, group="acme", **NEW_YORK)
    form = order_form(browser)
    for foreign in ("globex", "globey", "../acme", "acme ", "ACME", "a" * 300):
        await browser.send(form, group=foreign, attempt="")
        if foreign == "acme ":  # blanks around it are nobody's wish
            assert browser.url.startswith(shop.deps.config.vendor_url)
            continue
        assert browser.status == 422, foreign
        assert problems(browser)[0] in ("E-GROUP", "E-INPUT")
        assert "Globex" not in browser.text
    await browser.send(form, group="globex", attempt="")
    assert "You are not an owner of 'globex' (any more). Ask one of its owners" in browser.text
    await nothing_charged(shop)


async def test_who_stops_owning_the_group_meanwhile_reads_so(shop: Shop) -> None:
    browser = await at_checkout(shop)
    await press(browser, **NEW_YORK)
    await shop.product.seed((), [SeedGroup(id="acme", name="Acme", owners=("dan",), developers=("ann",), members=7)])
    await press(browser)
    assert (browser.status, problems(browser)) == (422, ["E-GROUP"])
    assert "You are not an owner of 'acme' (any more)." in browser.text
    assert await orders(shop) == []


async def test_a_group_with_a_plan_is_told_until_when(shop: Shop) -> None:
    browser = await at_checkout(shop, "/buy?plan=team&group=globex&seats=10", "bob")
    assert (browser.status, problems(browser)) == (200, ["E-HASPLAN"])
    assert "'Globex' already has Team until 1 March 2027." in browser.text
    assert "/sales?" in browser.text
    await nothing_charged(shop)


async def test_one_group_without_a_plan_is_chosen_by_itself_and_of_several_the_buyer_chooses(shop: Shop) -> None:
    await shop.product.seed((), [SeedGroup(id="dans", name="Dan's", owners=("dan",), members=4)])
    dan = await at_checkout(shop, "/buy?plan=team", "dan")
    assert dan.form("and subscribe").fields["group"] == "dans"
    assert dan.form("and subscribe").fields["seats"] == "4"  # as many as it has members
    ann = await at_checkout(shop, "/buy?plan=team")
    assert ann.form("and subscribe").fields["group"] == ""
    await press(ann, **NEW_YORK)
    assert (ann.status, problems(ann)[-1]) == (422, "E-INPUT")
    assert "Choose the group that the plan is for." in ann.text
    await press(ann, group="zen")
    assert (ann.status, problems(ann)) == (422, ["E-PRICE"])
    assert ann.form("and subscribe").fields["group"] == "zen"
    assert ann.form("and subscribe").fields["seats"] == "14"
    await ann.change(order_form(ann), "/seats", group="acme")
    assert 'id="seats" name="seats" value="7"' in ann.text
    await ann.open(ann.url)
    await press(ann, group="zen", seats="20")
    await press(ann, group="acme")
    assert total(ann) == 757_770  # on the vendor's page: what somebody has chosen stays chosen


async def test_who_owns_no_group_is_shown_the_way_to_make_one(shop: Shop) -> None:
    browser = await at_checkout(shop, "/buy?plan=team&seats=3", "dan")
    assert "You own no group yet" in browser.text
    assert "/groups/new?return_to=" in browser.text
    await shop.product.seed((), [SeedGroup(id="fresh", owners=("dan",))])
    await browser.open(browser.url)
    assert browser.form("and subscribe").fields["group"] == "fresh"
    assert browser.form("and subscribe").fields["seats"] == "3"


@pytest.mark.parametrize("link", [ACME, "/buy?plan=team&seats=10"], ids=["named", "chosen by itself"])
async def test_an_answer_of_the_product_holds_for_fifteen_minutes(shop: Shop, link: str) -> None:
    await shop.product.seed((), [SeedGroup(id="acme", name="Acme", owners=("dan",), members=7)])
    browser = await at_checkout(shop, link, "dan")
    await press(browser, **NEW_YORK)
    await shop.world.set_faults(DOWN)
    later(shop, minutes=14)
    await press(browser)
    assert browser.url.startswith(shop.deps.config.vendor_url)
    await pay(browser)
    await shop.world.clear_faults()
    await settled(shop)
    await sold_once(shop)


async def test_with_the_product_down_and_no_fresh_answer_nothing_is_ordered(shop: Shop) -> None:
    browser = await at_checkout(shop)
    await press(browser, **NEW_YORK)
    for fault in ("error_500", "timeout_before", "down", "rate_limit"):
        later(shop, minutes=15)
        await shop.world.set_faults({"product": [{"op": "owners", "fault": fault, "times": 1}]})
        await press(browser)
        assert (browser.status, problems(browser)) == (503, ["E-PRODUCT"]), fault
        assert "Nothing was charged. Your choices are saved." in browser.text
        assert 'value="5 Main Street"' in browser.text
        await browser.press("Try again")
    assert await orders(shop) == []
    await press(browser)
    assert browser.url.startswith(shop.deps.config.vendor_url)


async def test_an_own_server_needs_no_product(shop: Shop) -> None:
    await shop.world.set_faults(DOWN)
    browser = await at_checkout(shop, "/buy?plan=team&deployment=self_hosted&seats=10")
    assert problems(browser) == []
    await to_payment(browser)
    assert browser.url.startswith(shop.deps.config.vendor_url)
