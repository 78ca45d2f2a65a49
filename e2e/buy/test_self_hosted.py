"""An order for a server of one's own ends in an activation code, which can be copied, is mailed, and stays findable."""

import re

from playwright.sync_api import BrowserContext, Page, expect

from e2e.buyer import agree, expect_at, expect_granted
from e2e.hands import Hands
from e2e.people import sign_in
from e2e.world import World


def test_the_activation_code(page: Page, context: BrowserContext, world: World) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=world.store)
    sign_in(page, world, "bob")
    hands = Hands(page)
    page.goto("/buy?plan=scale&deployment=self_hosted&seats=20")
    hands.type("How many active users has your instance? (optional)", "25")
    agree(hands)
    expect(page.get_by_role("region", name="Seats")).to_contain_text("With 20 seats you will be 5 over.")
    hands.press_the_next_step()
    expect_at(page, world.store, "/orders/")
    expect_granted(page, "You have Scale for 20 people")
    code = page.locator("#activation-code").inner_text()
    assert len(re.sub("[^0-9A-Z]", "", code)) == 24
    hands.press("Copy the code")
    expect(page.get_by_role("status")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == code
    world.drain()
    assert any(code in mail["text"] for mail in world.mails() if mail["kind"] == "activation_code")
    page.goto("/orders")
    page.get_by_role("link", name="Scale, self-hosted, 20 seats").click()
    expect(page.locator("#activation-code")).to_have_text(code)
