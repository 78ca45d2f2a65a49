"""Terms paid by hand: before their day, after the end of the last one, and everything that may happen in between."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.core.clock import FrozenClock
from app.vendor_adapters.embedded import EmbeddedWorld
from app.vendor_adapters.errors import RejectReason, VendorRejected
from app.vendor_adapters.types import (
    AddPack,
    CheckoutRef,
    Declined,
    Done,
    InvoiceStatus,
    Period,
    PurchaseItem,
    Renew,
    RenewalDecision,
    SetSeats,
    SubscriptionSnapshot,
    SubscriptionStatus,
    SwitchOffer,
)
from tests.adapters.embedded.shop import DECLINES, MARCH, OLD_TEAM, SCALE, STORAGE, TEAM, Shop, usd

MARCH_2027, MARCH_2028, MARCH_2029 = (datetime(year, 3, 1, tzinfo=UTC) for year in (2027, 2028, 2029))
TWELVE = Renew(base=MARCH_2027, offer=TEAM, seats=12)


async def go_to(shop: Shop, world: EmbeddedWorld, instant: datetime) -> None:
    shop.clock.advance_business(instant - shop.clock.now())
    await world.run_due(instant)


@pytest.fixture
async def bought(shop: Shop, world: EmbeddedWorld) -> SubscriptionSnapshot:
    """Ten Team seats on the 20th of February before they renew."""
    subscription = await shop.subscription()
    await go_to(shop, world, datetime(2027, 2, 20, 12, tzinfo=UTC))
    return subscription


async def test_twelve_seats_are_4176_and_wait_for_their_day(
    shop: Shop, world: EmbeddedWorld, bought: SubscriptionSnapshot
) -> None:
    quote = await shop.quote_change(bought.ref, TWELVE)
    assert (quote.subtotal, quote.due_now) == (usd(417_600), usd(454_662))
    assert [charge.at for charge in quote.next_charges] == [MARCH_2028]
    paid = await shop.done(bought.ref, TWELVE)
    assert (paid.seats, paid.paid_until, paid.renews_as) == (10, MARCH_2028, PurchaseItem(offer=TEAM, quantity=12))
    await go_to(shop, world, MARCH_2027)
    begun = await shop.vendor.get_subscription(bought.ref)
    assert (begun.seats, begun.period) == (12, Period(starts_at=MARCH_2027, ends_at=MARCH_2028))
    assert (begun.paid_until, begun.renews_as, begun.status) == (None, None, SubscriptionStatus.ACTIVE)
    assert len((await shop.vendor.list_invoices(bought.customer)).rows) == 2
    await go_to(shop, world, MARCH_2028)
    (renewed, *_) = (await shop.vendor.list_invoices(bought.customer)).rows
    assert renewed.subtotal == usd(417_600)


async def test_a_term_is_paid_once(shop: Shop, bought: SubscriptionSnapshot) -> None:
    await shop.done(bought.ref, TWELVE)
    for change in (
        TWELVE,
        Renew(base=MARCH_2028, offer=TEAM, seats=12),
        SetSeats(base=10, seats=8, at_renewal=True),
        SwitchOffer(base=TEAM, offer=SCALE, seats=10),
        AddPack(offer=STORAGE, base=0, quantity=1),
    ):
        with pytest.raises(VendorRejected) as refused:
            await shop.quote_change(bought.ref, change)
        assert refused.value.reason is RejectReason.STALE_STATE


@pytest.mark.parametrize("paid_for", [12, 10, 13])
async def test_seats_of_the_running_term_can_still_be_added(
    shop: Shop, world: EmbeddedWorld, bought: SubscriptionSnapshot, paid_for: int
) -> None:
    await shop.done(bought.ref, replace(TWELVE, seats=paid_for))
    more = SetSeats(base=10, seats=13)
    (charge,) = (await shop.quote_change(bought.ref, more)).next_charges
    assert (charge.at, charge.subtotal) == (MARCH_2028, usd(34_800 * paid_for))
    grown = await shop.done(bought.ref, more)
    renews_as = None if paid_for == 13 else PurchaseItem(offer=TEAM, quantity=paid_for)
    assert (grown.seats, grown.renews_as) == (13, renews_as)
    await go_to(shop, world, MARCH_2027)
    assert (await shop.vendor.get_subscription(bought.ref)).seats == paid_for


async def test_a_choice_not_to_renew_stands_and_counts_from_the_paid_term(
    shop: Shop, world: EmbeddedWorld, bought: SubscriptionSnapshot
) -> None:
    await shop.vendor.set_renewal(bought.ref, decision=RenewalDecision.END, key=shop.key())
    assert (await shop.quote_change(bought.ref, TWELVE)).next_charges == ()
    paid = await shop.done(bought.ref, TWELVE)
    assert paid.cancel_at == MARCH_2028
    resumed = await shop.vendor.set_renewal(bought.ref, decision=RenewalDecision.RENEW, key=shop.key())
    ended = await shop.vendor.set_renewal(bought.ref, decision=RenewalDecision.END, key=shop.key())
    assert (resumed.cancel_at, ended.cancel_at) == (None, MARCH_2028)
    await go_to(shop, world, MARCH_2028)
    after = await shop.vendor.get_subscription(bought.ref)
    assert (after.status, after.seats, after.cancel_at) == (SubscriptionStatus.CANCELLED, 12, MARCH_2028)


async def test_another_plan_and_fewer_packs_may_renew(
    shop: Shop, world: EmbeddedWorld, bought: SubscriptionSnapshot
) -> None:
    await shop.done(bought.ref, AddPack(offer=STORAGE, base=0, quantity=3))
    scale = Renew(base=MARCH_2027, offer=SCALE, seats=9, packs=(PurchaseItem(offer=STORAGE, quantity=2),))
    assert (await shop.quote_change(bought.ref, scale)).subtotal == usd(9 * 118_800 + 2 * 6_000)
    await shop.done(bought.ref, scale)
    await go_to(shop, world, MARCH_2027)
    begun = await shop.vendor.get_subscription(bought.ref)
    assert (begun.offer, begun.seats, begun.packs) == (SCALE, 9, (PurchaseItem(offer=STORAGE, quantity=2),))


async def test_its_own_price_stays_and_what_it_has_not_cannot_renew(shop: Shop) -> None:
    old = await shop.subscription(offer=OLD_TEAM)
    assert (await shop.quote_change(old.ref, Renew(base=MARCH_2027, offer=OLD_TEAM, seats=2))).subtotal == usd(45_600)
    for wrong in (
        Renew(base=MARCH_2027, offer=OLD_TEAM, seats=0),
        Renew(base=MARCH_2027, offer=STORAGE, seats=1),
        Renew(base=MARCH_2027, offer=OLD_TEAM, seats=2, packs=(PurchaseItem(offer=STORAGE, quantity=1),)),
        Renew(base=MARCH_2027 + timedelta(days=1), offer=OLD_TEAM, seats=2),
    ):
        with pytest.raises(VendorRejected):
            await shop.quote_change(old.ref, wrong)


async def test_a_refused_card_leaves_it_unpaid(shop: Shop, world: EmbeddedWorld) -> None:
    subscription = await shop.subscription(card=DECLINES)
    assert isinstance(await shop.apply(subscription.ref, TWELVE), Declined)
    assert (await shop.vendor.get_subscription(subscription.ref)).paid_until is None


async def test_a_term_that_is_paid_back_before_its_day_is_not_paid(shop: Shop, bought: SubscriptionSnapshot) -> None:
    outcome = await shop.apply(bought.ref, TWELVE)
    assert isinstance(outcome, Done)
    assert outcome.charge is not None
    await shop.vendor.refund(outcome.charge, amount=usd(1), reason="a part", key=shop.key())
    assert (await shop.vendor.get_subscription(bought.ref)).paid_until == MARCH_2028
    await shop.vendor.refund(outcome.charge, amount=usd(454_661), reason="the rest", key=shop.key())
    after = await shop.vendor.get_subscription(bought.ref)
    assert (after.paid_until, after.renews_as, after.seats) == (None, None, 10)


async def test_what_has_ended_begins_again_without_a_gap(
    shop: Shop, world: EmbeddedWorld, bought: SubscriptionSnapshot
) -> None:
    await shop.vendor.set_renewal(bought.ref, decision=RenewalDecision.END, key=shop.key())
    await go_to(shop, world, MARCH_2027 + timedelta(days=5))
    quote = await shop.quote_change(bought.ref, TWELVE)
    assert [charge.at for charge in quote.next_charges] == [MARCH_2028]
    after = await shop.done(bought.ref, TWELVE)
    assert (after.status, after.seats, after.cancel_at) == (SubscriptionStatus.ACTIVE, 12, None)
    assert after.period == Period(starts_at=MARCH_2027, ends_at=MARCH_2028)
    await go_to(shop, world, MARCH_2028)
    assert (await shop.vendor.get_subscription(bought.ref)).period.ends_at == MARCH_2029


async def test_a_term_that_was_given_up_can_be_paid_after_all(shop: Shop, world: EmbeddedWorld) -> None:
    subscription = await shop.subscription(card=DECLINES)
    await go_to(shop, world, MARCH_2027 + timedelta(days=1))
    with pytest.raises(VendorRejected):
        await shop.quote_change(subscription.ref, TWELVE)  # it is owed: its invoice is paid, not a second one
    await go_to(shop, world, MARCH_2027 + timedelta(days=14))
    await shop.customer(card="4242424242424242")
    after = await shop.done(subscription.ref, TWELVE)
    assert (after.status, after.period.ends_at) == (SubscriptionStatus.ACTIVE, MARCH_2028)
    statuses = [invoice.status for invoice in (await shop.vendor.list_invoices(subscription.customer)).rows]
    assert statuses == [InvoiceStatus.PAID, InvoiceStatus.UNCOLLECTIBLE, InvoiceStatus.PAID]


async def test_what_was_ended_early_is_bought_anew(shop: Shop, bought: SubscriptionSnapshot) -> None:
    await shop.vendor.set_renewal(bought.ref, decision=RenewalDecision.END_NOW, key=shop.key())
    with pytest.raises(VendorRejected) as refused:
        await shop.quote_change(bought.ref, TWELVE)
    assert refused.value.reason is RejectReason.STALE_STATE


async def test_a_check_passed_after_midnight_pays_what_was_shown_or_nothing(
    shop: Shop, world: EmbeddedWorld, clock: FrozenClock
) -> None:
    """The renewal by itself came first: the bank's check of the one by hand must not pay a second time."""
    subscription = await shop.subscription(card="4000002500003155")
    await go_to(shop, world, MARCH_2027 - timedelta(minutes=10))
    quote = await shop.quote_change(subscription.ref, TWELVE)
    assert quote.expires_at == MARCH_2027
    await shop.apply(subscription.ref, TWELVE)
    (waiting,) = [row for row in (await world.books())["checkouts"] if row["kind"] == "change"]
    await go_to(shop, world, MARCH_2027 + timedelta(minutes=1))
    await shop.answer_bank(CheckoutRef(str(waiting["id"])), passed=True)
    after = await shop.vendor.get_subscription(subscription.ref)
    assert (after.seats, after.period.starts_at, after.paid_until) == (10, MARCH_2027, None)
    assert len((await world.books())["charges"]) == 2


@pytest.mark.parametrize("starts_at", [datetime(2028, 2, 29, tzinfo=UTC), datetime(2026, 8, 31, tzinfo=UTC), MARCH])
async def test_terms_follow_each_other_to_the_day(shop: Shop, world: EmbeddedWorld, starts_at: datetime) -> None:
    shop.clock.advance_business(max(timedelta(0), starts_at - shop.clock.now()))
    subscription = await shop.subscription(starts_at=starts_at)
    base = subscription.period.ends_at
    paid = await shop.done(subscription.ref, Renew(base=base, offer=TEAM, seats=10))
    await go_to(shop, world, base)
    begun = await shop.vendor.get_subscription(subscription.ref)
    assert begun.period == Period(starts_at=base, ends_at=base.replace(year=base.year + 1))
    assert paid.paid_until == begun.period.ends_at
