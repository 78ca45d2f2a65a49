"""What runs out, from the product to the purchase that ends it; the usage pages for everybody; a trial that is kept."""

import pytest
from playwright.sync_api import Page, expect

from e2e.hands import Hands
from e2e.looks import check_looks
from e2e.people import sign_in
from e2e.world import World


def test_minutes_take_three_clicks_from_the_alert_to_the_product(page: Page, world: World) -> None:
    sign_in(page, world, "bob")
    page.goto(f"{world.product}/groups/globex")
    page.get_by_text("Pretend that more is used").click()
    page.get_by_label("Compute minutes used this month").fill("11500")
    page.get_by_role("button", name="Change what is used").click()
    world.advance("PT6H")  # the store asks again by then
    (mail,) = [mail for mail in world.mails() if "used up its compute minutes" in mail["subject"]]
    page.goto(next(word for word in mail["text"].split() if "/usage" in word))
    hands = Hands(page)
    hands.click(page.get_by_role("complementary", name="Running out").get_by_role("link"))
    expect(page.get_by_label("Number of packs")).to_have_value("2")  # covers the 1,500 that were used above
    hands.press_the_next_step()
    expect(page.get_by_role("heading", level=1)).to_have_text("Globex has 2,000 compute minutes more")
    hands.press("See what is used")
    expect(page.get_by_text("500 more in packs")).to_be_visible()
    assert hands.clicks == 3
    assert [row["amount"] for row in world.charges() if row["order"]] == [2_178]


@pytest.mark.javascript("on", "off")
def test_every_page_is_for_everybody(page: Page, world: World) -> None:
    sign_in(page, world, "bob")
    page.goto("/groups/globex/usage")
    check_looks(page)
    page.get_by_text("Show the months as a table").click()
    check_looks(page)
    page.get_by_role("button", name="Dismiss").click()
    expect(page.get_by_role("complementary", name="Running out")).to_have_count(0)
    check_looks(page)
    for path in ("/groups/globex", "/trials/new"):
        page.goto(world.product + path)
        check_looks(page, is_flow=False)


def test_a_trial_is_kept_in_the_store(page: Page, world: World) -> None:
    sign_in(page, world, "ann")
    page.goto("/plans")
    check_looks(page)
    page.get_by_role("link", name="Start trial").click()
    page.get_by_role("button", name="Start trial of 30 days for Acme").click()
    page.get_by_role("link", name="Keep Scale").click()
    expect(page.get_by_text("The trial has 30 days left.")).to_be_visible()
    expect(page.get_by_text("For Acme")).to_be_visible()
    check_looks(page)
