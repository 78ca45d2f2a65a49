"""Enter in a field: browsers press a form's first button for it, and here that never orders anything."""

import pytest
from playwright.sync_api import Page, expect

from e2e.buyer import agree, ordered
from e2e.hands import Hands
from e2e.people import sign_in
from e2e.world import World


@pytest.mark.javascript("on", "off")
def test_enter_works_out_the_total_and_never_pays(page: Page, world: World) -> None:
    """By somebody whose card is on file, whom one press of the order's button would cost money."""
    sign_in(page, world, "bob")
    page.goto("/buy/seats?group=globex")
    enter(page, "Seats to add", "3")
    expect_offered(page, "Pay 305.18 USD and add 3 seats")
    page.goto("/buy/packs?addon=compute-1000&group=globex")
    enter(page, "Number of packs", "2")
    expect_offered(page, "Pay 21.78 USD and add 2,000 compute minutes")
    page.locator("summary", has_text="Have a promo code?").click()
    enter(page, "Promo code", "NOSUCHCODE")
    expect(page.get_by_text("This code is not valid.").first).to_be_visible()
    page.get_by_label("Promo code").press("Enter")  # the order's button would go on without it now
    expect_offered(page, "Pay 21.78 USD and add 2,000 compute minutes")
    page.goto("/buy?plan=team&deployment=self_hosted&seats=5")
    page.get_by_role("link", name="Change the billing address").click()
    agree(Hands(page))
    enter(page, "Town or city", "Albany")
    expect_offered(page, "Pay 1,894.43 USD and subscribe")
    enter(page, "Number of seats", "6")
    expect_offered(page, "Pay 2,273.31 USD and subscribe")
    assert ordered(world.charges()) == []
    assert ordered(world.vendor_books()["checkouts"]) == []


def enter(page: Page, label: str, text: str) -> None:
    page.get_by_label(label, exact=True).fill(text)
    page.get_by_label(label, exact=True).press("Enter")


def expect_offered(page: Page, button: str) -> None:
    """The order's button says so, and has not been pressed."""
    expect(page.locator("main [data-primary]")).to_have_text(button)
