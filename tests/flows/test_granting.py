"""After the money: the plan is switched on, however long the product is away, and who waits is told the truth."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, select, text, update
from structlog.testing import capture_logs

from app import worker
from app.core.clock import FrozenClock, add_months
from app.db.schema.entitlements import entitlements
from app.db.schema.events import outbox
from app.db.schema.orders import orders as order_rows
from app.demo.store.schema import groups as product_groups
from app.demo.store.schema import members as product_members
from app.demo.store.schema import minute_months
from app.events import audit
from app.events.outbox import LEASE
from app.flows.sync import sync
from tests.support.customers import instant, term_begins
from tests.support.journeys import at_checkout, bought, notes, pay, pay_and_leave, problems, settled, to_payment
from tests.support.shop import Browser, Shop
from tests.support.witness import (
    grants,
    group,
    history,
    later,
    mails,
    more_groups,
    only_order,
    orders,
    sold_once,
)

pytestmark = [pytest.mark.engines("sqlite"), pytest.mark.vendors("embedded", "stripe")]


async def paid_with_product_away(shop: Shop, fault: str = "error_500", times: int = 0) -> Browser:
    """Return the browser of somebody who has paid while the product takes no grants."""
    await settled(shop)  # what the seeded groups have is told first
    await shop.world.set_faults({"product": [{"op": "grant", "fault": fault, "times": times}]})
    browser = await at_checkout(shop)
    await to_payment(browser)
    await pay(browser)
    await settled(shop)
    return browser


@pytest.mark.engines("postgres")
@pytest.mark.vendors("embedded")
async def test_a_grant_that_waited_too_long_for_the_database_is_tried_again(shop: Shop) -> None:
    """Rows that somebody else holds for longer than the limit are no reason to leave a plan to people."""
    who_waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    waiting = text(who_waits)
    await settled(shop)
    browser = await at_checkout(shop)
    await to_payment(browser)
    await pay(browser)
    with shop.deps.db.engine.begin() as other:
        other.execute(select(order_rows).with_for_update())
        working = asyncio.create_task(worker.work_once(shop.deps, everything=True))
        while not await shop.deps.db.read(lambda connection: connection.execute(waiting).scalar()):
            assert not working.done()
        # whoever waits for an order holds nothing that somebody with the order's row may need
        other.execute(select(entitlements).with_for_update(nowait=True))
        audit.record(other, actor="system", action="test", subject="of-a-test", now=shop.clock.wall())
        await working
    tried = await shop.deps.db.read(
        lambda connection: connection.execute(select(outbox.c.kind, outbox.c.state, outbox.c.last_error)).all()
    )
    assert [row.kind for row in tried if "LockNotAvailable" in row.last_error] == ["grant"], tried
    assert [row for row in tried if row.state == "dead"] == []
    await settled(shop)
    assert (await group(shop))["plan"] == "team"


async def test_the_group_has_what_was_bought(shop: Shop) -> None:
    await bought(shop)
    acme = await group(shop)
    assert (acme["plan"], acme["seats"]) == ("team", 10)
    begins = term_begins(shop, shop.clock.now())
    assert (acme["starts_at"], acme["ends_at"]) == (instant(begins), instant(add_months(begins, 12)))
    assert await mails(shop, "switched_on") == []  # the page itself has told
    sold = await only_order(shop)
    (subscription,) = await shop.books("subscriptions")
    assert (subscription["subject"], subscription["order"]) == ("group:acme", sold.order_id)


async def test_while_the_product_is_away_the_page_says_so_and_then_it_is_granted_without_a_click(shop: Shop) -> None:
    browser = await paid_with_product_away(shop)
    await browser.open(browser.url)
    assert "Paid, being switched on" in browser.text
    assert (problems(browser), notes(browser)) == ([], [])
    assert 'hx-trigger="every 2s"' in browser.text
    later(shop, seconds=61)
    await settled(shop)
    await browser.open(browser.url)
    sold = await only_order(shop)
    assert problems(browser) == ["E-GRANT"]
    assert f"Switching it on takes longer than usual; we will mail you. Order {sold.order_id}." in browser.text
    assert "charged" not in browser.text
    assert 'hx-trigger="every 2s"' not in browser.text
    later(shop, seconds=120)
    await shop.world.clear_faults()
    await settled(shop)
    sold = await sold_once(shop)
    assert await history(shop, sold.order_id) == ["draft", "submitted", "paid", "grant_retry", "granted"]
    (mail,) = await mails(shop, "switched_on")
    assert mail["to"] == "ann@acme.example"
    await browser.open(browser.url)
    assert "You have Team for 10 people in Acme" in browser.text
    assert problems(browser) == []


@pytest.mark.parametrize("fault", ["timeout_after", "timeout_before", "rate_limit", "down"])
async def test_a_grant_whose_answer_is_lost_is_repeated_and_changes_nothing_more(shop: Shop, fault: str) -> None:
    await paid_with_product_away(shop, fault, times=1)
    await settled(shop)
    later(shop, minutes=5)
    await settled(shop)
    assert (await only_order(shop)).state.value == "granted"
    assert (await group(shop))["seats"] == 10
    assert {row["outcome"] for row in await grants(shop)} == {"applied"}
    assert len(await grants(shop)) == (2 if fault == "timeout_after" else 1)


async def test_the_worker_tries_again_by_itself_after_growing_pauses(shop: Shop) -> None:
    await paid_with_product_away(shop)
    sold = await only_order(shop)
    tries = select(outbox.c.tries).where(outbox.c.kind == "grant", outbox.c.order_id == sold.order_id)
    await shop.world.clear_faults()
    await shop.world.set_faults({"product": [{"op": "grant", "fault": "error_500", "times": 2}]})
    for _ in range(5):
        later(shop, minutes=2)
        await worker.work_once(shop.deps)
    assert (await only_order(shop)).state.value == "granted"
    assert await shop.deps.db.read(lambda connection: connection.execute(tries).scalar_one()) >= 4


async def test_a_grant_that_the_product_refuses_is_listed_for_people_and_holds_up_nobody(shop: Shop) -> None:
    await more_groups(shop, "gone")
    browser = await at_checkout(shop, "/buy?plan=team&group=gone&seats=3")
    await to_payment(browser)
    await deleted(shop, "gone")
    await pay(browser)
    await bought(shop, who="dan", link=await dans(shop))
    states = {each.group_id: each.state.value for each in await orders(shop)}
    assert states == {"gone": "paid", "dans": "granted"}
    job = select(outbox.c.state, outbox.c.last_error).where(outbox.c.kind == "grant", outbox.c.state == "dead")
    dead = await shop.deps.db.read(lambda connection: connection.execute(job).all())
    assert len(dead) == 1
    assert "not_found" in dead[0].last_error
    later(shop, seconds=61)
    await browser.open(browser.url)
    assert problems(browser) == ["E-GRANT"]


async def test_a_job_that_another_worker_holds_is_left_to_it_until_its_lease_is_over(shop: Shop) -> None:
    await paid_with_product_away(shop)
    await shop.world.clear_faults()
    held = update(outbox).where(outbox.c.kind == "grant")
    due_at = shop.clock.wall() + LEASE
    await shop.deps.db.write(lambda connection: connection.execute(held.values(state="held", due_at=due_at)))
    await settled(shop)
    assert await grants(shop) == []
    later(shop, seconds=31)
    await settled(shop)
    assert [row["outcome"] for row in await grants(shop)] == ["applied"]


async def test_what_a_group_should_have_is_told_again_only_when_it_changed(shop: Shop) -> None:
    await bought(shop)
    later(shop, hours=7)  # every projection is old by now
    assert await worker.sweep(shop.deps) == 7
    assert await worker.sweep(shop.deps) == 0  # what has not changed was read all the same
    await settled(shop)
    assert len(await grants(shop)) == 1
    versions = select(entitlements.c.version).where(entitlements.c.target == "group:acme")
    assert await shop.deps.db.read(lambda connection: connection.execute(versions).scalar_one()) == 1


async def test_a_refund_by_the_vendors_people_does_not_take_the_plan_away_by_itself(shop: Shop) -> None:
    await bought(shop)
    (charge,) = await shop.books("charges")
    await shop.world.refund(str(charge["id"]), 1_000)
    await settled(shop)
    assert (await group(shop))["plan"] == "team"
    assert (await only_order(shop)).state.value == "granted"


async def dans(shop: Shop) -> str:
    """Give dan a group and return the link that buys for it."""
    await more_groups(shop, "dans", owners=("dan",))
    return "/buy?plan=team&group=dans&seats=3"


async def deleted(shop: Shop, group_id: str) -> None:
    """Let a group be deleted in the product."""

    def write(connection: Connection) -> None:
        for table in (product_members, minute_months):
            connection.execute(table.delete().where(table.c.group_id == group_id))
        connection.execute(product_groups.delete().where(product_groups.c.id == group_id))

    await shop.product.world.db.write(write)


async def test_the_worker_does_it_all_by_itself_until_it_is_told_to_stop(shop: Shop) -> None:
    await shop.world.set_faults({"webhooks": {"drop": 1.0}})
    browser = await at_checkout(shop)
    await to_payment(browser)
    await pay_and_leave(browser)
    later(shop, seconds=6)  # the sweep's first look is due
    stop = asyncio.Event()
    running = asyncio.create_task(worker.run(shop.deps, stop))
    async with asyncio.timeout(20):
        while not await mails(shop, "receipt") or not await grants(shop):  # noqa: ASYNC110 (rows, not events)
            await asyncio.sleep(0.02)
    stop.set()
    await asyncio.wait_for(running, 5)
    await sold_once(shop)


async def test_an_offer_that_the_catalog_has_dropped_is_listed_and_holds_up_nobody(shop: Shop) -> None:
    rest = tuple(row for row in shop.deps.catalog.prices if row.id != "team-hosted-usd-y-1")
    deps = replace(shop.deps, catalog=replace(shop.deps.catalog, prices=rest))
    globex, *_ = [row for row in await shop.every("subscriptions") if row["subject"] == "group:globex"]
    with pytest.raises(LookupError, match="which the catalog does not have"):
        await sync(deps, deps.selling, str(globex["id"]))
    later(shop, hours=7)
    assert await worker.sweep(deps) == 2  # those of the other plan


@pytest.mark.parametrize("days_before", [10, -3])
async def test_a_notice_that_cannot_be_made_holds_up_neither_the_others_nor_the_rest_of_the_sweep(
    shop: Shop, clock: FrozenClock, days_before: int
) -> None:
    rest = tuple(row for row in shop.deps.catalog.prices if row.id != "team-hosted-usd-y-1")
    deps = replace(shop.deps, catalog=replace(shop.deps.catalog, prices=rest))
    clock.advance_business(datetime(2027, 3, 1, tzinfo=UTC) - timedelta(days=days_before) - clock.now())
    with capture_logs() as logs:
        await worker.sweep(deps)
    assert any(line["event"] == "subscription not read" for line in logs)  # the last thing that a sweep does
