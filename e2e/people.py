"""What the people of the demo do in every journey."""

import re

from playwright.sync_api import Page, expect

from e2e.world import World


def sign_in(page: Page, world: World, person: str) -> None:
    """Sign in to the store as one of the demo's people, through the product's sign-in page."""
    page.goto(f"{world.store}/login")
    page.get_by_role("button", name=f"Continue as {person}").click()
    expect(page).to_have_url(re.compile(rf"^{re.escape(world.store)}/"))
