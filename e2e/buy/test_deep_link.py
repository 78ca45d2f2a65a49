"""From the product's own "Buy Team" to the filled checkout: nothing typed, at most one page to sign in, no mix-ups."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from e2e.buyer import (
    FOR_ACME,
    NEW_YORK,
    agree,
    expect_at,
    expect_granted,
    expect_problem,
    expect_total,
    fill_address,
    pay,
)
from e2e.hands import Hands
from e2e.people import sign_in
from e2e.world import World


def test_who_is_known_to_the_product_meets_no_form(page: Page, world: World) -> None:
    sign_in_to_the_product(page, world)
    seen = pages_seen(page)
    page.get_by_role("link", name="Buy Team").click()
    expect_at(page, world.store, "/checkouts/")
    assert [urlsplit(address).path.split("/")[1] for address in seen] == ["checkouts"]
    expect(page.get_by_role("heading", level=1)).to_have_text("Buy Team, hosted")
    expect(page.get_by_role("region", name="Group")).to_contain_text("Acme")
    expect(page.get_by_label("Number of seats")).to_have_value("7")
    expect_total(page, 7 * 34_800)
    hands = Hands(page)
    fill_address(hands, NEW_YORK)
    agree(hands)
    hands.press_the_next_step()
    expect_at(page, world.vendor, "/pay/")
    pay(page)
    expect_granted(page, "You have Team for 7 people in Acme")
    hands.press("Back to the product")
    expect_at(page, world.product, "/groups/acme")
    expect(page.get_by_role("status")).to_contain_text("active")


@pytest.mark.vendors("embedded", why="signing in: no vendor takes part")
def test_who_is_not_signed_in_meets_one_page(page: Page, world: World) -> None:
    seen = pages_seen(page)
    page.goto(FOR_ACME)
    page.get_by_role("button", name="Continue as ann").click()
    expect_at(page, world.store, "/checkouts/")
    expect(page.get_by_label("Number of seats")).to_have_value("10")
    assert [urlsplit(address).netloc for address in seen] == [
        urlsplit(world.product).netloc,
        urlsplit(world.store).netloc,
    ]


@pytest.mark.vendors("embedded", why="signing in: no vendor takes part")
@pytest.mark.javascript("on", "off")
def test_a_sign_in_that_was_broken_off_keeps_the_order(page: Page, world: World) -> None:
    page.goto(FOR_ACME)
    page.get_by_role("button", name="Cancel").click()
    expect_at(page, world.store, "/login/callback")
    expect_problem(page, "E-STATE", "Sign-in was interrupted. Your order is kept.")
    page.reload()
    expect_problem(page, "E-STATE")
    page.get_by_role("link", name="Try again").click()
    page.get_by_role("button", name="Continue as ann").click()
    expect_at(page, world.store, "/checkouts/")
    expect(page.get_by_label("Number of seats")).to_have_value("10")


def test_two_tabs_keep_their_own_choices(page: Page, context: BrowserContext, world: World) -> None:
    other = context.new_page()
    page.goto(FOR_ACME)
    other.goto("/buy?plan=scale&deployment=self_hosted&seats=3&currency=eur")
    for tab in (page, other):
        tab.get_by_role("button", name="Continue as ann").click()
        expect_at(tab, world.store, "/checkouts/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Buy Team, hosted")
    expect_total(page, 348_000)
    expect(other.get_by_role("heading", level=1)).to_have_text("Buy Scale, self-hosted")
    expect_total(other, 3 * 110_400, "eur")


def test_a_link_for_somebody_else(page: Page, world: World) -> None:
    sign_in(page, world, "bob")
    page.goto(FOR_ACME)
    expect_problem(page, "E-OWNER", "You are signed in as bob. This link is for a group that bob does not own.")
    assert "Acme" not in page.content()
    page.get_by_role("button", name="Switch account").click()
    page.get_by_role("button", name="Continue as ann").click()
    expect_at(page, world.store, "/checkouts/")
    expect(page.get_by_role("region", name="Group")).to_contain_text("Acme")
    expect(page.get_by_label("Number of seats")).to_have_value("10")


def test_signing_out_in_between_loses_nothing(page: Page, context: BrowserContext, world: World) -> None:
    sign_in(page, world, "ann")
    hands = Hands(page)
    page.goto(FOR_ACME)
    fill_address(hands, NEW_YORK)
    agree(hands)
    expect_total(page, 378_885)
    other = context.new_page()
    other.goto("/orders")
    other.get_by_role("button", name="Sign out").click()
    expect(other.get_by_role("link", name="Sign in")).to_be_visible()
    hands.press("Pay 3,788.85 USD and subscribe")
    page.get_by_role("button", name="Continue as ann").click()
    expect_at(page, world.store, "/checkouts/")
    expect(page.get_by_label("Address line 1")).to_have_value(NEW_YORK.line1)
    expect_total(page, 378_885)
    agree(hands)
    hands.press("Pay 3,788.85 USD and subscribe")
    expect_at(page, world.vendor, "/pay/")


def sign_in_to_the_product(page: Page, world: World) -> None:
    page.goto(f"{world.product}/groups/acme")
    page.get_by_role("button", name="Continue as ann").click()
    expect_at(page, world.product, "/groups/acme")


def pages_seen(page: Page) -> list[str]:
    """Return the list that the addresses of the pages shown from now on are put into; redirects show none."""
    seen: list[str] = []
    page.on("framenavigated", lambda frame: seen.append(frame.url))
    return seen
