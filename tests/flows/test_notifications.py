"""What comes to the webhook address: taken once when it is genuine, and nothing else is."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select

from app import worker
from app.db.schema.events import inbox
from app.http import AsyncClient, Response
from app.orders import store
from app.orders.states import UNPAID, State
from app.vendor_adapters.embedded import notifications
from app.vendor_adapters.types import Notification, NotificationKind, OrderId
from tests.support.journeys import at_checkout, pay_and_leave, settled, to_payment
from tests.support.shop import Shop
from tests.support.witness import count, history, later, nothing_charged, only_order, orders, sold_once, vendor_fails

pytestmark = pytest.mark.engines("sqlite")


def message(shop: Shop, **changes: str) -> bytes:
    """Return a message of the vendor about a checkout that there is none of."""
    told = Notification(
        id="evt_1", kind=NotificationKind.CHECKOUT, subject="co_1", order=OrderId(""), occurred_at=shop.clock.now()
    )
    body = notifications.write(told)
    return json.dumps({**json.loads(body), **changes}).encode()


def signed(shop: Shop, body: bytes, *, age: timedelta = timedelta(0), secret: str = "") -> dict[str, str]:
    """Return the headers of a message sent so long ago."""
    key = secret or shop.vendor.settings.secret
    return {notifications.HEADER: notifications.sign(key, body, shop.clock.wall() - age)}


async def sent(shop: Shop, body: bytes, headers: Mapping[str, str], vendor: str = "embedded") -> Response:
    """Send a message to the store."""
    async with AsyncClient(transport=shop.network) as client:
        return await client.post(
            f"{shop.deps.config.base_url}/webhooks/{vendor}", content=body, headers={"Origin": "null", **headers}
        )


async def test_a_genuine_message_is_kept_once_and_looked_into(shop: Shop) -> None:
    body = message(shop)
    for _ in range(3):
        answer = await sent(shop, body, signed(shop, body))
        assert answer.status_code == 200
    assert await count(shop, inbox) == 1
    await settled(shop)
    states = await shop.deps.db.read(lambda connection: connection.execute(select(inbox.c.state)).scalars().all())
    assert set(states) == {"done"}


async def test_what_is_not_genuine_leaves_nothing(shop: Shop) -> None:
    body = message(shop)
    other = message(shop, id="evt_2")
    for headers in (
        {},
        {notifications.HEADER: "t=1,v1=zz"},
        {notifications.HEADER: "x" * 5_000},
        signed(shop, body, secret="another secret"),
        signed(shop, other),
        signed(shop, body, age=timedelta(minutes=6)),
        signed(shop, body, age=timedelta(minutes=-6)),
        signed(shop, body, age=timedelta(days=365)),
    ):
        assert (await sent(shop, body, headers)).status_code == 400
    for broken in (b"", b"{", b"\xff\xfe", b"[]", b"null", b'"text"', b"[" * 50_000, message(shop, version="2")):
        assert (await sent(shop, broken, signed(shop, broken))).status_code == 400
    assert await count(shop, inbox) == 0


async def test_messages_too_large_or_for_nobody_are_turned_away(shop: Shop) -> None:
    body = message(shop)
    assert (await sent(shop, body, signed(shop, body), vendor="stranger")).status_code == 404
    huge = b"x" * (1024 * 1024 + 1)
    assert (await sent(shop, huge, signed(shop, huge))).status_code == 413
    assert await count(shop, inbox) == 0


async def test_a_kind_of_later_days_is_answered_and_left_alone(shop: Shop) -> None:
    body = message(shop, kind="weather")
    assert (await sent(shop, body, signed(shop, body))).status_code == 200
    assert await count(shop, inbox) == 0


async def test_a_message_that_lies_changes_nothing(shop: Shop) -> None:
    """It is a hint to look, and what counts is what the vendor says when it is asked."""
    browser = await at_checkout(shop)
    await to_payment(browser)
    order = await only_order(shop)
    for number, kind in enumerate(("checkout", "subscription", "charge", "invoice", "customer")):
        body = message(shop, id=f"evt_{number}", kind=kind, subject="made_up", order=order.order_id)
        assert (await sent(shop, body, signed(shop, body))).status_code == 200
    await settled(shop)
    assert (await only_order(shop)).state.value == "submitted"
    await nothing_charged(shop)


async def test_a_message_from_before_the_end_never_turns_an_order_back(shop: Shop) -> None:
    browser = await at_checkout(shop)
    await to_payment(browser)
    order = await only_order(shop)
    await pay_and_leave(browser)
    await settled(shop)
    body = message(shop, id="evt_late", subject=str(order.checkout_ref), order=order.order_id)
    later(shop, days=200)
    assert (await sent(shop, body, signed(shop, body))).status_code == 200
    await settled(shop)
    await sold_once(shop)
    assert await history(shop, order.order_id) == ["draft", "submitted", "paid", "granted"]


async def test_a_message_that_cannot_be_followed_is_tried_again_and_holds_up_no_other(shop: Shop) -> None:
    body = message(shop, kind="subscription", subject="sub_unknown")
    await sent(shop, body, signed(shop, body))
    browser = await at_checkout(shop)
    await to_payment(browser)
    await pay_and_leave(browser)
    await settled(shop)
    await sold_once(shop)
    for _ in range(25):
        later(shop, hours=1)
        await worker.work_once(shop.deps)
    rows = await shop.deps.db.read(lambda connection: connection.execute(select(inbox.c.state)).scalars().all())
    assert sorted(set(rows)) == ["dead", "done"]
    assert rows.count("dead") == 1


async def test_an_order_that_always_fails_holds_up_none_of_many(shop: Shop) -> None:
    """More of them than one round takes; the poisoned one names a vendor that nobody knows."""
    browser = await at_checkout(shop)
    await to_payment(browser)
    await pay_and_leave(browser)
    real = await only_order(shop)
    now = shop.clock.wall()
    await vendor_fails(shop, "get_checkout", times=1)
    for number in range(25):
        vendor = "nobody" if number == 3 else real.vendor
        other = replace(
            real,
            order_id=f"A-{number:05}-00000",
            state=State.DRAFT,
            request=real.request.replace(real.order_id, f"A-{number:05}-00000"),
            group_id=f"g{number}",
            checkout_ref=None,
            vendor=vendor,
        )
        await shop.deps.db.write(partial(store.insert_order, order=other, attempt_id=f"att_{number}", now=now))
    later(shop, minutes=11)
    await settled(shop)
    await sold_once(shop)
    open_ones = [each.order_id for each in await orders(shop) if each.state in UNPAID]
    assert open_ones == ["A-00003-00000"]
