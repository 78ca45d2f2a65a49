"""What has ended and goes on in another subscription of its vendor is one subscription to the store."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection

from app.core.clock import add_months
from app.flows.sync import project, sync
from app.orders import store as orders
from app.subscriptions.store import Subscription, by_ref
from app.vendor_adapters.types import Period, SubscriptionRef, SubscriptionSnapshot, SubscriptionStatus
from tests.support.customers import DECLINES, at, put_card, subscription_of
from tests.support.journeys import bought, order_id, settled
from tests.support.shop import Browser, Shop

MARCH_1 = datetime(2027, 3, 1, tzinfo=UTC)


def projected(shop: Shop, snapshot: SubscriptionSnapshot, account_id: str) -> Subscription:
    """Write what a vendor says, and return what the store makes of it."""

    def write(connection: Connection) -> Subscription:
        return project(connection, shop.deps, shop.deps.selling, snapshot, account_id)

    return shop.deps.db.write_now(write)


async def test_the_projection_takes_the_name_over_once_it_runs(shop: Shop) -> None:
    browser = await bought(shop, "/buy?plan=team&group=acme&seats=10")
    first = order_id(browser)
    mine = await subscription_of(shop, "acme")
    held = await shop.deps.vendor.get_subscription(SubscriptionRef(mine.subscription_ref))
    ended = replace(held, status=SubscriptionStatus.CANCELLED, cancel_at=held.period.ends_at, version=held.version + 1)
    projected(shop, ended, mine.account_id)
    end = held.period.ends_at
    again = replace(
        held,
        ref=SubscriptionRef("sub_again"),
        resumes=held.ref,
        seats=7,
        period=Period(starts_at=end, ends_at=add_months(end, 12)),
        version=held.version + 2,
    )
    for status in (SubscriptionStatus.INCOMPLETE, SubscriptionStatus.CANCELLED):
        left = projected(shop, replace(again, status=status), mine.account_id)
        assert (left.subscription_ref, left.status) == (held.ref, SubscriptionStatus.CANCELLED)
    for _ in range(2):
        now = projected(shop, again, mine.account_id)
        assert (now.subscription_id, now.subscription_ref) == (mine.subscription_id, "sub_again")
        assert (now.status, now.seats, now.starts_at) == (SubscriptionStatus.ACTIVE, 7, end)
    late = projected(shop, replace(ended, version=held.version + 9), mine.account_id)
    assert late == now
    read = shop.deps.db.read_now(lambda connection: by_ref(connection, held.ref))
    order = shop.deps.db.read_now(lambda connection: orders.get_order(connection, first))
    assert read == now
    assert order is not None
    assert order.subscription_ref == "sub_again"


async def resume_page(shop: Shop, who: str, path: str, end: datetime) -> Browser:
    """Let a subscription end with its term, and return its renewal's page five days later."""
    browser = await at(shop, who, f"{path}/renewal")
    await browser.press("Turn it off", reason="other")
    shop.clock.advance_business(end + timedelta(days=5) - shop.clock.now())
    await settled(shop)
    await browser.open(f"{path}/renewal/payment")
    return browser


@pytest.mark.engines("sqlite")
@pytest.mark.vendors("embedded", "stripe")
async def test_a_card_that_is_refused_leaves_it_ended(shop: Shop) -> None:
    before = await subscription_of(shop, "globex")
    await put_card(shop, "globex", DECLINES)
    path = f"/subscriptions/{before.subscription_id}"
    browser = await resume_page(shop, "bob", path, MARCH_1)
    await browser.press("and renew until 1 March 2028")
    await settled(shop)
    assert "E-CARD-DECLINED" in browser.text
    await sync(shop.deps, shop.deps.selling, before.subscription_ref)
    await browser.open("/subscriptions")
    assert browser.text.count("Team for Globex") == 1
    await browser.open(path)
    assert "This subscription ended on 1 March 2027." in browser.text
    assert await shop.books("charges") == []


@pytest.mark.engines("sqlite")
@pytest.mark.vendors("embedded", "stripe")
async def test_an_activation_code_goes_on_with_it(shop: Shop) -> None:
    first = await bought(shop, "/buy?plan=team&deployment=self_hosted&seats=5")
    code_page = first.url
    browser = await at(shop, "ann", "/subscriptions")
    await browser.open(browser.link("Team, self-hosted"))
    path = browser.url.removeprefix(shop.deps.config.base_url)
    resumed = await resume_page(shop, "ann", path, datetime(2027, 11, 23, 12, tzinfo=UTC))
    await resumed.press("and renew until 23 November 2028")
    await settled(shop)
    await browser.open("/subscriptions")
    assert browser.text.count("Team, self-hosted") == 1
    await browser.open(path)
    assert "23 November 2027 to 23 November 2028" in browser.text
    assert [charge["amount"] for charge in await shop.books("charges")] == [189_443, 189_443]
    await first.open(code_page)
    assert "ctivation code" in first.text
