"""Somebody who bought before: at most three clicks with the card on file, four without one, and nothing typed."""

from playwright.sync_api import Page, expect

from e2e.buyer import PAYS, agree, expect_at, expect_granted, expect_total, ordered
from e2e.hands import Hands
from e2e.people import sign_in
from e2e.world import World

MOST_CLICKS = 4
MOST_CLICKS_WITH_A_CARD = 3
OWN_SERVER = "/plans?plan=team&deployment=self_hosted&seats=10"


def test_with_the_card_on_file(page: Page, world: World) -> None:
    sign_in(page, world, "bob")
    page.goto(OWN_SERVER)
    hands = Hands(page)
    hands.press("Buy Team")
    expect(page.get_by_role("radio", name="Visa ending 4242")).to_be_checked()
    expect(page.get_by_role("region", name="Company and billing address")).to_contain_text("350 Fifth Avenue")
    expect_total(page, 378_885)
    agree(hands)
    hands.press("Pay 3,788.85 USD and subscribe")
    expect_at(page, world.store, "/orders/")
    expect_granted(page, "You have Team for 10 people")
    assert (hands.clicks, hands.fields) == (MOST_CLICKS_WITH_A_CARD, 0)
    assert [charge["amount"] for charge in ordered(world.charges())] == [378_885]


def test_without_a_card_on_file(page: Page, world: World) -> None:
    sign_in(page, world, "cleo")
    page.goto(OWN_SERVER)
    hands = Hands(page)
    hands.press("Buy Team")
    expect_total(page, 348_000)
    agree(hands)
    hands.press("Pay 3,480.00 USD and subscribe")
    expect_at(page, world.vendor, "/pay/")
    hands.type_card(PAYS)
    hands.press("Pay 3,480.00 USD")
    expect_granted(page, "You have Team for 10 people")
    assert (hands.clicks, hands.fields) == (MOST_CLICKS, 0)
