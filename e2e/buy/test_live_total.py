"""The total follows what is chosen, at once, and is told aloud; what was typed stays, and so does the focus."""

import re

import pytest
from playwright.sync_api import Page, expect

from e2e.buyer import FOR_ACME, agree, expect_total
from e2e.hands import Hands, held
from e2e.people import sign_in
from e2e.world import World


def test_seats_and_place_change_the_total(page: Page, world: World) -> None:
    sign_in(page, world, "ann")
    page.goto("/buy?plan=team&group=acme&seats=4&currency=eur")
    hands = Hands(page)
    summary, told = page.get_by_role("complementary", name="Your order"), page.get_by_role("status")
    expect(summary).to_contain_text("after the address")
    hands.type("Full name", "Ånn O’Archer 李")
    agree(hands)
    page.get_by_role("region", name="Seats").get_by_role("button", name="One more").click()
    expect_total(page, 162_000, "eur")
    expect(told).to_have_text("Total today: 1,620.00 EUR plus tax.")
    hands.choose("Country", "Germany")
    expect_total(page, 192_780, "eur")
    expect(summary).to_contain_text(re.compile(r"Tax( 19 %)?307\.80"))  # the rate where the vendor tells it
    expect(told).to_have_text("Total today: 1,927.80 EUR.")
    expect(page.get_by_role("button", name="Pay 1,927.80 EUR and subscribe")).to_be_visible()
    hands.choose("Country", "Austria")
    hands.type("VAT number (optional)", "ATU 13585627")
    page.keyboard.press("Tab")
    expect_total(page, 162_000, "eur")
    expect(summary).to_contain_text("VAT 0 %, reverse charge")
    hands.type("VAT number (optional)", "ATU 00000000")
    page.keyboard.press("Tab")
    expect_total(page, 192_780, "eur")
    expect(page.get_by_role("region", name="Company and billing address")).to_contain_text("E-TAXID")
    hands.choose("Country", "Canada")
    expect(page.get_by_label("Province")).to_be_visible()
    expect(page.get_by_label("Full name")).to_have_value("Ånn O’Archer 李")
    expect(page.get_by_role("checkbox", name="I agree")).to_be_checked()


def test_typing_goes_on_while_the_total_changes(page: Page, world: World) -> None:
    """A number that is half typed is told beside the field, and the next digit still goes into it."""
    sign_in(page, world, "ann")
    page.goto(FOR_ACME)
    seats = page.get_by_label("Number of seats")
    seats.press("End")
    for _ in "10":
        page.keyboard.press("Backspace")
    expect(page.get_by_role("region", name="Seats")).to_contain_text("E-SEATS")
    expect(seats).to_be_focused()
    page.keyboard.type("5")
    expect_total(page, 5 * 34_800)
    expect(page.get_by_role("region", name="Seats")).to_contain_text("'acme' has 7 members. With 5 seats")
    expect(seats).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.type("000")
    expect_total(page, 5000 * 34_800)
    page.get_by_role("region", name="Seats").get_by_role("button", name="One more").click()
    expect(seats).to_have_value("5000")


def test_what_is_typed_under_way_is_kept(page: Page, world: World) -> None:
    """The answer to the country's change comes late: what was typed and ticked meanwhile stays."""
    sign_in(page, world, "ann")
    page.goto(FOR_ACME)
    hands = Hands(page)
    with held(page, "**/address"):
        with page.expect_request("**/address"):
            hands.choose("Country", "France")
        hands.type("Postal code", "75002")
        hands.type("Address line 1", "5 rue de la Paix")
        agree(hands)
    expect_total(page, 414_120)
    expect(page.get_by_label("VAT number (optional)")).to_be_visible()
    expect(page.get_by_label("Postal code")).to_have_value("75002")
    expect(page.get_by_label("Address line 1")).to_have_value("5 rue de la Paix")
    expect(page.get_by_role("checkbox", name="I agree")).to_be_checked()
    expect(page.get_by_role("checkbox", name="I agree")).to_be_focused()


def test_quick_changes_are_told_in_turn(page: Page, world: World) -> None:
    """Something changes while the country's total is still under way: the last word counts."""
    sign_in(page, world, "ann")
    page.goto("/buy?plan=team&deployment=self_hosted&seats=5")
    hands = Hands(page)
    with held(page, "**/address"):
        with page.expect_request("**/address"):
            hands.choose("Country", "Germany")
        hands.type("How many active users has your instance? (optional)", "9")
        page.keyboard.press("Tab")
    expect_total(page, 207_060)
    expect(page.get_by_role("region", name="Seats")).to_contain_text("With 5 seats you will be 4 over.")
    page.reload()
    expect(page.get_by_label("How many active users has your instance? (optional)")).to_have_value("9")


def test_a_country_chosen_before_scripts_have_come(page: Page, world: World) -> None:
    sign_in(page, world, "ann")
    with held(page, "**/*.js*"):
        page.goto(FOR_ACME, wait_until="commit")
        page.get_by_label("Country").select_option(label="United States")
    expect(page.get_by_label("State")).to_be_visible()


@pytest.mark.javascript("on", "off")
def test_the_plan_page_says_what_it_put_right(page: Page, world: World) -> None:
    for seats, code, shown in (
        ("0", "E-SEATS", "1"),
        ("5001", "E-SEATS-MAX", "5000"),
        ("ten", "E-SEATS", "1"),
        ("1.5", "E-SEATS", "1"),
    ):
        page.goto(f"/plans?seats={seats}")
        expect(page.get_by_text(code, exact=True)).to_be_visible()
        expect(page.get_by_label("Seats")).to_have_value(shown)
    page.goto("/plans?plan=gold")
    expect(page.get_by_text("There is no plan called “gold”.")).to_be_visible()
    page.get_by_role("link", name="Self-hosted").click()
    expect(page.get_by_role("link", name="Self-hosted")).to_have_attribute("aria-current", "page")
    page.get_by_role("link", name="EUR").click()
    expect(page).to_have_url(re.compile("deployment=self_hosted.*currency=eur"))
    expect_total(page, 32_400, "eur")


def test_the_stepper_keeps_the_address_in_step(page: Page, world: World) -> None:
    page.goto("/plans?plan=scale&seats=9")
    page.get_by_role("button", name="One more").click()
    expect_total(page, 10 * 118_800)
    expect(page).to_have_url(re.compile("plan=scale&seats=10"))
    expect(page.get_by_role("status")).to_have_text("Scale for 10 seats: 11,880.00 USD a year, plus tax.")
    page.get_by_role("button", name="One fewer").click()
    expect_total(page, 9 * 118_800)
