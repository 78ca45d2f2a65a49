"""A plan and minutes in one cart: the total follows both, and one payment switches both on."""

import re

import pytest
from playwright.sync_api import Page, expect

from e2e.buyer import (
    FOR_ACME,
    NEW_YORK,
    PAYS,
    agree,
    expect_at,
    expect_granted,
    expect_problem,
    expect_total,
    fill_address,
    ordered,
    show_the_total,
)
from e2e.hands import Hands
from e2e.looks import check_looks
from e2e.people import sign_in
from e2e.world import World

PLAN = 10 * 34_800  # Team for ten people, 348.00 a year each
MINUTES = 2 * 1_000  # two packs, 10.00 each, once
TAX = 31_063  # 8.875 % of 3,500.00 in New York is 310.625, rounded half up
TOTAL = 381_063


@pytest.mark.javascript("on", "off")
def test_a_plan_with_two_packs(page: Page, world: World, javascript: str) -> None:
    assert PLAN + MINUTES + TAX == TOTAL
    sign_in(page, world, "ann")
    page.goto(FOR_ACME)
    hands = Hands(page)
    expect(page.get_by_role("heading", name="Compute minutes (optional)")).to_be_visible()
    expect(page.get_by_label("Number of packs")).to_have_value("0")
    expect_total(page, PLAN)
    add_two_packs(hands, has_scripts=javascript == "on")
    expect_total(page, PLAN + MINUTES)
    fill_address(hands, NEW_YORK)
    show_the_total(hands)
    agree(hands)
    expect_total(page, TOTAL)
    summary = page.get_by_role("complementary", name="Your order")
    for line in ("Team, 10 × 348.00 USD", "1,000 compute minutes, 2 × 10.00 USD", "310.63"):
        expect(summary).to_contain_text(line)
    expect(summary).to_contain_text(re.compile(r"Renews on .* at 3,788\.85 USD"))  # 3,480.00 and 308.85: no minutes
    hands.press("Pay 3,810.63 USD, add 2,000 compute minutes and subscribe")
    expect_at(page, world.vendor, "/pay/")
    expect_total(page, TOTAL)
    hands.type_card(PAYS)
    hands.press("Pay 3,810.63 USD")
    expect_at(page, world.store, "/orders/")
    world.drain()
    page.goto(page.url)
    expect_granted(page)
    expect(page.get_by_text("Acme has 2,000 compute minutes more.")).to_be_visible()
    assert [charge["amount"] for charge in ordered(world.charges())] == [TOTAL]
    acme = next(group for group in world.product_books()["groups"] if group["id"] == "acme")
    assert (acme["plan"], acme["seats"], [pack["minutes"] for pack in acme["minutes_packs"]]) == ("team", 10, [2_000])


def add_two_packs(hands: Hands, *, has_scripts: bool) -> None:
    """Press the stepper's plus twice; without scripts, type the number and let the total be worked out."""
    if not has_scripts:
        hands.type("Number of packs", "2")
        show_the_total(hands)
        return
    section = hands.page.get_by_role("region", name="Compute minutes (optional)")
    for _ in range(2):
        hands.click(section.get_by_role("button", name="One more"))


def test_the_looks_of_a_plan_with_packs(page: Page, world: World) -> None:
    sign_in(page, world, "ann")
    page.goto(f"{FOR_ACME}&packs=2")
    hands = Hands(page)
    expect_total(page, PLAN + MINUTES)
    check_looks(page)
    hands.type("Number of packs", "501")
    hands.press_the_next_step()
    expect_problem(page, "E-INPUT")
    check_looks(page)
    hands.type("Number of packs", "2")
    fill_address(hands, NEW_YORK)
    show_the_total(hands)
    check_looks(page)
    agree(hands)
    hands.press("Pay 3,810.63 USD, add 2,000 compute minutes and subscribe")
    expect_at(page, world.vendor, "/pay/")
    hands.type_card(PAYS)
    hands.press("Pay 3,810.63 USD")
    expect_at(page, world.store, "/orders/")
    world.drain()
    page.goto(page.url)
    expect_granted(page)
    check_looks(page)
