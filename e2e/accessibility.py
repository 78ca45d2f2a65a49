"""Checks a page with axe-core against the rules of WCAG 2.2, levels A and AA."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Route

_SOURCE = Path(__file__).parent / "vendored" / "axe.min.js"
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_CONTRAST = ["color-contrast"]


def check_page(page: Page) -> None:
    """Fail with every violation on the page as it is now; its own scripts must be allowed to run."""
    _check(page, _RULES)


def check_contrast(page: Page) -> None:
    """Look at the contrasts alone: what changes where a page is drawn in other colours."""
    _check(page, _CONTRAST)


def check_page_without_scripts(page: Page, browser: Browser) -> None:
    """The same for a page that runs no scripts: its HTML is looked at in another tab, where axe can run."""
    html = page.content()
    with browser.new_context(viewport=page.viewport_size) as context:
        copy = context.new_page()
        copy.route("**/*", lambda route: _answer(route, page.url, html))
        copy.goto(page.url)
        check_page(copy)


def _check(page: Page, rules: list[str]) -> None:
    if not page.evaluate("'axe' in window"):
        page.evaluate(f"{_SOURCE.read_text(encoding='utf-8')}; undefined")
    found = page.evaluate("rules => axe.run(document, { runOnly: rules })", rules)
    assert not found["violations"], "\n".join(_told(violation) for violation in found["violations"])


def _answer(route: Route, url: str, html: str) -> None:
    if route.request.url == url:
        route.fulfill(body=html, content_type="text/html; charset=utf-8")
    elif route.request.resource_type == "script":
        route.abort()
    else:
        route.continue_()


def _told(violation: dict[str, Any]) -> str:
    where = ", ".join(str(node["target"]) for node in violation["nodes"])
    return f"{violation['id']}: {violation['help']} ({where})"
