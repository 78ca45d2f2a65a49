"""Every page of the buying path in every state: no violation of WCAG, light and dark; nothing too wide for a phone."""

import re

import pytest
from playwright.sync_api import Page, expect

from e2e.buyer import (
    ASKS_THE_BANK,
    DECLINED,
    FOR_ACME,
    NEW_YORK,
    agree,
    back_to_the_card,
    expect_at,
    expect_granted,
    expect_problem,
    expect_refused,
    expect_total,
    fill_address,
    go_on_to_pay,
    pay,
)
from e2e.hands import Hands
from e2e.looks import check_looks
from e2e.people import sign_in
from e2e.world import World

UNTIL_MENDED = 0


def test_plans(page: Page, world: World) -> None:
    for link in ("/", "/plans?deployment=self_hosted&plan=scale&seats=5001&currency=eur", "/plans?plan=gold&seats=ten"):
        page.goto(link)
        check_looks(page)
    page.goto(world.product)
    check_looks(page)


@pytest.mark.vendors("embedded", why="signing in: no vendor takes part")
def test_signing_in(page: Page, world: World) -> None:
    page.goto("/login")
    check_looks(page, is_flow=False)  # one button for each person
    page.goto("/login/link")
    check_looks(page)
    hands = Hands(page)
    hands.press("Mail me a link")
    expect_problem(page, "E-INPUT")
    check_looks(page)
    hands.type("E-mail address", "ann@acme.example")
    hands.press("Mail me a link")
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your mail")
    check_looks(page)
    world.drain()
    (mail,) = [each for each in world.mails() if each["kind"] == "sign_in_link"]
    page.goto(re.findall(r"http\S+/login/link/\S+", mail["text"])[0])
    check_looks(page)


def test_the_checkout(page: Page, world: World) -> None:
    sign_in(page, world, "ann")
    hands = Hands(page)
    page.goto("/buy?plan=team&seats=3")
    check_looks(page)
    hands.press_the_next_step()
    expect_problem(page, "E-INPUT")
    check_looks(page)
    hands.choose("Which group is the plan for?", "Zen (14 members)")
    fill_address(hands, NEW_YORK)
    expect(page.get_by_role("region", name="Seats")).to_contain_text("E-SEATS-LOW")
    check_looks(page)
    world.break_vendor("any", "down", times=UNTIL_MENDED)
    page.reload()
    expect_problem(page, "E-VENDOR")
    check_looks(page)
    page.goto("/plans")
    check_looks(page)
    world.mend()
    page.goto("/buy?plan=team&group=globex")
    expect_problem(page, "E-OWNER")
    check_looks(page)


def test_a_returning_buyer_s_checkout(page: Page, world: World) -> None:
    sign_in(page, world, "bob")
    page.goto("/buy?plan=scale&deployment=self_hosted&seats=5000")
    expect(page.get_by_role("radio", name="Visa ending 4242")).to_be_checked()
    check_looks(page)
    page.goto("/buy?plan=team&group=globex")
    expect_problem(page, "E-HASPLAN")
    check_looks(page)


def test_paying_and_the_order(page: Page, world: World) -> None:
    sign_in(page, world, "ann")
    page.goto("/orders")
    check_looks(page)
    go_on_to_pay(page, world, f"{FOR_ACME}&return_to={world.product}/groups/acme")
    check_looks(page)
    hands = Hands(page)
    hands.press_the_next_step()
    expect(page.get_by_role("alert")).to_be_visible()
    check_looks(page)
    pay(page, DECLINED)
    expect_refused(page, world, "E-CARD-DECLINED", "Try another card or call the bank.")
    check_looks(page)
    back_to_the_card(page, world)
    pay(page, ASKS_THE_BANK)
    expect(page.get_by_role("heading", level=1)).to_have_text("Your bank asks: is it you?")
    check_looks(page)
    page.goto(f"{world.store}/orders")
    check_looks(page, is_flow=False)
    page.get_by_role("link", name="Team, hosted, 10 seats, for Acme").click()
    expect_at(page, world.store, "/orders/O-")
    check_looks(page)
    hands.press_the_next_step()
    expect_at(page, world.vendor, "/pay/")
    world.break_product("grant", "down", times=UNTIL_MENDED)
    page.get_by_role("link", name="Continue with the bank’s check").click()
    hands.press("Complete")
    expect(page.get_by_role("heading", level=1)).to_have_text("Paid, being switched on")
    check_looks(page)
    world.mend()
    world.drain()
    expect_granted(page)
    check_looks(page)
    hands.press("Back to the product")
    expect_at(page, world.product, "/groups/acme")
    check_looks(page, is_flow=False)
    receipt = next(mail["text"] for mail in world.mails() if mail["kind"] == "receipt")
    invoice = page.request.get(re.findall(rf"{re.escape(world.vendor)}/\S+", receipt)[0])
    assert invoice.ok
    if "html" in invoice.headers["content-type"]:  # there are vendors whose invoice is a file
        page.goto(invoice.url)
        check_looks(page)


def test_the_activation_code(page: Page, world: World) -> None:
    sign_in(page, world, "bob")
    page.goto("/buy?plan=team&deployment=self_hosted&seats=10")
    expect_total(page, 378_885)
    agree(Hands(page))
    Hands(page).press_the_next_step()
    expect(page.locator("#activation-code")).to_be_visible()
    check_looks(page)


@pytest.mark.vendors("embedded", why="talking to sales, addresses that are not there, signing in: no vendor takes part")
def test_sales_and_problems(page: Page, world: World) -> None:
    page.goto("/sales?plan=team&seats=300")
    check_looks(page)
    hands = Hands(page)
    hands.press("Send to sales")
    expect_problem(page, "E-INPUT")
    check_looks(page)
    hands.type("Your name", "Ann Archer")
    hands.type("E-mail address", "ann@acme.example")
    hands.click(page.get_by_role("checkbox"))
    hands.press("Send to sales")
    expect(page.get_by_text("Your reference is")).to_be_visible()
    check_looks(page)
    for link, code in (("/nothing-here", "E-GONE"), ("/login/callback?state=x&code=y", "E-STATE")):
        page.goto(link)
        expect_problem(page, code)
        check_looks(page)
    world.break_sign_in("token", "down", times=UNTIL_MENDED)
    page.goto("/login")
    page.get_by_role("button", name="Continue as ann").click()
    expect_problem(page, "E-IDP")
    check_looks(page)
