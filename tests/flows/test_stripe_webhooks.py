"""Stripe's webhooks at the store's own address: what is not for us leaves nothing, and nothing of it is a failure."""

import json
from datetime import timedelta
from typing import Any

import pytest
import stripe

from app.db.schema.events import inbox
from app.http import AsyncClient, Response
from tests.stripe_twin.signing import sign
from tests.support.shop import Shop
from tests.support.witness import count

pytestmark = [pytest.mark.engines("sqlite"), pytest.mark.vendors("stripe")]
TOO_LARGE = 1024 * 1024 + 1


def event(shop: Shop, **fields: Any) -> bytes:
    """Return an event about a subscription that there is none of."""
    shown = {
        "id": "evt_1",
        "object": "event",
        "api_version": stripe.api_version,
        "created": int(shop.clock.now().timestamp()),
        "data": {"object": {"object": "subscription", "id": "sub_1", "metadata": {}}},
        "livemode": False,
        "pending_webhooks": 1,
        "request": None,
        "type": "customer.subscription.updated",
    }
    return json.dumps({**shown, **fields}).encode()


async def sent(shop: Shop, body: bytes, headers: dict[str, str] | None = None) -> Response:
    """Send a body, signed now unless it comes with headers."""
    async with AsyncClient(transport=shop.network) as client:
        return await client.post(
            f"{shop.deps.config.base_url}/webhooks/stripe",
            content=body,
            headers=sign(body, shop.clock.wall()) if headers is None else headers,
        )


async def test_what_is_not_stripes_or_not_for_us_leaves_nothing(shop: Shop) -> None:
    body, wall = event(shop), shop.clock.wall()
    unsigned = {
        "forged": sign(body, wall, "whsec_of_somebody_else"),
        "signed for another body": sign(event(shop, id="evt_2"), wall),
        "a day old": sign(body, wall - timedelta(days=1)),
        "of tomorrow": sign(body, wall + timedelta(days=1)),
        "unsigned": {},
    }
    for name, headers in unsigned.items():
        assert (await sent(shop, body, headers)).status_code == 400, name
    signed = {
        "of another version": event(shop, api_version="2024-06-20"),
        "of live mode": event(shop, livemode=True),
        "of another account": event(shop, account="acct_1"),
        "truncated": body[:-7],
        "no JSON": b"{",
        "no UTF-8": b"\xff\xfe" + body,
        "no event": b'{"object": "event"}',
        "deeply nested": b"[" * 50_000,
    }
    for name, each in signed.items():
        assert (await sent(shop, each)).status_code == 400, name
    assert (await sent(shop, b"x" * TOO_LARGE)).status_code == 413
    assert await count(shop, inbox) == 0


async def test_what_is_about_nothing_of_ours_is_answered_and_left_alone(shop: Shop) -> None:
    thin = {"id": "evt_2", "object": "v2.core.event", "type": "v1.customer.subscription.updated", "livemode": False}
    ignored = {
        "thin": json.dumps(thin).encode(),
        "of a type that nobody knows": event(shop, type="eclipse.total"),
        "about a thing that nobody knows": event(shop, data={"object": {"object": "moon", "id": "moon_1"}}),
    }
    for name, body in ignored.items():
        assert (await sent(shop, body)).status_code == 200, name
    assert await count(shop, inbox) == 0


async def test_a_replayed_one_is_kept_once(shop: Shop) -> None:
    body = event(shop)
    for _ in range(3):
        assert (await sent(shop, body)).status_code == 200
    assert await count(shop, inbox) == 1


async def test_fields_that_an_event_leaves_out_are_no_reason_to_refuse_it(shop: Shop) -> None:
    """What is told is a hint: an invoice is read by its id, whatever else the event says of it."""
    body = event(shop, type="invoice.paid", data={"object": {"object": "invoice", "id": "in_1"}})
    assert (await sent(shop, body)).status_code == 200
    assert await count(shop, inbox) == 1
