"""The vendor, the product or the sign-in is down: the page says so, nothing typed is lost, and it goes on by itself."""

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from e2e.buyer import (
    FOR_ACME,
    NEW_YORK,
    agree,
    expect_at,
    expect_granted,
    expect_problem,
    expect_total,
    fill_address,
    go_on_to_pay,
    ordered,
    pay,
    show_the_total,
)
from e2e.hands import Hands
from e2e.people import sign_in
from e2e.world import World

UNTIL_MENDED = 0


@pytest.mark.javascript("on", "off")
def test_the_vendor_is_down(page: Page, context: BrowserContext, world: World) -> None:
    sign_in(page, world, "ann")
    hands = Hands(page)
    page.goto(FOR_ACME)
    fill_address(hands, NEW_YORK)
    show_the_total(hands)
    agree(hands)
    expect_total(page, 378_885)
    world.break_vendor("any", "down", times=UNTIL_MENDED)
    checkout = page.url
    with page.expect_response(lambda answer: answer.request.method == "POST" and answer.url == checkout) as answered:
        hands.press_the_next_step()
    assert answered.value.status == 503
    expect_problem(page, "E-VENDOR", "We cannot take orders right now. Nothing was charged. Your choices are saved.")
    expect(page.get_by_label("Address line 1")).to_have_value(NEW_YORK.line1)
    expect(page.get_by_label("State")).to_have_value("NY")
    expect(page.locator("[data-total]")).to_have_count(0)
    plans = context.new_page()
    plans.goto("/plans?seats=10")
    expect(plans.get_by_text("E-VENDOR")).to_be_visible()
    expect_total(plans, 348_000)
    expect(plans.get_by_role("button", name="Buy Team")).to_have_count(0)
    world.mend()
    hands.press("Try again")
    expect_total(page, 378_885)
    expect(page.get_by_label("Address line 1")).to_have_value(NEW_YORK.line1)
    assert ordered(world.charges()) == []
    plans.get_by_role("button", name="Try again").click()
    expect(plans.get_by_role("button", name="Buy Team")).to_be_visible()


def test_the_vendor_takes_an_order_and_says_nothing(page: Page, world: World) -> None:
    """Nobody is told that it failed, or to pay again; the order's page says by itself that it is paid, once."""
    sign_in(page, world, "bob")
    hands = Hands(page)
    page.goto("/buy?plan=team&deployment=self_hosted&seats=10")
    expect_total(page, 378_885)
    agree(hands)
    world.break_vendor("buy", "timeout_after")
    hands.press("Pay 3,788.85 USD and subscribe")
    expect_at(page, world.store, "/orders/")
    expect(page.get_by_text("not been charged")).to_have_count(0)
    world.mend()
    world.advance("PT10M")
    expect_granted(page, "You have Team for 10 people")
    assert [row["amount"] for row in ordered(world.charges())] == [378_885]


@pytest.mark.javascript("on", "off")
def test_the_product_is_down_after_paying(page: Page, world: World, javascript: str) -> None:
    sign_in(page, world, "ann")
    go_on_to_pay(page, world)
    world.break_product("grant", "down", times=UNTIL_MENDED)
    pay(page)
    expect_at(page, world.store, "/orders/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Paid, being switched on")
    expect_total(page, 378_885)
    assert [row["amount"] for row in ordered(world.charges())] == [378_885]
    world.drain()
    expect(page.get_by_role("heading", level=1)).to_have_text("Paid, being switched on")
    world.mend()
    world.drain()
    if javascript == "off":
        Hands(page).press("Look again")
    expect_granted(page)
    if javascript == "on":
        expect(page.get_by_role("status")).to_have_text("Paid and switched on.")


@pytest.mark.vendors("embedded", why="signing in: no vendor takes part")
def test_nobody_is_sent_to_a_sign_in_that_is_down(page: Page, world: World) -> None:
    sign_in(page, world, "ann")  # what the store remembers of the sign-in is fresh
    page.goto("/")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    world.break_sign_in("any", "down", times=UNTIL_MENDED)
    page.goto(FOR_ACME)
    expect_at(page, world.store, "/login")
    expect_problem(page, "E-IDP")
    world.mend()
    Hands(page).press("Try again")
    page.get_by_role("button", name="Continue as ann").click()
    expect_at(page, world.store, "/checkouts/")


@pytest.mark.vendors("embedded", why="signing in: no vendor takes part")
def test_the_sign_in_is_down(page: Page, world: World) -> None:
    """A link by mail takes its place, once, and leads to the order that was begun."""
    hands = Hands(page)
    page.goto("/buy?plan=team&deployment=self_hosted&seats=12")
    world.break_sign_in("token", "down", times=UNTIL_MENDED)
    page.get_by_role("button", name="Continue as bob").click()
    expect_at(page, world.store, "/login/callback")
    expect_problem(page, "E-IDP")
    hands.press("Get a one-time link by e-mail")
    hands.type("E-mail address", "bob@globex.example")
    hands.press("Mail me a link")
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your mail")
    world.drain()
    (mail,) = [each for each in world.mails() if each["kind"] == "sign_in_link"]
    link = re.findall(r"http\S+/login/link/\S+", mail["text"])[0]
    page.goto(link)
    hands.press_the_next_step()
    expect_at(page, world.store, "/checkouts/")
    expect(page.get_by_label("Number of seats")).to_have_value("12")
    page.goto(link)
    expect_problem(page, "E-STATE")
