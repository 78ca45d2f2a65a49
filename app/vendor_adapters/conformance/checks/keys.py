"""Idempotency keys and lost answers, for every write of the port."""

import asyncio
from contextlib import suppress
from dataclasses import replace

import pytest

from app.core.ids import new_id
from app.vendor_adapters.capabilities import Capability
from app.vendor_adapters.conformance.buyer import Buyer, new_key, new_order, renamed, taken
from app.vendor_adapters.conformance.checks.base import Checks
from app.vendor_adapters.conformance.harness import Card, Facility, Fault, Harness
from app.vendor_adapters.conformance.offers import MINUTES, TEAM
from app.vendor_adapters.conformance.scenario import check
from app.vendor_adapters.conformance.writes import WRITES, Write
from app.vendor_adapters.errors import KeyReused, OutcomeUnknown, VendorRejected, VendorUnavailable
from app.vendor_adapters.types import (
    CheckoutState,
    Declined,
    DiscountTerms,
    Done,
    RenewalDecision,
    SubscriptionSnapshot,
)

_writes = pytest.mark.parametrize("write", WRITES, ids=lambda write: write.operation)


class KeyChecks(Checks):
    """One key, one effect, one answer."""

    @check(5)
    @_writes
    async def test_05_same_key_twice_one_effect(self, harness: Harness, write: Write) -> None:
        """The same key twice has one effect and one answer."""
        attempt, key = await write.prepare(await Buyer.arrive(harness)), new_key(write.operation)
        first = await attempt.send(key)
        assert _lasting(await attempt.send(key)) == _lasting(first)
        assert await attempt.effects() == 1

    @check(5)
    @_writes
    async def test_05_same_key_with_other_arguments(self, harness: Harness, write: Write) -> None:
        """The same key with other arguments is KeyReused."""
        attempt, key = await write.prepare(await Buyer.arrive(harness)), new_key(write.operation)
        await attempt.send(key)
        with pytest.raises(KeyReused):
            await attempt.other(key)
        assert await attempt.effects() == 1

    @check(5)
    async def test_05_an_old_key_does_not_undo_a_newer_write(self, harness: Harness) -> None:
        """A key sent late does not undo a newer write."""
        subscription = await (await Buyer.arrive(harness)).subscribe()
        old = new_key("set_renewal")
        await harness.adapter.set_renewal(subscription.ref, decision=RenewalDecision.END, key=old)
        await harness.adapter.set_renewal(subscription.ref, decision=RenewalDecision.RENEW, key=new_key("set_renewal"))
        await harness.adapter.set_renewal(subscription.ref, decision=RenewalDecision.END, key=old)
        assert (await harness.adapter.get_subscription(subscription.ref)).cancel_at is None

    @check(6)
    @_writes
    async def test_06_same_key_at_the_same_time(self, harness: Harness, write: Write) -> None:
        """The same key at the same time: the second waits for the first one's answer."""
        attempt, key = await write.prepare(await Buyer.arrive(harness)), new_key(write.operation)
        first, second = await asyncio.gather(attempt.send(key), attempt.send(key))
        assert _lasting(first) == _lasting(second)
        assert await attempt.effects() == 1

    @check(7, Facility.FAULTS)
    @_writes
    async def test_07_lost_answer(self, harness: Harness, write: Write) -> None:
        """A lost answer is OutcomeUnknown, settled by reading or by the same key."""
        attempt, key = await write.prepare(await Buyer.arrive(harness)), new_key(write.operation)
        async with harness.fault(write.operation, Fault.ANSWER_LOST):
            with pytest.raises(OutcomeUnknown):
                await attempt.send(key)
        assert await attempt.effects() == 1
        await attempt.send(key)
        assert await attempt.effects() == 1

    @check(7, Facility.FAULTS)
    @_writes
    async def test_07_lost_request(self, harness: Harness, write: Write) -> None:
        """A lost request is never told as a refusal, and the same key makes it good."""
        attempt, key = await write.prepare(await Buyer.arrive(harness)), new_key(write.operation)
        async with harness.fault(write.operation, Fault.REQUEST_LOST):
            with pytest.raises((OutcomeUnknown, VendorUnavailable)):
                await attempt.send(key)
        await attempt.send(key)
        assert await attempt.effects() == 1

    @check(8, Capability.TEST_CLOCK)
    @_writes
    async def test_08_a_write_sent_again_after_the_window(self, harness: Harness, write: Write) -> None:
        """A write sent again after the keys' window is not made twice."""
        attempt, key = await write.prepare(await Buyer.arrive(harness)), new_key(write.operation)
        await attempt.send(key)
        await _outlive_the_window(harness)
        with suppress(VendorRejected):
            await attempt.send(key)
        assert await attempt.effects() == 1

    @check(8, Capability.TEST_CLOCK)
    async def test_08_customer_found_after_the_window(self, harness: Harness) -> None:
        """After the keys' window a customer is found by our account id."""
        buyer = await Buyer.arrive(harness)
        await _outlive_the_window(harness)
        again = await harness.adapter.ensure_customer(renamed(buyer.profile), key=new_key("ensure_customer"))
        assert again == buyer.customer

    @check(8, Capability.TEST_CLOCK, Capability.DISCOUNTS)
    async def test_08_discount_found_after_the_window(self, harness: Harness) -> None:
        """After the keys' window a discount is found by our reservation."""
        terms = DiscountTerms(
            reservation=new_id("res"), label="KIT", percent_bp=1_000, amount_off=None, offers=(TEAM,), periods=1
        )
        key = new_key("materialise_discount")
        first = await harness.adapter.materialise_discount(terms, key=key)
        await _outlive_the_window(harness)
        assert await harness.adapter.materialise_discount(terms, key=key) == first

    @check(8, Capability.TEST_CLOCK)
    async def test_08_purchase_found_after_the_window(self, harness: Harness) -> None:
        """After the keys' window a purchase is found by our order."""
        buyer = await Buyer.arrive(harness)
        request = buyer.request((MINUTES, 3))
        paid = await buyer.pay(await buyer.open(request))
        await _outlive_the_window(harness)
        assert await harness.adapter.find_checkouts(request.order) == (paid,)
        assert paid.state is CheckoutState.COMPLETE
        assert await harness.adapter.find_checkouts(new_order()) == ()

    @check(9, Capability.STORED_CARD_PURCHASE)
    async def test_09_no_retry_after_a_decline(self, harness: Harness) -> None:
        """A declined card is asked once, however often the same key comes."""
        buyer = await Buyer.arrive(harness, card=Card.DECLINED)
        request, key = buyer.request((MINUTES, 3)), new_key("buy")
        quote = await harness.adapter.quote_purchase(request)
        answers = [await buyer.buy(request, quote=quote, key=key) for _ in range(2)]
        assert isinstance(answers[0], Declined)
        assert answers[0] == answers[1]
        assert await harness.refused() == 1
        assert await taken(harness, request.order) == []


async def _outlive_the_window(harness: Harness) -> None:
    await harness.advance(harness.adapter.capabilities.idempotency_window * 1.01)


def _lasting(answer: object) -> object:
    """Return an answer without what a later reading of the same state may change."""
    if isinstance(answer, SubscriptionSnapshot):
        return replace(answer, version=0, observed_at=answer.period.starts_at)
    if isinstance(answer, Done) and answer.subscription is not None:
        return replace(answer, subscription=None), _lasting(answer.subscription)
    return answer
