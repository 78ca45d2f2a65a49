"""What the vendor tells: forged, old, twice, in any order, or not at all."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import permutations

import pytest

from app.vendor_adapters.capabilities import Capability
from app.vendor_adapters.conformance.buyer import Buyer, new_key
from app.vendor_adapters.conformance.checks.base import Checks
from app.vendor_adapters.conformance.harness import Facility, Harness, SignedMessage
from app.vendor_adapters.conformance.offers import TEAM
from app.vendor_adapters.conformance.projection import Projection
from app.vendor_adapters.conformance.scenario import check
from app.vendor_adapters.errors import NotificationRejected
from app.vendor_adapters.types import (
    CheckoutState,
    Notification,
    NotificationKind,
    RenewalDecision,
    SetSeats,
    SubscriptionRef,
    SubscriptionSnapshot,
    SubscriptionStatus,
)

_MOST_IN_ANY_ORDER = 4
"""Messages whose every permutation is tried: 24 orders, each with all of them twice."""
_GIANT = 2_000_000
_TOO_OLD = timedelta(minutes=5, seconds=30)


class NotificationChecks(Checks):
    """Notifications and the list of changes."""

    @check(21)
    async def test_21_a_true_message_is_read(self, harness: Harness) -> None:
        """A true message is reduced to what it is about."""
        message = harness.message(NotificationKind.SUBSCRIPTION, "sub_1", at=harness.clock.wall())
        found = _read(harness, message.headers, message.body)
        assert (found.kind, found.subject) == (NotificationKind.SUBSCRIPTION, "sub_1")
        assert found.id
        assert found.occurred_at.utcoffset() == timedelta(0)

    @check(21)
    @pytest.mark.parametrize(
        "age", [timedelta(days=365), timedelta(days=1), _TOO_OLD, -_TOO_OLD, timedelta(days=-1)], ids=str
    )
    async def test_21_a_stale_or_future_message(self, harness: Harness, age: timedelta) -> None:
        """A message signed long ago, or in the future, is refused."""
        message = harness.message(NotificationKind.SUBSCRIPTION, "sub_1", at=harness.clock.wall() - age)
        with pytest.raises(NotificationRejected):
            _read(harness, message.headers, message.body)

    @check(21)
    async def test_21_an_absent_or_broken_signature(self, harness: Harness) -> None:
        """An absent, empty, cut or changed signature is refused."""
        message = harness.message(NotificationKind.SUBSCRIPTION, "sub_1", at=harness.clock.wall())
        signed = _signature(harness, message)
        value = message.headers[signed]
        for broken in (
            "",
            value[:-1],
            value[:-1] + ("0" if value[-1] != "0" else "1"),
            value.upper() + "é",
            "x" * 5_000,
        ):
            with pytest.raises(NotificationRejected):
                _read(harness, {**message.headers, signed: broken}, message.body)
        with pytest.raises(NotificationRejected):
            _read(harness, {}, message.body)

    @check(21)
    async def test_21_another_body_under_a_true_signature(self, harness: Harness) -> None:
        """The raw bytes are signed: the same content written otherwise is refused."""
        message = harness.message(NotificationKind.SUBSCRIPTION, "sub_1", at=harness.clock.wall())
        others = [message.body + b" ", message.body[:-1], b"", b"\xff\xfe\x00", b"x" * _GIANT]
        for other in [*others, message.body.replace(b"sub_1", b"sub_2")]:
            with pytest.raises(NotificationRejected):
                _read(harness, message.headers, other)

    @check(21)
    @pytest.mark.parametrize("body", [b"", b"\xff\xfe\x00", b"{", b"[]", b"null", b'{"id": 1}', b"[" * 5_000], ids=repr)
    async def test_21_nonsense_under_a_true_signature(self, harness: Harness, body: bytes) -> None:
        """Signed nonsense is refused and crashes nothing."""
        with pytest.raises(NotificationRejected):
            _read(harness, harness.sign(body, at=harness.clock.wall()), body)

    @check(3)
    async def test_03_an_unheard_of_kind_is_ignored(self, harness: Harness) -> None:
        """A message of a kind that is not known is ignored."""
        message = harness.message(None, "thing_1", at=harness.clock.wall())
        assert _read(harness, message.headers, message.body).kind is NotificationKind.IGNORED

    @check(22)
    async def test_22_duplicates(self, harness: Harness) -> None:
        """A duplicate event, and the same fact under another id, change nothing."""
        subscription = await (await Buyer.arrive(harness)).subscribe()
        first, other = [
            harness.message(NotificationKind.SUBSCRIPTION, subscription.ref, at=harness.clock.wall()) for _ in range(2)
        ]
        projection = Projection(harness)
        for message in (first, first, other):
            await projection.hear(message)
        notifications = [_read(harness, one.headers, one.body) for one in (first, first, other)]
        assert notifications[0] == notifications[1]
        assert notifications[0].id != notifications[2].id
        assert notifications[0].subject == notifications[2].subject == subscription.ref
        assert projection.writes == 1

    @check(23)
    async def test_23_versions_put_snapshots_in_order(self, harness: Harness) -> None:
        """Snapshots that arrive in any order end in the last state."""
        snapshots = await _life(harness)
        ends = set()
        for order in permutations(snapshots):
            projection = Projection(harness)
            for snapshot in order:
                projection.take(snapshot)
            ends.add(tuple(projection.shown()))
        last = Projection(harness)
        last.take(snapshots[-1])
        assert ends == {tuple(last.shown())}

    @check(23, Facility.MESSAGES)
    async def test_23_messages_in_any_order(self, harness: Harness) -> None:
        """Every permutation of a life's messages ends in the same state."""
        last = (await _life(harness))[-1]
        messages = list(await harness.sent())
        expected = Projection(harness)
        expected.take(last)
        assert messages, "the vendor tells of what happened"
        for order in (messages, messages[::-1], *permutations(_one_of_each(harness, messages))):
            projection = Projection(harness)
            for message in (*order, *order):
                await projection.hear(message)
            assert projection.shown() == expected.shown()

    @check(24, Capability.LIST_OF_CHANGES)
    async def test_24_the_sweep_finds_what_was_lost(self, harness: Harness) -> None:
        """With every message lost, the list of changes leads to the same state."""
        before = await _changes(harness, "")
        last = (await _life(harness))[-1]
        projection, expected = Projection(harness), Projection(harness)
        for notification in await _changes(harness, before[-1].id if before else ""):
            await projection.follow(notification)
        expected.take(last)
        assert projection.shown() == expected.shown()

    @check(24, Capability.LIST_OF_CHANGES)
    async def test_24_the_sweep_goes_on_where_it_stopped(self, harness: Harness) -> None:
        """The list goes on after the last notification that was seen, oldest first."""
        buyer = await Buyer.arrive(harness)
        await buyer.subscribe()
        before = await _changes(harness, "")
        await buyer.subscribe()
        after = await _changes(harness, before[-1].id)
        assert after
        assert [*before, *after] == await _changes(harness, "")
        occurred = [notification.occurred_at for notification in [*before, *after]]
        assert occurred == sorted(occurred)

    @check(24)
    async def test_24_reading_heals(self, harness: Harness) -> None:
        """With every message lost, reading an order finds its payment."""
        buyer = await Buyer.arrive(harness)
        request = buyer.request((TEAM, 2))
        await buyer.pay(await buyer.open(request))
        found = await harness.adapter.find_checkouts(request.order)
        assert [one.state for one in found] == [CheckoutState.COMPLETE]
        listed = await harness.adapter.list_subscriptions(buyer.customer)
        assert [one.ref for one in listed] == [one.subscription for one in found]


async def _life(harness: Harness) -> list[SubscriptionSnapshot]:
    """Lead a subscription through a life and return it as it was read after each step, which each read shows."""
    buyer = await Buyer.arrive(harness)
    ref = (await buyer.subscribe()).ref
    seen = [await _after_a_second(harness, ref)]
    for decision in (RenewalDecision.END, RenewalDecision.RENEW):
        await harness.adapter.set_renewal(ref, decision=decision, key=new_key("set_renewal"))
        seen.append(await _after_a_second(harness, ref))
    if Capability.CHANGES in harness.adapter.capabilities:
        await buyer.changed(ref, SetSeats(base=10, seats=13))
        seen.append(await _after_a_second(harness, ref))
    await harness.adapter.set_renewal(ref, decision=RenewalDecision.END_NOW, key=new_key("set_renewal"))
    seen.append(await _after_a_second(harness, ref))
    assert [one.cancel_at is not None for one in seen[:3]] == [False, True, False], "a read shows what was written"
    assert (seen[-1].seats, seen[-1].status) == (seen[-2].seats, SubscriptionStatus.CANCELLED)
    return seen


async def _after_a_second(harness: Harness, ref: SubscriptionRef) -> SubscriptionSnapshot:
    # a vendor without versions of its own may order what it saw by time
    if Capability.TEST_CLOCK in harness.adapter.capabilities:
        await harness.advance(timedelta(seconds=1))
    return await harness.adapter.get_subscription(ref)


async def _changes(harness: Harness, cursor: str) -> list[Notification]:
    page = await harness.adapter.changes_since(cursor)
    rows = list(page.rows)
    while page.next_cursor:
        page = await harness.adapter.changes_since(page.next_cursor)
        rows += page.rows
    return rows


def _one_of_each(harness: Harness, messages: Sequence[SignedMessage]) -> list[SignedMessage]:
    """Return the latest message about each thing, as many as can be tried in every order."""
    latest: dict[tuple[NotificationKind, str], SignedMessage] = {}
    for message in messages:
        found = _read(harness, message.headers, message.body)
        latest[found.kind, found.subject] = message
    return list(latest.values())[-_MOST_IN_ANY_ORDER:]


def _signature(harness: Harness, message: SignedMessage) -> str:
    """Return the name of the header without which a true message is refused."""
    for name in message.headers:
        try:
            _read(harness, {other: value for other, value in message.headers.items() if other != name}, message.body)
        except NotificationRejected:
            return name
    raise AssertionError("a message without its signature was taken")


def _read(harness: Harness, headers: Mapping[str, str], body: bytes) -> Notification:
    return harness.adapter.read_notification(headers, body=body, received_at=harness.clock.wall())
