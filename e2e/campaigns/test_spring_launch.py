"""A link in a mail, opened in a browser: the discount is there at once, through sign-in, to the invoice."""

import pytest
from playwright.sync_api import Page, expect

from e2e.accessibility import check_page
from e2e.buyer import (
    NEW_YORK,
    agree,
    expect_at,
    expect_granted,
    expect_problem,
    expect_total,
    fill_address,
    ordered,
    pay,
    show_the_total,
)
from e2e.hands import Hands, held
from e2e.looks import check_looks
from e2e.world import World

IN_SPRING = "2027-03-15T09:00:00Z"
LINK = "/c/spring-launch?utm_source=mail"
TERMS = "Applies once, to the first year of a new Team subscription. Renewal is at list price."
PAY = "Pay 3,031.08 USD and subscribe"


@pytest.mark.javascript("on", "off")
def test_one_link_sells(page: Page, world: World) -> None:
    """2,784.00 + 247.08 = 3,031.08, and not one character typed into the promo field."""
    world.set_clock(IN_SPRING)
    page.goto(LINK)
    expect_at(page, world.store, "/plans?plan=team&seats=10")
    expect_total(page, 278_400)
    expect(page.get_by_text("20% off your first year of Team", exact=True)).to_be_visible()
    expect(page.get_by_text(TERMS, exact=True)).to_be_visible()
    expect(page.locator("s").filter(has_text="3,480.00")).to_be_visible()
    hands = Hands(page)
    hands.press("Buy Team")
    hands.press("Continue as ann")
    expect(page.get_by_text("Spring launch 2027 applies: 20% off the first year").last).to_be_visible()
    hands.choose("Which group is the plan for?", "Acme (7 members)")
    fill_address(hands, NEW_YORK)
    show_the_total(hands)
    agree(hands)
    expect_total(page, 303_108)
    expect(page.get_by_text("Renews on 15 March 2028 at 3,788.85 USD")).to_be_visible()
    expect(page.locator("#code")).to_have_value("")
    hands.press(PAY)
    expect_at(page, world.vendor, "/pay/")
    pay(page)
    world.drain()
    page.goto(page.url)
    expect_granted(page)
    (invoice,) = ordered(world.vendor_books()["invoices"])
    assert [invoice[name] for name in ("subtotal", "discount", "tax", "total")] == [348_000, 69_600, 24_708, 303_108]
    (charge,) = ordered(world.charges())
    assert charge["amount"] == 303_108


def test_the_promo_field(page: Page, world: World) -> None:
    """Typed details stay, a wrong code stays in the field and says why, and a chip can be removed."""
    world.set_clock(IN_SPRING)
    page.goto("/buy?plan=team&group=acme&seats=10")
    hands = Hands(page)
    hands.press("Continue as ann")
    hands.type("Town or city", "New York")
    page.get_by_text("Have a promo code?").click()
    hands.type("Promo code", "NOSUCHCODE")
    page.keyboard.press("Enter")
    expect(page.locator("#code-error")).to_contain_text("This code is not valid. Check it and try again.")
    expect(page.locator("#status")).to_contain_text("This code is not valid.")
    expect(page.locator("#code")).to_have_value("NOSUCHCODE")
    expect_total(page, 348_000)
    hands.type("Promo code", "launch-20")
    hands.press("Apply")
    expect_total(page, 278_400)
    expect(page.locator("#code")).to_be_hidden()
    expect(page.locator("#code")).to_have_value("")
    expect(page.get_by_label("Town or city")).to_have_value("New York")
    check_page(page)
    hands.press("Remove LAUNCH20")
    expect_total(page, 348_000)


def test_the_promo_field_stays_as_it_is_while_the_total_changes(page: Page, world: World) -> None:
    """The answer to the country's change comes late: the field that was opened meanwhile is not closed again."""
    page.goto("/buy?plan=team&group=acme&seats=10")
    hands = Hands(page)
    hands.press("Continue as ann")
    with held(page, "**/address"):
        with page.expect_request("**/address"):
            hands.choose("Country", "Germany")
        page.get_by_text("Have a promo code?").click()
        hands.type("Promo code", "LAUNCH20")
    expect_total(page, 414_120)
    expect(page.locator("#code")).to_be_visible()
    expect(page.locator("#code")).to_have_value("LAUNCH20")


@pytest.mark.javascript("on", "off")
def test_a_code_left_in_the_field_is_applied_by_the_button(page: Page, world: World, javascript: str) -> None:
    """Nothing is charged at another price than was seen, and a wrong code does not stand in the way."""
    world.set_clock(IN_SPRING)
    page.goto("/buy?plan=team&group=acme&seats=10")
    hands = Hands(page)
    hands.press("Continue as ann")
    fill_address(hands, NEW_YORK)
    if javascript == "off":
        hands.press("Update the total")
    agree(hands)
    expect_total(page, 378_885)
    page.get_by_text("Have a promo code?").click()
    hands.type("Promo code", "LAUNCH20")
    hands.press("Pay 3,788.85 USD and subscribe")
    expect_problem(page, "E-PRICE", "the total is now 3,031.08 USD")
    expect(page.get_by_label("Town or city")).to_have_value("New York")
    assert ordered(world.charges()) == []
    page.get_by_text("Have a promo code?").click()
    hands.type("Promo code", "NOSUCHCODE")
    hands.press(PAY)
    expect_problem(page, "E-PROMO-UNKNOWN", "This code is not valid.")
    expect(page.get_by_label("Promo code")).to_have_value("NOSUCHCODE")
    hands.press(PAY)
    expect_at(page, world.vendor, "/pay/")


@pytest.mark.javascript("off")
def test_without_scripts_applying_a_code_keeps_what_was_typed(page: Page, world: World, javascript: str) -> None:
    world.set_clock(IN_SPRING)
    page.goto("/buy?plan=team&group=acme&seats=10")
    hands = Hands(page)
    hands.press("Continue as ann")
    fill_address(hands, NEW_YORK)
    page.get_by_text("Have a promo code?").click()
    hands.type("Promo code", "LAUNCH20")
    hands.press("Apply")
    expect_total(page, 303_108)
    expect(page.get_by_label("Town or city")).to_have_value("New York")
    check_looks(page)
    hands.type("Town or city", "Albany")
    hands.press("Remove LAUNCH20")
    expect(page.get_by_label("Town or city")).to_have_value("Albany")
    page.get_by_text("Have a promo code?").click()
    hands.type("Promo code", "launch 20")
    hands.press("Update the total")
    expect_total(page, 303_108)
