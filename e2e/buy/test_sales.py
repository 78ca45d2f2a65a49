"""Talking to a person instead: beside every "Buy", and the cart stays."""

import pytest
from playwright.sync_api import Page, expect

from e2e.buyer import FOR_ACME, expect_at, expect_problem, expect_total
from e2e.hands import Hands
from e2e.people import sign_in
from e2e.world import World


@pytest.mark.javascript("on", "off")
def test_ask_and_go_on_buying(page: Page, world: World) -> None:
    sign_in(page, world, "ann")
    hands = Hands(page)
    page.goto(FOR_ACME)
    hands.press("Talk to sales")
    expect(page.get_by_label("Seats (optional)")).to_have_value("10")
    hands.type("What would you like to know? (optional)", "Can we pay by invoice?\nFor three years?")
    hands.press("Send to sales")
    expect_problem(page, "E-INPUT", "Tick the box")
    expect(page.get_by_label("What would you like to know?")).to_have_value("Can we pay by invoice?\nFor three years?")
    hands.click(page.get_by_role("checkbox", name="Kassa may use these details to answer me."))
    hands.press("Send to sales")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your message is with our sales team")
    reference = page.locator("strong.reference").inner_text()
    world.drain()
    assert any(reference in mail["text"] for mail in world.mails())
    hands.press("Continue buying")
    expect_at(page, world.store, "/checkouts/")
    expect_total(page, 348_000)
