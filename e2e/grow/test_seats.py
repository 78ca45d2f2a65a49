"""More seats in a real browser: from the product to the product, with the clicks counted."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from e2e.buyer import expect_granted
from e2e.hands import Keyboard
from e2e.looks import check_looks
from e2e.people import sign_in
from e2e.world import World


def test_three_clicks_with_a_stored_card(page: Page, world: World) -> None:
    sign_in(page, world, "bob")
    page.goto(f"{world.product}/groups/globex")
    clicks = [page.get_by_role("link", name="Add seats")]
    clicks[0].click()
    page.get_by_label("Seats to add").fill("3")
    expect(page.locator("[data-total]")).to_have_attribute("data-total", "30518")
    clicks.append(page.locator("main [type=submit], main button:not([type])").first)
    expect(clicks[1]).to_have_text("Pay 305.18 USD and add 3 seats")
    expect(clicks[1]).to_have_attribute("data-primary", "")
    clicks[1].click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You have Team for 13 people in Globex")
    clicks.append(page.get_by_role("link", name="Back to the product"))
    clicks[2].click()
    expect(page.get_by_text("8 of 13 in use")).to_be_visible()
    assert len(clicks) == 3
    assert [row["amount"] for row in world.charges() if row["order"]] == [30_518]


@pytest.mark.vendors("embedded", why="the store's own script")
def test_a_number_typed_before_scripts_ran_counts(page: Page, world: World) -> None:
    sign_in(page, world, "bob")
    held: list[Route] = []
    page.route("**/htmx.min.js*", lambda route: held.append(route))
    page.goto("/buy/seats?group=globex", wait_until="commit")
    page.get_by_label("Seats to add").fill("3")
    (script,) = held
    script.continue_()
    expect(page.locator("[data-total]")).to_have_attribute("data-total", "30518")


def test_more_seats_by_keyboard(page: Page, world: World) -> None:
    sign_in(page, world, "bob")
    page.goto(f"{world.product}/groups/globex")
    hands = Keyboard(page)
    hands.press("Add seats")
    hands.type("Seats to add", "3")
    hands.press("Pay 305.18 USD and add 3 seats")
    expect_granted(page, "You have Team for 13 people in Globex")
    hands.press("Back to the product")
    expect(page.get_by_text("8 of 13 in use")).to_be_visible()


@pytest.mark.javascript("on", "off")
def test_every_page_of_a_subscription_is_for_everybody(page: Page, world: World) -> None:
    sign_in(page, world, "bob")
    page.goto("/subscriptions")
    check_looks(page, is_flow=False)
    page.get_by_role("link", name="Team for Globex").click()
    expect(page).to_have_url(re.compile("/subscriptions/sub_"))
    here = page.url
    check_looks(page, is_flow=False)
    for path in ("/seat-changes", "/plan-changes", "/renewal", "/renewal/payment"):
        page.goto(here + path)
        check_looks(page)


@pytest.mark.javascript("off")
def test_without_scripts_the_total_is_asked_for(page: Page, world: World) -> None:
    sign_in(page, world, "bob")
    page.goto("/buy/seats?group=globex")
    page.get_by_label("Seats to add").fill("3")
    page.get_by_role("button", name="Update the total").click()
    expect(page).to_have_url(re.compile(r"/seat-changes\?add=3"))
    page.get_by_role("button", name="Pay 305.18 USD and add 3 seats").click()
    expect(page).to_have_url(re.compile("/orders/O-"))
    world.drain()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("You have Team for 13 people in Globex")
