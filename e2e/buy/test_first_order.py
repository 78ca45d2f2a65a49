"""The first order, from the plan page to the plan that is switched on: by mouse, without scripts, by keyboard alone."""

import re

import pytest
from playwright.sync_api import Page, expect

from e2e.buyer import (
    NEW_YORK,
    PAYS,
    agree,
    expect_at,
    expect_granted,
    expect_problem,
    expect_total,
    fill_address,
    grants,
    ordered,
)
from e2e.hands import Hands, Keyboard
from e2e.people import sign_in
from e2e.world import World

MOST_CLICKS = 9
MOST_FIELDS = 9
PAY = "Pay 3,788.85 USD and subscribe"


def test_a_first_order(page: Page, world: World) -> None:
    sign_in(page, world, "ann")
    page.goto("/")
    hands = Hands(page)
    choose_ten_seats(hands)
    fill_in(hands)
    expect_total(page, 378_885)
    hands.press(PAY)
    pay_at_the_vendor(hands, world)
    expect_granted(page)
    assert (hands.clicks, hands.fields) == (7, 4)
    assert hands.clicks <= MOST_CLICKS
    assert hands.fields <= MOST_FIELDS
    check_the_books(page, world)


@pytest.mark.javascript("off")
def test_a_first_order_without_scripts(page: Page, world: World) -> None:
    sign_in(page, world, "ann")
    page.goto("/")
    hands = Hands(page)
    hands.type("Seats", "10")
    hands.press("Update prices")
    expect_total(page, 348_000)
    hands.press("Buy Team")
    fill_in(hands)
    hands.press("Pay 3,480.00 USD and subscribe")
    # the tax of the address was not on the page yet: now it is, and nothing was charged
    expect_problem(page, "E-PRICE", "3,788.85 USD")
    expect_total(page, 378_885)
    assert ordered(world.charges()) == []
    hands.press(PAY)
    pay_at_the_vendor(hands, world)
    world.drain()
    page.goto(page.url)
    expect_granted(page)
    assert hands.clicks <= MOST_CLICKS + 1  # the states of a country come by a button
    check_the_books(page, world)


def test_a_first_order_by_keyboard(page: Page, world: World) -> None:
    page.goto("/login")
    hands = Keyboard(page)
    hands.press("Continue as ann")
    expect_at(page, world.store, "/")
    expect(page.get_by_role("contentinfo")).to_be_visible()  # the whole page is there to tab through
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    choose_ten_seats(hands)
    fill_in(hands)
    expect_total(page, 378_885)
    hands.press(PAY)
    pay_at_the_vendor(hands, world)
    expect_granted(page)
    check_the_books(page, world)


def choose_ten_seats(hands: Hands) -> None:
    hands.type("Seats", "10")
    expect_total(hands.page, 348_000)
    hands.press("Buy Team")


def fill_in(hands: Hands) -> None:
    expect(hands.page).to_have_url(re.compile("/checkouts/"))
    hands.choose("Which group is the plan for?", "Acme (7 members)")
    fill_address(hands, NEW_YORK)
    agree(hands)


def pay_at_the_vendor(hands: Hands, world: World) -> None:
    expect_at(hands.page, world.vendor, "/pay/")
    expect_total(hands.page, 378_885)
    hands.type_card(PAYS)
    hands.press("Pay 3,788.85 USD")
    expect_at(hands.page, world.store, "/orders/")


def check_the_books(page: Page, world: World) -> None:
    """The same number everywhere, once: charge, invoice, receipt, order page; and the group has what was bought."""
    world.drain()
    books = world.vendor_books()
    assert [charge["amount"] for charge in ordered(books["charges"])] == [378_885]
    (invoice,) = ordered(books["invoices"])
    assert (invoice["subtotal"], invoice["tax"], invoice["total"]) == (348_000, 30_885, 378_885)
    (receipt,) = [mail for mail in world.mails() if mail["kind"] == "receipt"]
    assert "Paid: 3,788.85 USD" in receipt["text"]
    acme = next(group for group in world.product_books()["groups"] if group["id"] == "acme")
    assert (acme["plan"], acme["seats"], len(grants(world, "acme"))) == ("team", 10, 1)
    page.goto("/orders")
    page.get_by_role("link", name="Team, hosted, 10 seats, for Acme").click()
    expect_total(page, 378_885)
    expect(page.get_by_text(receipt["order"])).to_be_visible()
