"""Packs in a real browser: three clicks from the product with a stored card, on wide and narrow screens."""

import re

import pytest
from playwright.sync_api import Page, expect

from e2e.buyer import (
    NEW_YORK,
    PAYS,
    expect_at,
    expect_granted,
    expect_total,
    fill_address,
    ordered,
    show_the_total,
)
from e2e.hands import Keyboard
from e2e.looks import check_looks
from e2e.people import sign_in
from e2e.world import World


@pytest.mark.javascript("on", "off")
def test_minutes_take_three_clicks_from_the_product(page: Page, world: World, javascript: str) -> None:
    sign_in(page, world, "bob")
    page.goto(f"{world.product}/groups/globex")
    page.get_by_role("link", name="Buy minutes").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Buy compute minutes for Globex")
    check_looks(page)
    if javascript == "on":
        page.get_by_role("button", name="One more").click()
        expect(page.locator("[data-total]")).to_have_attribute("data-total", "2178")
    packs = 2 if javascript == "on" else 1
    page.locator("main [data-primary]").click()
    expect(page).to_have_url(re.compile(r"/orders/O-"))
    world.drain()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Globex has {packs},000 compute minutes more")
    (charge,) = [row for row in world.charges() if row["order"]]
    assert charge["amount"] == {1: 1089, 2: 2178}[packs]
    (group,) = [row for row in world.product_books()["groups"] if row["id"] == "globex"]
    assert [pack["minutes"] for pack in group["minutes_packs"]] == [packs * 1000]


@pytest.mark.javascript("on", "off")
def test_minutes_without_a_card_on_file_by_keyboard(page: Page, world: World) -> None:
    """Through the vendor's page, with scripts and without."""
    sign_in(page, world, "ann")
    page.goto("/buy/packs?addon=compute-1000&group=acme")
    hands = Keyboard(page)
    fill_address(hands, NEW_YORK)
    show_the_total(hands)
    expect_total(page, 1_089)
    hands.press_the_next_step()
    expect_at(page, world.vendor, "/pay/")
    expect_total(page, 1_089)
    hands.type_card(PAYS)
    hands.press_the_next_step()
    expect_at(page, world.store, "/orders/")
    world.drain()
    page.goto(page.url)
    expect_granted(page, "Acme has 1,000 compute minutes more")
    assert [row["amount"] for row in ordered(world.charges())] == [1_089]


def test_a_double_click_buys_once(page: Page, world: World) -> None:
    sign_in(page, world, "bob")
    page.goto("/buy/packs?addon=storage-10&group=globex&packs=2")
    expect(page.get_by_text("98 days until 1 March 2027")).to_be_visible()
    page.locator("main [data-primary]").dblclick()
    expect(page).to_have_url(re.compile(r"/orders/O-"))
    world.drain()
    assert [row["amount"] for row in world.charges() if row["order"]] == [3508]


@pytest.mark.parametrize("path", ["/packs", "/buy/packs?addon=compute-1000&group=globex"])
def test_every_page_is_for_everybody(page: Page, world: World, path: str) -> None:
    sign_in(page, world, "bob")
    page.goto(path)
    check_looks(page, is_flow=path != "/packs")
