"""Somebody without a group makes one in the product on the way, and comes back to everything that was chosen."""

import pytest
from playwright.sync_api import Page, expect

from e2e.buyer import BERLIN, agree, expect_at, expect_granted, expect_problem, expect_total, fill_address, pay
from e2e.hands import Hands
from e2e.people import sign_in
from e2e.world import World


@pytest.mark.javascript("on", "off")
def test_a_group_made_on_the_way(page: Page, world: World) -> None:
    sign_in(page, world, "dan")
    hands = Hands(page)
    page.goto("/buy?plan=team&seats=5&currency=eur")
    fill_address(hands, BERLIN)
    agree(hands)
    hands.press_the_next_step()
    expect_problem(page, "E-INPUT", "Choose the group that the plan is for.")
    hands.press("Create a group")
    expect_at(page, world.product, "/groups/new")
    hands.type("Group name", "Dan’s Dogs & Cats")
    hands.press("Create group")
    expect_at(page, world.store, "/checkouts/")
    expect(page.get_by_role("region", name="Group")).to_contain_text("Dan’s Dogs & Cats")
    expect(page.get_by_label("Address line 1")).to_have_value(BERLIN.line1)
    expect_total(page, 192_780, "eur")
    agree(hands)
    hands.press("Pay 1,927.80 EUR and subscribe")
    pay(page)
    expect_at(page, world.store, "/orders/")
    world.drain()
    page.goto(page.url)
    expect_granted(page, "You have Team for 5 people in Dan’s Dogs & Cats")
