"""A vendor that can do next to nothing: plans are sold, and what it cannot do has a text and a way out."""

import re
from datetime import timedelta

import pytest

from app import worker
from tests.support.customers import subscription_of
from tests.support.journeys import ACME, NEW_YORK, at_checkout, press, settled
from tests.support.shop import Browser, Form, Shop
from tests.support.witness import group, mails, only_order

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


@pytest.mark.parametrize("page", ["", "/seat-changes", "/plan-changes"])
async def test_pages_of_changes_offer_sales_and_no_button(shop: Shop, page: str) -> None:
    browser = await owner(shop)
    held = await subscription_of(shop, "acme")
    await browser.open(f"/subscriptions/{held.subscription_id}{page}")
    assert browser.status == 200
    assert "E-CHANGES" in browser.text
    assert "Our sales team changes seats and plan of this subscription for you." in browser.text
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
        ("seat-changes", {"add": "2", "base": "10", "attempt": "att_of_a_test"}),
        ("plan-changes", {"plan": "scale", "seats": "10", "attempt": "att_of_a_test"}),
        ("renewal/seats", {"seats": "12", "base": "10", "attempt": "att_of_a_test"}),
        ("renewal/undo", {"attempt": "att_of_a_test"}),
    ):
        await browser.send(Form(action=f"{path}/{noun}", fields=fields))
        assert browser.status == 422, noun
        assert "E-CHANGES" in browser.text, noun
    assert (await subscription_of(shop, "acme")).seats == 10


async def test_no_page_leads_to_a_page_that_the_vendor_has_not(shop: Shop) -> None:
    browser = await owner(shop)
    held = await subscription_of(shop, "acme")
    await browser.open(f"/subscriptions/{held.subscription_id}")
    with pytest.raises(LookupError):
        browser.form("Change the card on file")
    await browser.open("/payment-methods")
    assert "No card is on file." in browser.text
    assert "To add or change a card, " in browser.text
    assert browser.link("talk to us").endswith("/sales")
    with pytest.raises(LookupError):
        browser.form("Add or remove a card")
    await browser.open("/invoices")
    with pytest.raises(LookupError):
        browser.form("Invoices on the payment provider's page")
    for path in ("/payment-methods/portal", "/invoices/portal"):
        await browser.send(Form(action=path, fields={"account": held.account_id}))
        assert browser.status == 404, path


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


async def test_who_is_charged_again_is_told_in_time(shop: Shop) -> None:
    await owner(shop)
    held = await subscription_of(shop, "acme")
    shop.clock.advance_business(held.ends_at - timedelta(days=10) - shop.clock.now())
    for _ in range(2):
        await worker.sweep(shop.deps)
        await settled(shop)
    (mail,) = await mails(shop, "renewal_notice")
    assert "Team for Acme, 10 seats, renews on 23 November 2027 for about 3,480.00 USD plus tax" in mail["text"]


async def test_renewal_is_turned_off_and_on_though_nothing_else_is_changed(shop: Shop) -> None:
    browser = await owner(shop)
    held = await subscription_of(shop, "acme")
    await browser.open(f"/subscriptions/{held.subscription_id}")
    await browser.open(browser.link("Renewal"))
    assert "Our sales team changes seats and plan of this subscription for you." in browser.text
    with pytest.raises(LookupError):
        browser.form("Renew with this number")
    await browser.press("Turn it off", reason="not_needed")
    assert (await subscription_of(shop, "acme")).cancel_at == held.ends_at
    assert "Automatic renewal is off: it ends on 23 November 2027" in browser.text
    await browser.press("Turn automatic renewal on")
    assert (await subscription_of(shop, "acme")).cancel_at is None
