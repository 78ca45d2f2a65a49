"""A vendor that can do next to nothing: plans are sold, and what it cannot do has a text and a way out."""

import re

import pytest

from tests.support.customers import subscription_of
from tests.support.journeys import ACME, NEW_YORK, at_checkout, press, settled
from tests.support.shop import Browser, Form, Shop
from tests.support.witness import group, only_order

pytestmark = [pytest.mark.engines("sqlite"), pytest.mark.vendors("minimal")]


async def owner(shop: Shop) -> Browser:
    """Return the browser of somebody who has bought a plan."""
    browser = await at_checkout(shop, ACME)
    await press(browser, **NEW_YORK)
    if "and subscribe" in browser.text:
        await press(browser)
    await browser.press("Pay ")
    await settled(shop)
    return browser


async def test_a_plan_is_bought_on_its_page_and_granted(shop: Shop) -> None:
    await owner(shop)
    assert (await only_order(shop)).state.value == "granted"
    acme = await group(shop)
    assert (acme["plan"], acme["seats"]) == ("team", 10)


@pytest.mark.parametrize("page", ["", "/seat-changes", "/plan-changes", "/renewal"])
async def test_pages_of_changes_offer_sales_and_no_button(shop: Shop, page: str) -> None:
    browser = await owner(shop)
    held = await subscription_of(shop, "acme")
    await browser.open(f"/subscriptions/{held.subscription_id}{page}")
    assert browser.status == 200
    assert "E-CHANGES" in browser.text
    assert "Our sales team changes seats, plan and renewal of this subscription for you." in browser.text
    way_out = re.search(r'href="(/sales\?[^"]*plan=team[^"]*)"[^>]*>Talk to sales', browser.text)
    assert way_out is not None
    for dead in ("Add seats", "Pay ", "Change plan", "Turn off", "Turn renewal off"):
        with pytest.raises(LookupError):
            browser.form(dead)
    await browser.open(way_out[1])
    assert browser.status == 200


async def test_a_change_that_is_sent_all_the_same_is_refused(shop: Shop) -> None:
    browser = await owner(shop)
    held = await subscription_of(shop, "acme")
    path = f"/subscriptions/{held.subscription_id}"
    for noun, fields in (
        ("seat-changes", {"seats": "12", "base": "10", "attempt": "att_of_a_test"}),
        ("plan-changes", {"plan": "scale", "attempt": "att_of_a_test"}),
        ("renewal", {"renew": "off", "attempt": "att_of_a_test"}),
    ):
        await browser.send(Form(action=f"{path}/{noun}", fields=fields))
        assert browser.status == 422, noun
        assert "E-CHANGES" in browser.text, noun
    assert (await subscription_of(shop, "acme")).seats == 10


async def test_its_world_is_not_ours_to_move(shop: Shop) -> None:
    browser = shop.browser()
    for address, order in (
        ("/_demo/clock", '{"advance": "P30D"}'),
        ("/_demo/faults", '{"vendor": [{"op": "any", "fault": "down"}]}'),
        ("/_demo/reset", "{}"),
    ):
        answer = await browser.raw(f"{shop.deps.config.base_url}{address}", order, "application/json")
        assert (answer.status_code, "minimal" in answer.json()["error"]) == (422, True), address
    assert (await browser.open("/_demo/vendor")).status_code == 422
