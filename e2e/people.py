"""What the people of the demo do in every journey."""

import re
from urllib.parse import urljoin

from playwright.sync_api import Page

from e2e.world import World

_ACTION = re.compile(r'<form method="post" action="([^"]+)" class="people"')


def sign_in(page: Page, world: World, person: str) -> None:
    """Sign in to store and product as one of the demo's people, the whole way and with this browser's cookies.

    Nothing is drawn: what people see on this way is looked at where signing in itself is the journey
    (e2e/buy/test_deep_link.py, test_looks.py, test_first_order.py by keyboard).
    """
    browser = page.context.request
    people = browser.get(f"{world.store}/login")
    (action,) = _ACTION.findall(people.text())
    origin = {"Origin": world.product}  # as a browser says it of a form on the product's page
    signed_in = browser.post(urljoin(people.url, action), form={"person": person}, headers=origin)
    assert signed_in.ok, f"{signed_in.url} answered {signed_in.status}: {signed_in.text()[:2000]}"
    assert signed_in.url.startswith(f"{world.store}/"), f"signing in ended on {signed_in.url}"
