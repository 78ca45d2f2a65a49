"""Messages to the store: signed, delivered at least once, and read only when they are ours and fresh."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from app.core.clock import FrozenClock
from app.vendor_adapters.embedded import EmbeddedVendor, EmbeddedWorld, notifications
from app.vendor_adapters.embedded.schema import events
from app.vendor_adapters.embedded.webhook_faults import WebhookFaults
from app.vendor_adapters.errors import NotificationRejected
from app.vendor_adapters.types import Notification, NotificationKind, OrderId
from tests.adapters.embedded.shop import MINUTES, SECRET, STORE, TEAM, Shop, cart

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NOTE = Notification(id="evt_1", kind=NotificationKind.CHECKOUT, subject="co_1", order=OrderId("O-1"), occurred_at=NOW)
BODY = notifications.write(NOTE)


class Inbox:
    """A store's webhook address that answers as it is told."""

    def __init__(self, *answers: int) -> None:
        self.answers = list(answers)
        self.received: list[tuple[str, Mapping[str, str], bytes]] = []

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        self.received.append((url, headers, body))
        answer = self.answers.pop(0) if self.answers else 200
        if not answer:
            raise ConnectionError
        return answer

    @property
    def ids(self) -> list[str]:
        return [json.loads(body)["id"] for _, _, body in self.received]


def signed(body: bytes = BODY, at: datetime = NOW, secret: str = SECRET) -> dict[str, str]:
    return {notifications.HEADER: notifications.sign(secret, body, at)}


def test_a_signed_message_is_read(vendor: EmbeddedVendor) -> None:
    assert vendor.read_notification(signed(), body=BODY, received_at=NOW) == NOTE
    for late in (timedelta(seconds=300), timedelta(seconds=-300)):
        assert vendor.read_notification(signed(), body=BODY, received_at=NOW + late) == NOTE


def test_of_several_signatures_one_must_be_ours(vendor: EmbeddedVendor) -> None:
    stamp, ours = signed()[notifications.HEADER].split(",")
    header = {notifications.HEADER: f"{stamp},v1={'0' * 64},v0={'1' * 64},{ours}"}
    assert vendor.read_notification(header, body=BODY, received_at=NOW) == NOTE


STAMP = f"t={int(NOW.timestamp())}"


@pytest.mark.parametrize(
    ("headers", "body", "received_at"),
    [
        ({}, BODY, NOW),
        ({notifications.HEADER: ""}, BODY, NOW),
        ({notifications.HEADER: "nonsense"}, BODY, NOW),
        ({notifications.HEADER: STAMP}, BODY, NOW),
        ({notifications.HEADER: f"{STAMP},v1={'0' * 64}"}, BODY, NOW),
        ({notifications.HEADER: f"{STAMP},v1=é"}, BODY, NOW),
        ({notifications.HEADER: signed()[notifications.HEADER].replace("v1", "v2")}, BODY, NOW),
        ({notifications.HEADER: "t=" + "9" * 5000 + f",v1={'0' * 64}"}, BODY, NOW),
        (signed(secret="another"), BODY, NOW),
        (signed(), BODY[:-1], NOW),
        (signed(), BODY + b" ", NOW),
        (signed(), BODY, NOW + timedelta(seconds=301)),
        (signed(), BODY, NOW - timedelta(seconds=301)),
        (signed(at=datetime(5138, 1, 1, tzinfo=UTC)), BODY, NOW),
        (signed(b"\xff\xfe"), b"\xff\xfe", NOW),
        (signed(b"[]"), b"[]", NOW),
        (signed(b"null"), b"null", NOW),
        (signed(b"{}"), b"{}", NOW),
        (signed(b"[" * 60_000), b"[" * 60_000, NOW),
        (signed(b" " * 70_000), b" " * 70_000, NOW),
        (signed(BODY.replace(b"1,", b"2,", 1)), BODY.replace(b"1,", b"2,", 1), NOW),
        (signed(BODY.replace(b"evt_1", b"evt\\ud800")[:-1]), BODY.replace(b"evt_1", b"evt\\ud800")[:-1], NOW),
    ],
)
def test_whatever_is_not_ours_is_refused(
    vendor: EmbeddedVendor, headers: dict[str, str], body: bytes, received_at: datetime
) -> None:
    with pytest.raises(NotificationRejected):
        vendor.read_notification(headers, body=body, received_at=received_at)


def test_a_kind_that_we_do_not_know_is_ignored(vendor: EmbeddedVendor) -> None:
    body = BODY.replace(b'"checkout"', b'"something new"')
    read = vendor.read_notification(signed(body), body=body, received_at=NOW)
    assert read == replace(NOTE, kind=NotificationKind.IGNORED)


async def test_what_changed_is_delivered_once_and_can_be_read(
    shop: Shop, world: EmbeddedWorld, clock: FrozenClock
) -> None:
    paid = await shop.purchase(cart((TEAM, 1)))
    inbox = Inbox()
    arrived = await world.deliver_due(inbox.post, clock.wall())
    assert arrived == len(inbox.received) > 4
    assert {url for url, _, _ in inbox.received} == {f"{STORE}/webhooks/embedded"}
    read = [shop.vendor.read_notification(headers, body=body, received_at=NOW) for _, headers, body in inbox.received]
    told = {(note.kind, note.subject) for note in read if note.order == paid.order}
    assert told == {
        (NotificationKind.CHECKOUT, paid.ref),
        (NotificationKind.SUBSCRIPTION, paid.subscription),
        (NotificationKind.INVOICE, paid.invoice),
        (NotificationKind.CHARGE, paid.charge),
    }
    assert await world.deliver_due(inbox.post, clock.wall(), everything=True) == 0


async def test_a_message_that_is_not_taken_is_sent_again_with_growing_pauses(
    shop: Shop, world: EmbeddedWorld, clock: FrozenClock
) -> None:
    await shop.customer()
    inbox = Inbox(500, 0, 302, 200)
    for pause in (5, 10, 20):
        assert await world.deliver_due(inbox.post, clock.wall()) == 0
        clock.advance(timedelta(seconds=pause - 1))
        assert await world.deliver_due(inbox.post, clock.wall()) == 0
        clock.advance(timedelta(seconds=1))
    assert await world.deliver_due(inbox.post, clock.wall()) == 1
    assert len(inbox.received) == 4
    assert len(set(inbox.ids)) == 1
    assert [row["status"] for row in (await world.books())["deliveries"]] == ["delivered"]


async def test_after_three_days_a_message_is_given_up(shop: Shop, world: EmbeddedWorld, clock: FrozenClock) -> None:
    await shop.customer()
    clock.advance(timedelta(days=3))
    await world.deliver_due(Inbox(500).post, clock.wall())
    assert (await world.pending(clock.now())).deliveries == 0
    assert (await world.books())["deliveries"][0]["status"] == "failed"


async def test_one_round_tries_each_message_once(shop: Shop, world: EmbeddedWorld, clock: FrozenClock) -> None:
    await shop.purchase(cart((MINUTES, 1)))
    waiting = (await world.pending(clock.now())).deliveries
    inbox = Inbox(*[0] * waiting)
    assert await world.deliver_due(inbox.post, clock.wall(), everything=True) == 0
    assert len(inbox.received) == waiting


async def test_a_reset_during_a_delivery_is_no_fault_and_settles_no_new_message(
    shop: Shop, world: EmbeddedWorld, clock: FrozenClock
) -> None:
    """What began before the reset ends after it; its number is another message's by then."""
    await shop.customer()

    async def forgets(url: str, headers: Mapping[str, str], body: bytes) -> int:
        await world.reset()
        return 200

    async def begins_anew(url: str, headers: Mapping[str, str], body: bytes) -> int:
        await world.reset()
        await shop.customer()
        return 200

    assert await world.deliver_due(forgets, clock.wall()) == 0
    await shop.customer()
    assert await world.deliver_due(begins_anew, clock.wall()) == 0
    assert await world.deliver_due(Inbox().post, clock.wall()) == 1


async def test_messages_are_tripled_shuffled_and_lost_on_request(
    shop: Shop, world: EmbeddedWorld, clock: FrozenClock
) -> None:
    await world.set_webhook_faults(WebhookFaults(duplicate=3, shuffle=True, drop_ppm=300_000))
    for _ in range(15):
        await shop.purchase(cart((MINUTES, 1)))
    inbox = Inbox()
    await world.deliver_due(inbox.post, clock.wall())
    listed = [note.id for note in (await shop.vendor.changes_since("")).rows]
    assert {inbox.ids.count(event) for event in set(inbox.ids)} == {3}
    first_seen = list(dict.fromkeys(inbox.ids))
    assert first_seen != sorted(first_seen, key=listed.index)
    assert set(inbox.ids) < set(listed), "what was lost still stands in the list of changes"
    await world.clear_faults()
    await shop.customer("acc_2")
    assert await world.deliver_due(inbox.post, clock.wall()) == 1


async def test_messages_are_late_on_request(shop: Shop, world: EmbeddedWorld, clock: FrozenClock) -> None:
    await world.set_webhook_faults(WebhookFaults(delay=timedelta(seconds=20)))
    await shop.customer()
    inbox = Inbox()
    assert await world.deliver_due(inbox.post, clock.wall()) == 0
    clock.advance(timedelta(seconds=20))
    assert await world.deliver_due(inbox.post, clock.wall()) == 1


async def test_the_list_of_changes_pages_on_from_the_last_one_seen(shop: Shop) -> None:
    for account in range(120):
        await shop.customer(f"acc_{account}")
    first = await shop.vendor.changes_since("")
    assert first.next_cursor == first.rows[-1].id
    rest = await shop.vendor.changes_since(first.next_cursor)
    assert (len(first.rows) + len(rest.rows), rest.next_cursor) == (120, "")
    assert (await shop.vendor.changes_since(rest.rows[-1].id)).rows == ()


async def test_a_kind_of_another_version_holds_nothing_up(shop: Shop) -> None:
    await shop.subscription()
    before = await shop.vendor.changes_since("")
    await shop.vendor.calls.own_write(
        lambda desk: desk.connection.execute(update(events).where(events.c.id == before.rows[0].id).values(kind="omen"))
    )
    after = await shop.vendor.changes_since("")
    assert after.rows[0].kind is NotificationKind.IGNORED
    assert after.rows[1:] == before.rows[1:]
