"""At the vendor's page: a declined card, a bank that asks; no money moves until it says yes, and then once."""

import re

import pytest
from playwright.sync_api import Page, expect

from e2e.buyer import (
    ASKS_THE_BANK,
    DECLINED,
    GIVES_NO_ANSWER,
    agree,
    expect_at,
    expect_granted,
    expect_problem,
    expect_refused,
    expect_total,
    go_on_to_pay,
    ordered,
    pay,
)
from e2e.hands import Hands
from e2e.people import sign_in
from e2e.world import World


def test_a_declined_card_and_another_one(page: Page, world: World) -> None:
    sign_in(page, world, "ann")
    go_on_to_pay(page, world)
    pay(page, DECLINED)
    expect_at(page, world.store, "/checkouts/")
    expect_problem(page, "E-CARD-DECLINED", "Try another card or call the bank.")
    expect(page.locator(".error-summary")).to_contain_text("You have not been charged.")
    expect_total(page, 378_885)
    assert ordered(world.charges()) == []
    hands = Hands(page)
    agree(hands)
    hands.press("Pay 3,788.85 USD and subscribe")
    expect_at(page, world.vendor, "/pay/")
    pay(page)
    expect_granted(page)
    assert paid_orders(world) == 1


def test_what_the_vendor_cannot_read(page: Page, world: World) -> None:
    sign_in(page, world, "ann")
    go_on_to_pay(page, world)
    pay(page, "4242 4242 4242 4241")
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was charged.")
    page.get_by_role("alert").get_by_role("link").first.click()
    expect(page.get_by_label("Card number")).to_be_focused()
    expect(page.get_by_label("Name on the card")).to_have_value("Ann Archer")


@pytest.mark.vendors("embedded", "stripe")
@pytest.mark.javascript("on", "off")
def test_the_bank_asks(page: Page, world: World) -> None:
    """Failed, tried again, left alone, taken up again from the orders, and completed."""
    sign_in(page, world, "ann")
    hands = Hands(page)
    go_on_to_pay(page, world)
    pay(page, ASKS_THE_BANK)
    expect(page.get_by_role("heading", level=1)).to_have_text("Your bank asks: is it you?")
    expect_at(page, world.vendor, "/")
    hands.press("Fail")
    expect_refused(page, world, "E-CARD-AUTH", "The bank's check was not completed.")
    agree(hands)
    hands.press("Pay 3,788.85 USD and subscribe")
    pay(page, ASKS_THE_BANK)
    expect(page.get_by_role("heading", level=1)).to_have_text("Your bank asks: is it you?")
    assert ordered(world.charges()) == []
    page.goto(f"{world.store}/orders")
    hands.click(page.get_by_role("button", name="Continue to payment"))
    expect_at(page, world.vendor, "/pay/")
    hands.press("Continue with the bank’s check")
    hands.press("Complete")
    expect_at(page, world.store, "/orders/")
    world.drain()
    page.goto(page.url)
    expect(page.get_by_role("heading", level=1)).to_contain_text("You have Team for 10 people")
    assert paid_orders(world) == 1


def test_a_bank_that_answers_late(page: Page, world: World) -> None:
    """The order's page says to wait, and tells the bank's answer by itself, wherever the reader is on it."""
    sign_in(page, world, "ann")
    go_on_to_pay(page, world)
    pay(page, GIVES_NO_ANSWER)
    expect_at(page, world.store, "/orders/")
    expect(page.get_by_role("heading", level=1)).to_have_text("We are confirming your payment")
    help_link = page.get_by_role("link", name="Talk to us")
    help_link.focus()
    world.advance("PT5M")
    expect(page.get_by_role("alert")).to_contain_text("E-CARD-DECLINED")
    expect(page).to_have_title(re.compile("^Error: "))
    expect(help_link).to_be_focused()
    assert ordered(world.charges()) == []
    Hands(page).press("Continue to payment of 3,788.85 USD")
    pay(page)
    expect_granted(page)
    assert paid_orders(world) == 1


def paid_orders(world: World) -> int:
    """Return how many orders the books hold a charge and a paid invoice of 3,788.85 for."""
    books = world.vendor_books()
    charged = {row["order"] for row in ordered(books["charges"]) if row["amount"] == 378_885}
    assert charged == {row["order"] for row in ordered(books["invoices"]) if row["amount_paid"] == 378_885}
    assert len(ordered(books["charges"])) == len(charged)
    return len(charged)
