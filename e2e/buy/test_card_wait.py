"""Too many refused cards: how long to wait is told, runs down before the buyer's eyes, and is over by itself."""

import re

import pytest
from playwright.sync_api import Page, expect

from e2e.buyer import DECLINED, agree, expect_at, expect_problem, go_on_to_pay, pay
from e2e.hands import Hands
from e2e.looks import check_looks
from e2e.people import sign_in
from e2e.world import World


@pytest.mark.vendors("embedded", why="a payment page that takes another card itself counts the tries itself")
def test_the_wait_after_three_refused_cards_runs_down(page: Page, world: World) -> None:
    sign_in(page, world, "ann")
    hands = Hands(page)
    go_on_to_pay(page, world)
    for tried in range(3):
        pay(page, DECLINED)
        expect_at(page, world.store, "/checkouts/")
        agree(hands)
        hands.press("Pay 3,788.85 USD and subscribe")
        if tried < 2:
            expect_at(page, world.vendor, "/pay/")
    expect_problem(page, "E-CARD-RATE", "Too many card attempts. Try again in")
    left = page.locator("[data-countdown]")
    expect(left).to_have_text(re.compile(r"^\d+ s left\.$"))
    before = int(left.inner_text().split()[0])
    expect(left).not_to_have_text(f"{before} s left.", timeout=5_000)
    assert int(left.inner_text().split()[0]) < before
    check_looks(page)
