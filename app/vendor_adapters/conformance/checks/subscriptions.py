"""What was bought and goes on: changes now and at renewal, and what an unpaid change must not do."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from app.core.money import Money
from app.vendor_adapters.capabilities import Capability
from app.vendor_adapters.conformance.buyer import Buyer, new_key, new_order, taken, to_day
from app.vendor_adapters.conformance.checks.base import Checks
from app.vendor_adapters.conformance.checks.prices import assert_adds_up
from app.vendor_adapters.conformance.harness import Card, Facility, Fault, Harness
from app.vendor_adapters.conformance.offers import DAY_OF_CHANGES, SCALE, STORAGE, TEAM
from app.vendor_adapters.conformance.scenario import Measure, check
from app.vendor_adapters.errors import RejectReason, VendorRejected, VendorUnavailable
from app.vendor_adapters.types import (
    AddPack,
    Change,
    Declined,
    Done,
    Fidelity,
    NeedsAction,
    OfferKey,
    Pending,
    PurchaseItem,
    Renew,
    RenewalDecision,
    SetSeats,
    SubscriptionRef,
    SubscriptionSnapshot,
    SubscriptionStatus,
    SwitchOffer,
)

_LATER = timedelta(minutes=10)
_GROWS = (Capability.CHANGES, Capability.CHANGE_PREVIEW, Capability.TEST_CLOCK, Measure.PRORATION_BY_DAY)

_PAID_AHEAD = (Capability.CHANGES, Capability.PAID_RENEWAL, Capability.TEST_CLOCK)


@dataclass(frozen=True, slots=True)
class _Case:
    """A change of ten Team seats on a day of their year, and what it costs."""

    day: int
    change: Change
    due: int

    def __str__(self) -> str:
        return f"day {self.day} {type(self.change).__name__} {self.due}"


_SEATS = SetSeats(base=10, seats=13)
_CASES = (
    _Case(0, _SEATS, 104_400),
    _Case(DAY_OF_CHANGES, _SEATS, 28_030),
    _Case(364, _SEATS, 286),
    _Case(DAY_OF_CHANGES, SwitchOffer(base=TEAM, offer=SCALE, seats=10), 225_534),
    _Case(DAY_OF_CHANGES, SwitchOffer(base=TEAM, offer=SCALE, seats=11), 257_431),
    _Case(DAY_OF_CHANGES, AddPack(offer=STORAGE, base=0, quantity=2), 3_222),
)


class SubscriptionChecks(Checks):
    """Subscriptions and their changes."""

    @check(10, *_GROWS)
    @pytest.mark.parametrize("case", _CASES, ids=str)
    async def test_10_preview_of_a_change_equals_charge(self, harness: Harness, case: _Case) -> None:
        """The preview of a change equals its charge, and both the worked sums."""
        buyer, order = await Buyer.arrive(harness), new_order()
        subscription = await buyer.subscribe()
        await to_day(harness, case.day)
        quote = await buyer.quote_change(subscription.ref, case.change)
        outcome = await buyer.change(subscription.ref, case.change, quote=quote, order=order)
        assert isinstance(outcome, Done)
        assert_adds_up(quote)
        assert quote.due_now == Money(case.due, "usd")
        assert await taken(harness, order) == [case.due]
        assert (await buyer.invoices())[0].total == quote.due_now

    @check(10, *_GROWS, Capability.PINNED_PRORATION)
    async def test_10_preview_equals_charge_at_the_pinned_time(self, harness: Harness) -> None:
        """What is pressed ten minutes later costs what was shown."""
        buyer, order = await Buyer.arrive(harness), new_order()
        subscription = await buyer.subscribe()
        await to_day(harness, DAY_OF_CHANGES)
        quote = await buyer.quote_change(subscription.ref, _SEATS)
        await harness.advance(_LATER)
        await buyer.change(subscription.ref, _SEATS, quote=quote, order=order)
        assert await taken(harness, order) == [quote.due_now.minor]

    @check(11, Facility.FAULTS, Capability.CHANGES)
    async def test_11_a_failed_preview_of_a_change_surfaces(self, harness: Harness) -> None:
        """A failed preview of a change is an error and never a price."""
        buyer = await Buyer.arrive(harness)
        subscription = await buyer.subscribe()
        async with harness.fault("quote_change", Fault.BROKEN):
            with pytest.raises(VendorUnavailable):
                await buyer.quote_change(subscription.ref, _SEATS)

    @check(13, *_GROWS)
    async def test_13_what_a_change_renews_at(self, harness: Harness) -> None:
        """The next charge of a change's quote is what the renewal invoices."""
        buyer = await Buyer.arrive(harness)
        subscription = await buyer.subscribe()
        await to_day(harness, DAY_OF_CHANGES)
        quote = await buyer.quote_change(subscription.ref, _SEATS)
        await buyer.change(subscription.ref, _SEATS, quote=quote)
        first = quote.next_charges[0]
        assert first.at == subscription.period.ends_at
        await to_day(harness, 366)
        assert (await buyer.invoices())[0].total == (first.total or first.subtotal)

    @check(0, Capability.CHANGES)
    async def test_an_estimate_is_called_one(self, harness: Harness) -> None:
        """A quote of a change is exact where previews are declared, else an estimate."""
        buyer = await Buyer.arrive(harness)
        subscription = await buyer.subscribe()
        quote = await buyer.quote_change(subscription.ref, _SEATS)
        is_exact = Capability.CHANGE_PREVIEW in harness.adapter.capabilities
        assert quote.fidelity is (Fidelity.EXACT if is_exact else Fidelity.ESTIMATED)

    @check(18, Capability.CHANGES)
    async def test_18_more_seats_count_now(self, harness: Harness) -> None:
        """Seats up count now."""
        buyer = await Buyer.arrive(harness)
        subscription = await buyer.subscribe()
        changed = await buyer.changed(subscription.ref, _SEATS)
        assert (changed.seats, changed.period, changed.unit_price) == (13, subscription.period, subscription.unit_price)

    @check(18, Capability.CHANGES)
    async def test_18_a_higher_plan_counts_now(self, harness: Harness) -> None:
        """Plan up counts now, with the same end."""
        buyer = await Buyer.arrive(harness)
        subscription = await buyer.subscribe()
        changed = await buyer.changed(subscription.ref, SwitchOffer(base=TEAM, offer=SCALE, seats=12))
        assert (changed.offer, changed.seats, changed.period) == (SCALE, 12, subscription.period)

    @check(18, Capability.CHANGES, Capability.TEST_CLOCK)
    async def test_18_fewer_seats_count_at_renewal(self, harness: Harness) -> None:
        """Seats down count at renewal."""
        await self._down(harness, TEAM, SetSeats(base=10, seats=8, at_renewal=True))

    @check(18, Capability.CHANGES, Capability.TEST_CLOCK)
    async def test_18_a_lower_plan_counts_at_renewal(self, harness: Harness) -> None:
        """Plan down counts at renewal."""
        await self._down(harness, SCALE, SwitchOffer(base=SCALE, offer=TEAM, seats=8, at_renewal=True))

    @check(18, Capability.CHANGES)
    async def test_18_packs_beside_a_plan(self, harness: Harness) -> None:
        """Recurring packs stand beside the plan, and add up."""
        buyer = await Buyer.arrive(harness)
        subscription = await buyer.subscribe()
        await buyer.changed(subscription.ref, AddPack(offer=STORAGE, base=0, quantity=2))
        changed = await buyer.changed(subscription.ref, AddPack(offer=STORAGE, base=2, quantity=1))
        assert changed.packs == (PurchaseItem(offer=STORAGE, quantity=3),)
        assert (changed.offer, changed.seats) == (TEAM, 10)

    @check(18, Capability.CHANGES)
    async def test_18_a_moved_base_is_stale(self, harness: Harness) -> None:
        """A change whose base has moved is refused as stale and charges nothing."""
        buyer, order = await Buyer.arrive(harness), new_order()
        subscription = await buyer.subscribe()
        quote = await buyer.quote_change(subscription.ref, _SEATS)
        await buyer.changed(subscription.ref, SetSeats(base=10, seats=11))
        with pytest.raises(VendorRejected) as refused:
            await buyer.change(subscription.ref, _SEATS, quote=quote, order=order)
        assert refused.value.reason in (RejectReason.STALE_STATE, RejectReason.QUOTE_EXPIRED)
        assert await taken(harness, order) == []
        assert (await harness.adapter.get_subscription(subscription.ref)).seats == 11

    @check(19, Capability.CHANGES, Capability.CHANGE_WAITS_FOR_PAYMENT)
    @pytest.mark.parametrize(
        "change",
        [_SEATS, SwitchOffer(base=TEAM, offer=SCALE, seats=10), AddPack(offer=STORAGE, base=0, quantity=1)],
        ids=lambda change: type(change).__name__,
    )
    async def test_19_a_declined_change_leaves_everything(self, harness: Harness, change: Change) -> None:
        """A declined change leaves plan, seats and packs as they were."""
        buyer, order = await Buyer.arrive(harness), new_order()
        subscription = await buyer.subscribe()
        await harness.given_card(buyer.customer, Card.DECLINED)
        outcome = await buyer.change(subscription.ref, change, order=order)
        after = await harness.adapter.get_subscription(subscription.ref)
        assert isinstance(outcome, Declined | NeedsAction | Pending)
        assert (after.offer, after.seats, after.packs) == (TEAM, 10, ())
        assert after.status is SubscriptionStatus.ACTIVE
        assert await taken(harness, order) == []

    @check(0)
    async def test_a_subscription_says_whose_it_is(self, harness: Harness) -> None:
        """A subscription names its customer, its subject and its order."""
        buyer = await Buyer.arrive(harness)
        bought = await buyer.purchase((TEAM, 2))
        assert bought.subscription is not None
        read = await harness.adapter.get_subscription(bought.subscription)
        (listed,) = await harness.adapter.list_subscriptions(buyer.customer)
        for found in (read, listed):
            assert (found.customer, found.subject, found.order) == (buyer.customer, buyer.subject, bought.order)

    @check(0)
    async def test_renewal_can_be_stopped_and_resumed(self, harness: Harness) -> None:
        """The renewal can be stopped and resumed; the term stays."""
        subscription = await (await Buyer.arrive(harness)).subscribe()
        stopped = await _decide(harness, subscription.ref, RenewalDecision.END)
        resumed = await _decide(harness, subscription.ref, RenewalDecision.RENEW)
        assert (stopped.cancel_at, stopped.status) == (subscription.period.ends_at, SubscriptionStatus.ACTIVE)
        assert (resumed.cancel_at, resumed.period) == (None, subscription.period)

    @check(0)
    async def test_it_can_end_at_once(self, harness: Harness) -> None:
        """A subscription can end at once, which gives nothing back by itself."""
        subscription = await (await Buyer.arrive(harness)).subscribe()
        assert (
            await _decide(harness, subscription.ref, RenewalDecision.END_NOW)
        ).status is SubscriptionStatus.CANCELLED
        assert [charge.refunded.minor for charge in await harness.charges()] == [0]

    @check(0, Capability.TEST_CLOCK)
    async def test_it_ends_with_its_term(self, harness: Harness) -> None:
        """What will not renew ends with its term, and is not charged again."""
        subscription = await (await Buyer.arrive(harness)).subscribe()
        await _decide(harness, subscription.ref, RenewalDecision.END)
        await to_day(harness, 366)
        after = await harness.adapter.get_subscription(subscription.ref)
        assert after.status is SubscriptionStatus.CANCELLED
        assert len(await harness.charges()) == 1

    @check(0, *_PAID_AHEAD)
    async def test_a_term_is_paid_before_its_day(self, harness: Harness) -> None:
        """A term that is paid before its day waits for it, and is charged once."""
        await self._paid_ahead(harness, seats=10)

    @check(0, *_PAID_AHEAD, Capability.RESHAPED_RENEWAL)
    async def test_a_term_of_another_shape_is_paid_before_its_day(self, harness: Harness) -> None:
        """What is paid before its day can have more seats than what runs."""
        await self._paid_ahead(harness, seats=12)

    @check(0, *_PAID_AHEAD)
    async def test_paying_ahead_leaves_the_renewal_off(self, harness: Harness) -> None:
        """What will not renew ends with the term that was paid."""
        buyer = await Buyer.arrive(harness)
        subscription = await buyer.subscribe()
        await _decide(harness, subscription.ref, RenewalDecision.END)
        await to_day(harness, 355)
        paid = await buyer.changed(subscription.ref, Renew(base=subscription.period.ends_at, offer=TEAM, seats=10))
        renews = await _decide(harness, subscription.ref, RenewalDecision.RENEW)
        ends = await _decide(harness, subscription.ref, RenewalDecision.END)
        await to_day(harness, 366)
        begun = await harness.adapter.get_subscription(subscription.ref)
        assert (paid.cancel_at, renews.cancel_at, ends.cancel_at) == (paid.paid_until, None, paid.paid_until)
        assert (begun.status, begun.cancel_at) == (SubscriptionStatus.ACTIVE, begun.period.ends_at)
        await to_day(harness, 732)
        over = await harness.adapter.get_subscription(subscription.ref)
        assert over.status is SubscriptionStatus.CANCELLED
        assert len(await harness.charges()) == 2

    @check(0, *_PAID_AHEAD)
    async def test_paying_ahead_drops_what_was_booked(self, harness: Harness) -> None:
        """What is paid is what renews: a change that was booked for that day is gone."""
        buyer = await Buyer.arrive(harness)
        subscription = await buyer.subscribe()
        await buyer.changed(subscription.ref, SetSeats(base=10, seats=8, at_renewal=True))
        await to_day(harness, 355)
        paid = await buyer.changed(subscription.ref, Renew(base=subscription.period.ends_at, offer=TEAM, seats=10))
        await to_day(harness, 366)
        begun = await harness.adapter.get_subscription(subscription.ref)
        assert (paid.renews_as, begun.renews_as, begun.seats) == (None, None, 10)
        assert len(await harness.charges()) == 2

    @check(0, *_PAID_AHEAD, Capability.REFUNDS)
    async def test_a_term_that_was_paid_back_does_not_come(self, harness: Harness) -> None:
        """END after the money of a paid term went back ends what runs."""
        buyer = await Buyer.arrive(harness)
        subscription = await buyer.subscribe()
        await to_day(harness, 355)
        renewal = Renew(base=subscription.period.ends_at, offer=TEAM, seats=10)
        outcome = await buyer.change(subscription.ref, renewal)
        assert isinstance(outcome, Done)
        assert outcome.charge is not None
        await harness.adapter.refund(
            outcome.charge, amount=Money(348_000, "usd"), reason="paid back", key=new_key("refund")
        )
        ends = await _decide(harness, subscription.ref, RenewalDecision.END)
        assert (ends.cancel_at, ends.paid_until) == (subscription.period.ends_at, None)
        await to_day(harness, 366)
        over = await harness.adapter.get_subscription(subscription.ref)
        assert over.status is SubscriptionStatus.CANCELLED

    @check(19, *_PAID_AHEAD)
    async def test_19_a_term_that_a_bank_refuses_is_not_paid(self, harness: Harness) -> None:
        """A bank's no leaves the next term unpaid; another card can pay it."""
        buyer, order, key = await Buyer.arrive(harness), new_order(), new_key("apply_change")
        subscription = await buyer.subscribe()
        await to_day(harness, 355)
        await harness.given_card(buyer.customer, Card.DECLINED)
        renewal = Renew(base=subscription.period.ends_at, offer=TEAM, seats=10)
        quote = await buyer.quote_change(subscription.ref, renewal)
        refused = await buyer.change(subscription.ref, renewal, quote=quote, order=order, key=key)
        assert isinstance(refused, Declined | NeedsAction | Pending)
        unpaid = await harness.adapter.get_subscription(subscription.ref)
        assert (unpaid.paid_until, unpaid.period) == (None, subscription.period)
        asked = await harness.refused()
        if isinstance(refused, Declined):
            assert await buyer.change(subscription.ref, renewal, quote=quote, order=order, key=key) == refused
            assert await harness.refused() == asked
        await harness.given_card(buyer.customer, Card.PAYS)
        assert (await buyer.changed(subscription.ref, renewal)).paid_until is not None

    @check(0, Capability.CHANGES, Capability.PAID_RENEWAL, Capability.TEST_CLOCK)
    async def test_what_has_ended_goes_on_without_a_gap(self, harness: Harness) -> None:
        """What has ended goes on without a gap once its next term is paid."""
        buyer = await Buyer.arrive(harness)
        subscription = await buyer.subscribe()
        await _decide(harness, subscription.ref, RenewalDecision.END)
        await to_day(harness, 370)
        renewal = Renew(base=subscription.period.ends_at, offer=TEAM, seats=9)
        renewed = await buyer.changed(subscription.ref, renewal)
        assert (renewed.status, renewed.seats) == (SubscriptionStatus.ACTIVE, 9)
        assert renewed.period.starts_at == subscription.period.ends_at
        assert len(await harness.charges()) == 2
        with pytest.raises(VendorRejected) as refused:
            await buyer.quote_change(subscription.ref, renewal)
        assert refused.value.reason is RejectReason.STALE_STATE

    async def _paid_ahead(self, harness: Harness, *, seats: int) -> None:
        buyer = await Buyer.arrive(harness)
        subscription = await buyer.subscribe()
        await to_day(harness, 355)
        renewal = Renew(base=subscription.period.ends_at, offer=TEAM, seats=seats)
        quote, order = await buyer.quote_change(subscription.ref, renewal), new_order()
        outcome = await buyer.change(subscription.ref, renewal, quote=quote, order=order)
        paid = await harness.adapter.get_subscription(subscription.ref)
        await to_day(harness, 366)
        begun = await harness.adapter.get_subscription(subscription.ref)
        assert isinstance(outcome, Done)
        assert await taken(harness, order) == [seats * 34_800] == [quote.due_now.minor]
        assert (paid.seats, paid.period, paid.paid_until) == (10, subscription.period, begun.period.ends_at)
        assert (begun.seats, begun.status, begun.paid_until) == (seats, SubscriptionStatus.ACTIVE, None)
        assert begun.period.starts_at == subscription.period.ends_at
        assert len(await harness.charges()) == 2

    async def _down(self, harness: Harness, offer: OfferKey, change: Change) -> None:
        buyer = await Buyer.arrive(harness)
        subscription = await buyer.subscribe(offer)
        booked = await buyer.changed(subscription.ref, change)
        await to_day(harness, 366)
        renewed = await harness.adapter.get_subscription(subscription.ref)
        assert (booked.offer, booked.seats) == (offer, 10)
        assert booked.renews_as == PurchaseItem(offer=TEAM, quantity=8)
        assert (renewed.offer, renewed.seats, renewed.renews_as) == (TEAM, 8, None)
        assert (await buyer.invoices())[0].total == Money(8 * 34_800, "usd")


async def _decide(harness: Harness, ref: SubscriptionRef, decision: RenewalDecision) -> SubscriptionSnapshot:
    return await harness.adapter.set_renewal(ref, decision=decision, key=new_key("set_renewal"))
