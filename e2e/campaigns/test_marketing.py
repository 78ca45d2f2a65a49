"""Marketing's pages in a real browser: readable by everybody on any screen, and a link that is made and opened."""

import re

import pytest
from playwright.sync_api import Page, expect

from e2e.looks import check_looks
from e2e.people import sign_in
from e2e.world import World

PAGE = "/marketing/campaigns/compute-boost"


def test_pages_look_right_empty_and_filled(page: Page, world: World) -> None:
    page.goto("/plans")
    page.goto("/c/compute-boost")
    sign_in(page, world, "ann")
    for path in ("/marketing", "/marketing/funnel?days=all", PAGE, "/marketing/campaigns/open-source"):
        page.goto(path)
        check_looks(page, is_flow=False)


@pytest.mark.javascript("on", "off")
def test_a_link_is_made_by_keyboard_and_counts_who_opens_it(page: Page, world: World) -> None:
    sign_in(page, world, "ann")
    page.goto("/plans")
    page.get_by_role("link", name="Marketing").click()
    page.get_by_role("link", name="Compute boost").click()
    page.locator("summary", has_text="Make a link").press("Enter")
    page.get_by_label("Where it is used").fill("Forum banner")
    page.get_by_label("Uses at the most").fill("none")
    page.get_by_label("Uses at the most").press("Enter")
    expect(page).to_have_title(re.compile("^Error: "))
    expect(page.get_by_label("Where it is used")).to_have_value("Forum banner")
    page.get_by_label("Uses at the most").fill("5")
    page.get_by_role("button", name="Make the link").press("Enter")
    made = page.locator("li.card", has_text="Forum banner")
    address = made.locator("code").inner_text().strip()
    page.goto(address)
    page.goto(PAGE)
    expect(made).to_contain_text("1 landed")
    expect(page.locator('[data-step="landing"] [data-count="1"]')).to_be_visible()
