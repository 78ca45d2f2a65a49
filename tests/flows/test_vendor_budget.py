"""What each page asks of the vendor: at most so many calls, and on each vendor as many as docs/performance.md says."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

import pytest
from structlog.testing import capture_logs

from tests.support.campaigns import publish_text
from tests.support.journeys import ACME, NEW_YORK, OWN_SERVER, pay_and_leave, press
from tests.support.shop import Shop
from tests.support.sources import ROOT
from tests.support.witness import only_order

pytestmark = [pytest.mark.engines("sqlite"), pytest.mark.vendors("embedded", "stripe")]

MOST = {
    "plan page": 0,
    "checkout page, new customer": 2,
    "checkout page, known customer": 2,
    "checkout page, known customer with a discount": 3,
    "confirm, new customer": 4,
    "confirm, known customer": 2,
    "confirm, known customer with a discount": 3,
    "return page": 2,
    "return page, again": 0,
    "add-seats page": 2,
    "confirm more seats": 3,
}
"""The calls of the port that a page may wait for; two more for a customer that is new, one more for a discount."""


ONCE = 'order = ["first_order"], customer = "new", '
"""The rule of a campaign by which somebody who has bought before does not get it."""


@dataclass(slots=True)
class Meter:
    """What was asked of the vendor on each page: the operations, and the requests that they took."""

    calls: dict[str, list[str]] = field(default_factory=dict)
    requests: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def page(self, name: str) -> Iterator[None]:
        """Count what is asked inside the context."""
        with capture_logs() as logs:
            yield
        seen = [entry for entry in logs if entry["event"] == "vendor call"]
        self.calls[name] = [str(entry["operation"]) for entry in seen]
        self.requests[name] = sum(int(entry.get("requests", 0)) for entry in seen)


@asynccontextmanager
async def measured(shop: Shop) -> AsyncIterator[Meter]:
    """Yield a meter that has seen a shop's pages."""
    meter = Meter()
    await _new_buyer(shop, meter)
    await _known_buyer(shop, meter)
    await _more_seats(shop, meter)
    await _with_a_discount(shop, meter)
    yield meter


async def test_each_page_asks_for_no_more_than_it_may(shop: Shop) -> None:
    async with measured(shop) as meter:
        assert meter.calls.keys() == MOST.keys()
        assert "materialise_discount" in meter.calls["checkout page, known customer with a discount"]
        over = {name: calls for name, calls in meter.calls.items() if len(calls) > MOST[name]}
        assert over == {}
        counted = {name: (len(calls), meter.requests[name]) for name, calls in meter.calls.items()}
        assert counted == {name: row[shop.deps.selling] for name, row in documented().items()}


def test_the_table_says_what_may_be_asked() -> None:
    assert {name: row["most"][0] for name, row in documented().items()} == MOST


def documented() -> dict[str, dict[str, tuple[int, int]]]:
    """Return the table of docs/performance.md: calls and requests by vendor, and the most calls."""
    text = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    row = re.compile(r"^\| (?P<page>[a-z][^|]+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", re.MULTILINE)
    rows = [(match["page"], [int(match[column]) for column in range(2, 6)]) for match in row.finditer(text)]
    return {
        page: {"most": (most, 0), "embedded": (embedded, 0), "stripe": (calls, requests)}
        for page, (most, embedded, calls, requests) in rows
    }


async def _new_buyer(shop: Shop, meter: Meter) -> None:
    browser = await shop.known("ann")
    await browser.open("/plans")
    with meter.page("plan page"):
        await browser.open("/plans?seats=3")
    with meter.page("checkout page, new customer"):
        await browser.open(ACME)
    await press(browser, **NEW_YORK)
    with meter.page("confirm, new customer"):
        await press(browser)
    await pay_and_leave(browser)
    order = await only_order(shop)
    with meter.page("return page"):
        await browser.open(f"/orders/{order.order_id}")
    with meter.page("return page, again"):
        await browser.open(f"/orders/{order.order_id}")


async def _known_buyer(shop: Shop, meter: Meter) -> None:
    browser = await shop.known("bob")
    with meter.page("checkout page, known customer"):
        await browser.open(OWN_SERVER)
    with meter.page("confirm, known customer"):
        await press(browser, card="new")


async def _more_seats(shop: Shop, meter: Meter) -> None:
    browser = await shop.known("bob")
    with meter.page("add-seats page"):
        await browser.open("/buy/seats?group=globex&add=3")
    with meter.page("confirm more seats"):
        await browser.press("and add 3 seats")


async def _with_a_discount(shop: Shop, meter: Meter) -> None:
    text = shop.deps.config.campaigns.read_text(encoding="utf-8")
    running = text.replace("starts = 2027-03-01", "starts = 2026-11-01").replace(ONCE, "")
    await publish_text(shop, running)
    browser = await shop.known("ann")
    with meter.page("checkout page, known customer with a discount"):
        await browser.open(OWN_SERVER + "&promo=LAUNCH20")
    with meter.page("confirm, known customer with a discount"):
        await press(browser)
