"""Bought minutes in the store: the months on the usage page and in its alerts, and a pack that is paid back."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from sqlalchemy import select

from app.db.schema.events import audit
from app.demo.model import Fault
from app.demo.store.minutes import count_minutes
from app.orders.states import State
from tests.support.customers import at
from tests.support.journeys import NEW_YORK, pay, settled
from tests.support.shop import Browser, Shop
from tests.support.witness import only_order

pytestmark = pytest.mark.engines("sqlite")


async def use(shop: Shop, group: str, minutes: int) -> None:
    """Let a group have used so many minutes this month."""
    now = shop.clock.now()
    await shop.product.world.db.write(lambda connection: count_minutes(connection, group, minutes, now))


async def go_to(shop: Shop, at: datetime) -> None:
    """Let business time be ``at``, everything done that was due until then."""
    shop.clock.advance_business(at - shop.clock.now())
    await settled(shop)


async def buy(shop: Shop, group: str, packs: int, who: str = "bob") -> Browser:
    """Buy packs of 1,000 minutes with the stored card."""
    browser = await at(shop, who, f"/buy/packs?addon=compute-1000&group={group}&packs={packs}")
    await browser.press("compute minutes")
    await settled(shop)
    return browser


async def in_packs(shop: Shop, group: str) -> int:
    """Return the minutes left in packs."""
    return (await shop.deps.product.usage(group)).minutes_in_packs


async def audited(shop: Shop, action: str) -> list[str]:
    """Return the details of an action's rows."""
    query = select(audit.c.detail).where(audit.c.action == action).order_by(audit.c.seq)
    return [row.detail for row in await shop.deps.db.read(lambda connection: connection.execute(query).all())]


async def mails(shop: Shop, kind: str) -> list[str]:
    """Return the texts of the mails of a kind, the oldest first."""
    return [str(mail["text"]) for mail in reversed(await shop.world.mails()) if mail["kind"] == kind]


async def test_the_usage_page_follows_the_months(shop: Shop) -> None:
    await go_to(shop, datetime(2027, 3, 1, 0, 1, tzinfo=UTC))
    await go_to(shop, datetime(2027, 4, 1, 9, tzinfo=UTC))
    await buy(shop, "globex", 5)
    await use(shop, "globex", 13_000)
    browser = await at(shop, "bob", "/groups/globex/usage")
    assert "13,000 of the 10,000 minutes that the month includes are used, and 2,000 more in packs." in (browser.text)
    await go_to(shop, datetime(2027, 5, 1, tzinfo=UTC))
    await browser.open("/groups/globex/usage")
    assert "0 of the 10,000 minutes that the month includes are used, and 2,000 more in packs." in browser.text
    assert "April 2027: 13,000 of 10,000 minutes" in browser.text
    assert "Running out" not in browser.text
    await use(shop, "globex", 11_500)
    shop.clock.advance_business(timedelta(hours=6))
    await settled(shop)
    (newest, *_) = [mail["subject"] for mail in await shop.world.mails() if mail["kind"] == "usage_alert"]
    assert newest == "500 of the 12,000 compute minutes of Globex are left this month (4 %)."


async def test_the_usage_page_takes_off_at_once_what_was_used_already(shop: Shop) -> None:
    await use(shop, "globex", 10_600)
    await buy(shop, "globex", 1)
    browser = await at(shop, "bob", "/groups/globex/usage")
    assert "10,600 of the 10,000 minutes that the month includes are used, and 400 more in packs." in (browser.text)


async def test_the_usage_page_loses_as_little_as_possible(shop: Shop) -> None:
    await buy(shop, "globex", 1)  # until 23 November 2027
    await go_to(shop, datetime(2027, 3, 1, 0, 1, tzinfo=UTC))
    await buy(shop, "globex", 5)  # until 1 March 2028
    await use(shop, "globex", 10_700)
    browser = await at(shop, "bob", "/groups/globex/usage")
    assert "and 5,300 more in packs." in browser.text
    await go_to(shop, datetime(2027, 11, 23, tzinfo=UTC))
    await browser.open("/groups/globex/usage")
    assert "and 5,000 more in packs." in browser.text


@pytest.mark.vendors("embedded", "stripe")
async def test_minutes_that_are_paid_back_go_and_what_was_used_stays_used(shop: Shop) -> None:
    browser = await buy(shop, "globex", 2)
    await use(shop, "globex", 10_300)
    order = await only_order(shop)
    charge = str(cast("list[dict[str, Any]]", await shop.books("charges"))[0]["id"])
    await shop.world.refund(charge, 1_000)
    await settled(shop)
    assert await in_packs(shop, "globex") == 1_700  # a part leaves everything
    await shop.product.set_faults(product=[Fault(op="grant", kind="timeout_after", times=1)])
    shop.clock.advance(timedelta(minutes=1))
    await shop.world.refund(charge, 1_178)
    for _ in range(3):
        await settled(shop)
        shop.clock.advance(timedelta(minutes=1))
    assert (await only_order(shop)).state is State.REFUNDED
    assert await in_packs(shop, "globex") == 0
    assert await audited(shop, "minutes.taken_back") == [f"1,700 of 2,000 minutes of order {order.order_id}"]
    part, whole = await mails(shop, "money_returned")
    assert "What runs now stays as it is." in part
    assert "Compute minutes of it that are not used yet are taken back; what was used stays used." in whole
    await browser.open("/groups/globex/usage")
    assert "10,300 of the 10,000 minutes that the month includes are used." in browser.text
    await browser.open("/history")
    assert "paid back" in browser.text


async def test_a_refund_that_is_faster_than_the_grant_leaves_no_minutes(shop: Shop) -> None:
    await shop.product.set_faults(product=[Fault(op="grant", kind="down", times=2)])
    browser = await at(shop, "ann", "/buy/packs?addon=compute-1000&group=acme")
    await browser.press("compute minutes", **NEW_YORK)
    await browser.press("compute minutes")
    await pay(browser)
    await settled(shop)
    (charge,) = cast("list[dict[str, Any]]", await shop.books("charges"))
    await shop.world.refund(str(charge["id"]), int(charge["amount"]))
    for _ in range(3):
        shop.clock.advance(timedelta(minutes=5))
        await settled(shop)
    assert await in_packs(shop, "acme") == 0
    assert (await only_order(shop)).state is State.REFUNDED


@pytest.mark.vendors("embedded", "stripe")
async def test_storage_of_its_own_that_is_paid_back_is_told_as_what_is_left(shop: Shop) -> None:
    browser = await at(shop, "ann", "/buy/packs?addon=storage-10&group=acme&packs=2")
    await browser.press("GiB", **NEW_YORK)
    await browser.press("GiB")
    await pay(browser)
    await settled(shop)
    assert (await shop.deps.product.usage("acme")).storage_quota_gib == 30
    (charge,) = cast("list[dict[str, Any]]", await shop.books("charges"))
    await shop.world.refund(str(charge["id"]), int(charge["amount"]))
    await settled(shop)
    assert (await shop.deps.product.usage("acme")).storage_quota_gib == 10
    (mail,) = await mails(shop, "money_returned")
    assert "20 GiB of storage for Acme. What it had paid for has ended." in mail
