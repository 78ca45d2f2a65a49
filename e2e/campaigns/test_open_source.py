"""The open source programme in a browser: codes are made, one is taken up for 0.00 without a card, and only once."""

import re

import pytest
from playwright.sync_api import Page, expect

from e2e.buyer import NEW_YORK, agree, expect_at, expect_problem, expect_total, fill_address, ordered, show_the_total
from e2e.hands import Hands
from e2e.looks import check_looks
from e2e.people import sign_in
from e2e.world import World

PAGE = "/marketing/campaigns/open-source"
BOX = "I have read the agreement of the programme"
BUY = "Subscribe for 0.00 USD"


def make_codes(page: Page, count: int) -> list[str]:
    """Make codes as marketing does, and return them as the page shows them once."""
    page.goto(PAGE)
    page.locator("summary", has_text="Make secret codes").click()
    page.get_by_label("How many").fill(str(count))
    page.get_by_role("button", name="Make the codes").click()
    codes = page.locator("#new-codes").inner_text().split()
    assert len(set(codes)) == count
    return codes


@pytest.mark.javascript("on", "off")
def test_a_grant_is_taken_up_once(page: Page, world: World) -> None:
    sign_in(page, world, "ann")
    code, _ = make_codes(page, 2)
    page.goto(f"/programs/open-source?code={code}")
    expect_at(page, world.store, "/checkouts/")
    assert code not in page.url
    hands = Hands(page)
    hands.choose("Which group is the plan for?", "Acme (7 members)")
    fill_address(hands, NEW_YORK)
    show_the_total(hands)
    expect_total(page, 0)
    expect(page.get_by_text("No card is needed as long as nothing is due.")).to_be_visible()
    expect(page.get_by_text("It does not renew by itself")).to_be_visible()
    check_looks(page)

    agree(hands)  # to the terms, and not to the programme's agreement
    hands.press(BUY)
    expect_problem(page, "E-INPUT", "Tick the box to accept the agreement.")
    expect(page.get_by_label("Town or city")).to_have_value("New York")
    expect(page.get_by_role("checkbox", name="I agree")).to_be_checked()
    expect(page.get_by_role("checkbox", name=BOX)).not_to_be_checked()

    hands.click(page.get_by_role("checkbox", name=BOX))
    hands.press(BUY)
    expect_at(page, world.vendor, "/pay/")
    expect(page.get_by_label("Card number")).to_have_count(0)
    page.get_by_role("button", name=re.compile("Confirm 0.00 USD|Complete order")).click()
    expect_at(page, world.store, "/orders/")
    world.drain()
    page.goto(page.url)
    expect(page.get_by_role("heading", level=1)).to_contain_text("You have Scale")
    assert ordered(world.charges()) == []

    page.context.clear_cookies()
    sign_in(page, world, "dan")
    page.goto(f"/programs/open-source?code={code}")
    expect(page.get_by_text("This code is not valid. Check it and try again.").first).to_be_visible()
    expect(page.get_by_role("checkbox", name=BOX)).to_have_count(0)
