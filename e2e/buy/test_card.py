"""At the vendor's page: a refused card, a bank that asks or is silent; no money moves until it says yes, then once.

A vendor whose page leads back to the store has the refusal told there; one that takes another card itself tells it on
its own page (``expect_refused``). What the store holds and sells afterwards is the same.
"""

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from e2e.buyer import (
    ASKS_THE_BANK,
    DECLINED,
    EXPIRED,
    GIVES_NO_ANSWER,
    HAS_NO_MONEY,
    MISTYPED,
    PAYS,
    WRONG_CODE,
    agree,
    back_to_the_card,
    expect_at,
    expect_granted,
    expect_refused,
    expect_total,
    go_on_to_pay,
    grants,
    ordered,
    pay,
)
from e2e.hands import Hands, Keyboard
from e2e.people import sign_in
from e2e.world import World

REFUSED = {
    DECLINED: ("E-CARD-DECLINED", "Try another card or call the bank."),
    HAS_NO_MONEY: ("E-CARD-FUNDS", "not enough money"),
    EXPIRED: ("E-CARD-EXPIRED", "expired"),
    WRONG_CODE: ("E-CARD-CVC", "security code"),
}


@pytest.mark.parametrize("numbers", [(DECLINED, HAS_NO_MONEY), (EXPIRED, WRONG_CODE)], ids=["bank", "card"])
def test_refused_cards_and_another_one(
    page: Page, context: BrowserContext, world: World, numbers: tuple[str, str]
) -> None:
    sign_in(page, world, "ann")
    go_on_to_pay(page, world)
    for number in numbers:
        pay(page, number)
        expect_refused(page, world, *REFUSED[number])
        assert ordered(world.charges()) == []
        orders = context.new_page()
        orders.goto("/orders")
        expect(orders.get_by_role("button", name="Continue to payment")).to_have_count(1)
        back_to_the_card(page, world)
    pay(page)
    expect_granted(page)
    check_sold_once(world)


@pytest.mark.javascript("off")
def test_a_refused_card_and_another_one_by_keyboard_without_scripts(page: Page, world: World) -> None:
    sign_in(page, world, "ann")
    go_on_to_pay(page, world)
    hands = Keyboard(page)
    hands.type_card(DECLINED)
    hands.press_the_next_step()
    expect_refused(page, world, *REFUSED[DECLINED])
    back_to_the_card(page, world)
    hands.type_card(PAYS)
    hands.press_the_next_step()
    expect_at(page, world.store, "/orders/")
    world.drain()
    page.goto(page.url)
    expect_granted(page)
    check_sold_once(world)


def test_a_card_that_cannot_be_read(page: Page, world: World) -> None:
    """The vendor's page says so itself; there another one pays."""
    sign_in(page, world, "ann")
    go_on_to_pay(page, world)
    Hands(page).press_the_next_step()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page).to_have_title(re.compile("^Error: "))
    pay(page, MISTYPED)
    expect(page.get_by_role("alert")).to_contain_text("Nothing was charged")
    expect_at(page, world.vendor, "/pay/")
    expect_total(page, 378_885)
    assert ordered(world.charges()) == []
    pay(page)
    expect_granted(page)
    check_sold_once(world)


@pytest.mark.vendors("embedded", why="how that vendor's own page leads to the mistake and keeps what was typed")
def test_the_vendor_s_page_leads_to_the_mistake(page: Page, world: World) -> None:
    sign_in(page, world, "ann")
    go_on_to_pay(page, world)
    pay(page, MISTYPED)
    expect(page.get_by_role("alert")).to_be_focused()
    page.get_by_role("alert").get_by_role("link").first.click()
    expect(page.get_by_label("Card number")).to_be_focused()
    expect(page.get_by_label("Name on the card")).to_have_value("Ann Archer")


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
    back_to_the_card(page, world)
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
    expect_granted(page)
    check_sold_once(world)


def test_the_buyer_comes_back_without_having_paid(page: Page, world: World) -> None:
    """Refused, and gone back to the store: everything chosen is there, nothing was charged, and another card pays."""
    sign_in(page, world, "ann")
    go_on_to_pay(page, world)
    pay(page, DECLINED)
    expect_refused(page, world, *REFUSED[DECLINED])
    if page.url.startswith(world.vendor):
        page.get_by_role("link", name="Back to the store").click()
    expect_at(page, world.store, "/checkouts/")
    expect_total(page, 378_885)
    expect(page.get_by_label("Number of seats")).to_have_value("10")
    hands = Hands(page)
    agree(hands)
    hands.press("Pay 3,788.85 USD and subscribe")
    expect_at(page, world.vendor, "/pay/")
    pay(page)
    expect_granted(page)
    check_sold_once(world)


def test_a_bank_that_answers_late(page: Page, world: World) -> None:
    """Who pays is told to wait, then what the bank said; the same page or another one takes the next card."""
    sign_in(page, world, "ann")
    go_on_to_pay(page, world)
    pay(page, GIVES_NO_ANSWER)
    waits = page.get_by_role("heading", level=1, name="We are confirming your payment").or_(
        page.get_by_role("heading", level=1, name="Your bank has not answered yet")
    )
    expect(waits).to_be_visible()
    if page.url.startswith(world.vendor):
        world.advance("PT5M")
        page.get_by_role("link", name="Look again").click()
        expect_refused(page, world, *REFUSED[DECLINED])
    else:
        told_where_the_reader_is(page, world)
        assert ordered(world.charges()) == []
        Hands(page).press("Continue to payment of 3,788.85 USD")
    pay(page)
    expect_granted(page)
    check_sold_once(world)


def told_where_the_reader_is(page: Page, world: World) -> None:
    """The order's page tells the bank's answer by itself, and leaves the focus where it is."""
    help_link = page.get_by_role("link", name="Talk to us")
    help_link.focus()
    world.advance("PT5M")
    expect(page.get_by_role("alert")).to_contain_text("E-CARD-DECLINED")
    expect(page).to_have_title(re.compile("^Error: "))
    expect(help_link).to_be_focused()


def check_sold_once(world: World) -> None:
    """One order is charged and invoiced with 3,788.85, and Acme has what it bought, once."""
    world.drain()
    books = world.vendor_books()
    assert [row["amount"] for row in ordered(books["charges"])] == [378_885]
    assert [row["amount_paid"] for row in ordered(books["invoices"]) if row["amount_paid"]] == [378_885]
    assert {row["order"] for row in ordered(books["charges"])} == {
        row["order"] for row in ordered(books["invoices"]) if row["amount_paid"]
    }
    assert len(grants(world, "acme")) == 1
