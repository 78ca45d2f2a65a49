"""The browser tests' own tools: that they see what they are there to see."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page

from e2e.looks import check_looks
from e2e.world import World

pytestmark = pytest.mark.vendors("embedded", why="the tools are the same whichever vendor sells")


@pytest.mark.javascript("on", "off")
def test_axe_finds_what_is_wrong(page: Page) -> None:
    page.goto("/healthz")
    page.set_content("<html lang='en'><title>A form</title><main><h1>A form</h1><input></main></html>")
    with pytest.raises(AssertionError, match="label: "):
        check_looks(page)


@pytest.mark.javascript("off")
def test_javascript_off_is_off(page: Page) -> None:
    page.goto("/healthz")
    page.set_content("<noscript>without scripts</noscript>")
    assert page.get_by_text("without scripts").is_visible()


def test_each_test_has_a_fresh_world(world: World) -> None:
    before = world.now()
    world.advance("P30D")
    assert world.now() - before >= timedelta(days=30)
    world.reset()
    assert abs(world.now() - before) < timedelta(hours=1)
