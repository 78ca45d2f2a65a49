"""The account's pages in a real browser: readable by everybody, on any screen, and a colleague who joins by mail."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from e2e.looks import check_looks
from e2e.people import sign_in
from e2e.world import World

PAGES = ("/account", "/invoices", "/payment-methods", "/history")


@pytest.mark.parametrize("person", ["bob", "dan"])
def test_every_page_is_for_everybody(page: Page, world: World, person: str) -> None:
    sign_in(page, world, person)
    for path in PAGES:
        page.goto(path)
        check_looks(page, is_flow=False)


@pytest.mark.javascript("on", "off")
def test_a_card_is_added_on_the_vendors_page(page: Page, world: World, javascript: str) -> None:
    sign_in(page, world, "bob")
    page.goto("/payment-methods")
    page.get_by_role("button", name="Add or remove a card").click()
    expect(page).to_have_url(re.compile(rf"^{re.escape(world.vendor)}/portal/"))
    page.locator("[name=cc-number]").fill("4000 0000 0000 0341")
    page.locator("[name=cc-exp]").fill("12/30")
    page.locator("[name=cc-csc]").fill("123")
    page.locator("[name=cc-name]").fill("Bob Baker")
    page.get_by_role("button", name="Add this card").click()
    expect(page.get_by_text("0341").first).to_be_visible()
    page.goto("/payment-methods")
    to_be_default = page.get_by_role("button", name=re.compile("Set as default.*0341"))
    if to_be_default.count():  # there are vendors for which the newest card is the default
        to_be_default.click()
    expect(page.locator("li", has_text="0341")).to_contain_text("Default")


def test_a_colleague_joins_by_mail(page: Page, browser: Browser, world: World) -> None:
    sign_in(page, world, "bob")
    page.goto("/account")
    page.get_by_label("Invite a colleague").fill("dan@dan.example")
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_text("The invitation is on its way.").first).to_be_visible()
    world.drain()
    (mail,) = [mail for mail in world.mails() if mail["to"] == "dan@dan.example"]
    found = re.search(r"http://\S+/invites/\S+", mail["text"])
    assert found
    with browser.new_context(base_url=world.store) as context:
        dan = context.new_page()
        dan.goto(found.group(0))  # by way of the one sign-in, and back to the invitation
        dan.get_by_role("button", name="Continue as dan").click()
        dan.get_by_role("button", name="Accept the invitation").click()
        expect(dan.get_by_role("heading", level=1)).to_have_text("Globex")
        expect(dan.get_by_text("Dan Draper (you)")).to_be_visible()
