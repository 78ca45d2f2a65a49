"""Messages of the vendor that are lost for ever: the list of changes tells what they would have told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from app import worker
from app.core.ids import new_id
from app.core.money import Money
from app.db.schema.events import inbox
from app.events.vendor_changes import Place, keep_place, place_in
from app.flows.missed_changes import find_missed_changes
from app.orders.states import State
from app.subscriptions.store import Subscription, by_ref
from app.vendor_adapters.embedded import EmbeddedVendor
from app.vendor_adapters.types import (
    ChargeRef,
    IdempotencyKey,
    Notification,
    NotificationKind,
    OrderId,
    Page,
    RenewalDecision,
    SubscriptionRef,
    SubscriptionStatus,
)
from app.vendor_adapters.world import DisputeState, Fault, WebhookFaults
from tests.support.customers import go_wrong, subscription_of
from tests.support.journeys import bought, settled
from tests.support.sellers import embedded
from tests.support.shop import Shop
from tests.support.witness import count, only_order

pytestmark = pytest.mark.vendors("embedded", "stripe")
sqlite = pytest.mark.engines("sqlite")


async def lose_messages(shop: Shop) -> None:
    """Let no message of the vendor arrive any more."""
    await shop.vendor_world.set_webhook_faults(WebhookFaults(drop_ppm=1_000_000))


async def charge_of(shop: Shop) -> ChargeRef:
    """Return the charge of the only order."""
    return ChargeRef(str((await only_order(shop)).charge_ref))


async def known(shop: Shop, ref: str) -> Subscription:
    """Return what the store knows of a subscription."""
    found = await shop.deps.db.read(lambda connection: by_ref(connection, ref))
    assert found is not None
    return found


async def healed(shop: Shop) -> None:
    """Let the sweep of a minute later run, and what follows from it be done."""
    shop.clock.advance(timedelta(minutes=1))
    await worker.sweep(shop.deps)
    await settled(shop)


async def told(shop: Shop, kind: str) -> int:
    """Return how many mails of a kind were sent."""
    return sum(mail["kind"] == kind for mail in await shop.world.mails())


async def test_a_refund_that_nobody_told_is_found_once(shop: Shop) -> None:
    await bought(shop)
    await healed(shop)
    await lose_messages(shop)
    order = await only_order(shop)
    await shop.vendor_world.refund(await charge_of(shop), Money(order.amount_paid or 0, order.currency))
    await settled(shop)
    assert (await only_order(shop)).state is State.GRANTED  # nobody told
    for _ in range(2):
        await healed(shop)
    assert (await only_order(shop)).state is State.REFUNDED
    assert await told(shop, "money_returned") == 1
    found = await shop.deps.product.state("acme")
    assert found is not None
    assert found.plan == "free"


@sqlite
async def test_a_dispute_that_nobody_told_is_found(shop: Shop) -> None:
    await bought(shop)
    await healed(shop)
    await lose_messages(shop)
    await shop.vendor_world.dispute(await charge_of(shop), DisputeState.OPENED)
    for _ in range(2):
        await healed(shop)
    assert await told(shop, "charge_disputed") == 1


@sqlite
async def test_a_renewal_that_nobody_told_is_found(shop: Shop) -> None:
    before = await subscription_of(shop, "globex")
    await healed(shop)
    await lose_messages(shop)
    march = datetime(2027, 3, 1, 0, 1, tzinfo=UTC)
    shop.clock.advance_business(march - shop.clock.now())
    await shop.vendor_world.set_clock(shop.clock.now())
    await shop.vendor_world.run_due(shop.clock.now())
    await find_missed_changes(shop.deps)
    await settled(shop)
    after = await known(shop, before.subscription_ref)
    assert (after.starts_at.date(), after.ends_at.date()) == (march.date(), march.replace(year=2028).date())
    assert after.status is SubscriptionStatus.ACTIVE


@sqlite
@pytest.mark.parametrize("decision", [RenewalDecision.END, RenewalDecision.END_NOW])
async def test_a_cancellation_that_nobody_told_is_found(shop: Shop, decision: RenewalDecision) -> None:
    before = await subscription_of(shop, "globex")
    await healed(shop)
    await lose_messages(shop)
    ref = SubscriptionRef(before.subscription_ref)
    await shop.deps.vendor.set_renewal(ref, decision=decision, key=IdempotencyKey(new_id("att")))
    await find_missed_changes(shop.deps)
    await settled(shop)
    after = await known(shop, before.subscription_ref)
    assert (after.cancel_at is not None) or after.status is SubscriptionStatus.CANCELLED
    assert after != before


@sqlite
async def test_what_was_told_is_not_looked_into_again(shop: Shop) -> None:
    await bought(shop)
    await find_missed_changes(shop.deps)  # from the start: what was seeded told nobody
    await settled(shop)
    kept = await count(shop, inbox)
    assert await find_missed_changes(shop.deps) == 0
    assert await count(shop, inbox) == kept


@sqlite
async def test_a_vendor_that_is_away_is_asked_again_and_stops_no_sweep(shop: Shop) -> None:
    await bought(shop)
    await lose_messages(shop)
    await healed(shop)
    order = await only_order(shop)
    await shop.vendor_world.refund(await charge_of(shop), Money(order.amount_paid or 0, order.currency))
    await go_wrong(shop, "changes_since", Fault.ERROR_500, times=10)
    await healed(shop)
    assert (await only_order(shop)).state is State.GRANTED
    await shop.vendor_world.clear_faults()
    await healed(shop)
    assert (await only_order(shop)).state is State.REFUNDED


class Gossip(EmbeddedVendor):
    """A vendor whose list holds what nobody can keep, and pages with nothing on them."""

    async def changes_since(self, cursor: str) -> Page[Notification]:
        match cursor:
            case "":
                return Page(tuple(map(self._note, ("evt_1", "evt_bad", "evt_2"))), next_cursor="older")
            case "older":
                return Page((), next_cursor="newest")
            case _:
                return Page((self._note("evt_3"),))

    def _note(self, ref: str) -> Notification:
        at = datetime(2026, 3, 1, tzinfo=None if ref == "evt_bad" else UTC)
        return Notification(id=ref, kind=NotificationKind.CUSTOMER, subject="cus_1", order=OrderId(""), occurred_at=at)


class Broken(EmbeddedVendor):
    """A vendor whose list makes its adapter stumble."""

    async def changes_since(self, cursor: str) -> Page[Notification]:
        raise ValueError(cursor)


@pytest.mark.vendors("embedded")
async def test_what_cannot_be_kept_is_passed_over_and_the_rest_is_not(shop: Shop) -> None:
    heard = embedded(shop.deps.config, shop.deps.catalog, shop.clock, Gossip).adapter
    broken = embedded(shop.deps.config, shop.deps.catalog, shop.clock, Broken).adapter
    deps = replace(shop.deps, vendors={"broken": broken, "gossip": heard})
    with capture_logs() as logs:
        assert await find_missed_changes(deps) == 3
    told = [(line["vendor"], line["event"]) for line in logs if line["log_level"] == "warning"]
    assert told == [("broken", "list of changes not read"), ("gossip", "a change that cannot be kept is passed over")]
    place = await shop.deps.db.read(lambda connection: place_in(connection, "gossip"))
    assert place is not None
    assert place.cursor == "evt_3"


async def test_a_gap_longer_than_the_vendor_remembers_is_said(shop: Shop) -> None:
    await bought(shop)
    now, name = shop.clock.wall(), shop.deps.selling
    window = shop.deps.vendor.capabilities.changes_window
    long_ago = Place(cursor="evt_long_gone", read_at=now - window - timedelta(days=3))
    await shop.deps.db.write(lambda connection: keep_place(connection, name, long_ago))
    with capture_logs() as logs:
        await find_missed_changes(shop.deps)
    assert [line["vendor"] for line in logs if str(line["event"]).startswith("changes may have been missed")] == [name]
    ready = (await (await shop.signed_in("ann")).look("/readyz")).json()
    assert ready["changes_gap"] == [long_ago.read_at.isoformat(), (now - window).isoformat()]
    assert ready["changes_read_at"] == now.isoformat()
    place = await shop.deps.db.read(lambda connection: place_in(connection, name))
    assert place is not None
    assert place.cursor not in ("", long_ago.cursor)
    with capture_logs() as again:
        await find_missed_changes(shop.deps)
    assert not [line for line in again if line["log_level"] == "warning"]
