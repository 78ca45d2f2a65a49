"""The pages of an account cost as much however big it is: as many statements, vendor calls and product calls."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event
from structlog.testing import capture_logs

from tests.bench.big import PAGES, addresses
from tests.support.big_account import Size, big_account
from tests.support.shop import Shop

# both fill a page of every list
SMALL = Size(subscriptions=25, invoices=45, managers=25)
BIG = Size(subscriptions=75, invoices=120, managers=60)


@contextmanager
def counted(shop: Shop) -> Iterator[Counter[str]]:
    """Count what the store, the vendor and the product ask their databases, and what the vendor is asked."""
    asked: Counter[str] = Counter()

    def count(*_: Any) -> None:
        asked["statements"] += 1

    databases = (shop.deps.db, shop.product.world.db, shop.vendor.calls.database)
    engines = {engine for each in databases for engine in (each._read_engine, each._write_engine)}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", count)
    with capture_logs() as lines:
        yield asked
    for engine in engines:
        event.remove(engine, "before_cursor_execute", count)
    asked["vendor calls"] = sum(line["event"] == "vendor call" for line in lines)


@pytest.mark.engines("sqlite")
async def test_pages_cost_as_much_however_big_the_account_is(shop: Shop) -> None:
    costs: dict[str, dict[str, Counter[str]]] = {}
    for name, size in (("little", SMALL), ("huge", BIG)):
        browser = await big_account(shop, name, size)
        known = await addresses(browser)
        costs[name] = {}
        for template in PAGES:
            with counted(shop) as asked:
                answer = await browser.open(template.format(**known))
            assert answer.status_code == 200, template
            costs[name][template] = asked
    assert costs["huge"] == costs["little"]


@pytest.mark.engines("sqlite")
async def test_every_list_is_leafed_through(shop: Shop) -> None:
    browser = await big_account(shop, "huge", BIG)
    await browser.open("/account")
    assert browser.text.count("/removal") == 20
    assert "There are 60 of them." in browser.text
    await browser.open(browser.link("More managers"))
    await browser.open(browser.link("More managers"))
    assert browser.text.count("/removal") == 20
    assert "More managers" not in browser.text
    await browser.press("Remove ")
    assert "The manager was removed." in browser.text
    assert "There are 59 of them." in browser.text
    for path, more in (
        ("/subscriptions", "More subscriptions"),
        ("/invoices", "Older invoices"),
        ("/history", "Older"),
    ):
        await browser.open(path)
        assert browser.link(more)
