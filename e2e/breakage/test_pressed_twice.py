"""Pressed twice, reloaded, in two tabs, gone back, told three times out of order: one order, one charge, one grant."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from e2e.buyer import (
    FOR_ACME,
    NEW_YORK,
    PAYS,
    agree,
    expect_at,
    expect_granted,
    expect_total,
    fill_address,
    go_on_to_pay,
    grants,
    ordered,
    show_the_total,
)
from e2e.hands import Hands
from e2e.people import sign_in
from e2e.world import World

PAY = "Pay 3,788.85 USD and subscribe"


@pytest.mark.javascript("on", "off")
def test_an_impatient_buyer(page: Page, context: BrowserContext, world: World) -> None:
    world.disturb_webhooks(duplicate=3, shuffle=True)
    sign_in(page, world, "ann")
    hands = Hands(page)
    page.goto(FOR_ACME)
    fill_address(hands, NEW_YORK)
    show_the_total(hands)
    agree(hands)
    expect_total(page, 378_885)
    checkout, other = page.url, context.new_page()
    other.goto(checkout)
    agree(Hands(other))
    page.get_by_role("button", name=PAY).dblclick(delay=20)
    expect_at(page, world.vendor, "/pay/")
    other.get_by_role("button", name=PAY).click()
    expect(other).to_have_url(page.url)
    payment = page.url
    hands.type_card(PAYS)
    page.get_by_role("button", name="Pay 3,788.85 USD").dblclick(delay=20)
    expect_at(page, world.store, "/orders/")
    Hands(other).type_card(PAYS)
    other.get_by_role("button", name="Pay 3,788.85 USD").click()
    expect(other.get_by_label("Card number")).to_have_count(0)  # the vendor has answered the other tab as well
    world.drain()
    page.reload()
    expect_granted(page)
    other.goto(payment)
    expect(other.get_by_role("heading", level=1)).to_have_text("This is paid")
    other.goto(checkout)
    expect(other).to_have_url(page.url)
    check_once(world)


def test_back_after_paying(page: Page, world: World) -> None:
    sign_in(page, world, "ann")
    go_on_to_pay(page, world)
    hands = Hands(page)
    hands.type_card(PAYS)
    hands.press("Pay 3,788.85 USD")
    expect_granted(page)
    order = page.url
    page.go_back()
    expect_at(page, world.vendor, "/pay/")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("This is paid")
    page.go_back()
    expect(page).to_have_url(order)
    expect_granted(page)
    check_once(world)


def check_once(world: World) -> None:
    world.drain()
    books = world.vendor_books()
    assert [row["amount"] for row in ordered(books["charges"])] == [378_885]
    assert [row["total"] for row in ordered(books["invoices"])] == [378_885]
    assert len(ordered(books["subscriptions"])) == 1
    assert len(grants(world, "acme")) == 1
    assert len([mail for mail in world.mails() if mail["kind"] == "receipt"]) == 1
