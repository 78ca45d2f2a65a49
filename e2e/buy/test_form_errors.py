"""A form with mistakes comes back with each of them named, the focus on the summary, and everything that was typed."""

import pytest
from playwright.sync_api import Page, expect

from e2e.buyer import FOR_ACME, NEW_YORK, agree, expect_problem, expect_total
from e2e.hands import Hands
from e2e.people import sign_in
from e2e.world import World


@pytest.mark.javascript("on", "off")
def test_each_mistake_is_told_at_its_field(page: Page, world: World, javascript: str) -> None:
    sign_in(page, world, "ann")
    page.goto(FOR_ACME)
    hands = Hands(page)
    hands.press_the_next_step()
    expect_problem(page, "E-INPUT", "Choose the country of the billing address.")
    expect_problem(page, "E-INPUT", "Tick the box to agree to the terms.")
    hands.choose("Country", "United States")
    if javascript == "on":
        expect(page.get_by_label("State")).to_be_visible()
        expect(page.get_by_text("Choose the country of the billing address.")).to_have_count(0)
    hands.type("Full name", "")
    hands.type("E-mail for receipts", "ann at acme")
    hands.type("Town or city", "New York")
    hands.type("Postal code", "EC1A 1BB")
    agree(hands)
    hands.press_the_next_step()
    expect_problem(page, "E-INPUT", "Enter your full name.")
    expect_problem(page, "E-INPUT", "Enter the street and number.")
    expect_problem(page, "E-ADDR-REGION", "Choose a state: your bank checks it.")
    expect_problem(page, "E-ADDR-POST", "This postal code does not look right for United States.")
    expect(page.locator(".error-summary")).to_contain_text("You have not been charged.")
    expect(page.get_by_label("E-mail for receipts")).to_have_value("ann at acme")
    expect(page.get_by_label("Postal code")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Postal code")).to_have_accessible_description(
        "Error: This postal code does not look right for United States. E-ADDR-POST"
    )
    expect(page.get_by_role("checkbox", name="I agree")).to_be_checked()
    page.locator(".error-summary").get_by_role("link", name="Choose a state").click()
    expect(page.get_by_label("State")).to_be_focused()
    hands.choose("State", "New York")
    hands.type("Full name", "Ann Archer")
    hands.type("E-mail for receipts", "ann@acme.example")
    hands.type("Address line 1", NEW_YORK.line1)
    hands.type("Postal code", NEW_YORK.postal_code)
    hands.type("Number of seats", "5001")
    hands.press_the_next_step()
    expect_problem(page, "E-SEATS-MAX", "You can buy up to 5,000 seats here.")
    hands.type("Number of seats", "10")
    if javascript == "off":
        hands.press("Show the price")
    expect_total(page, 378_885)
