"""What a buyer and a bank may do on the payment page."""

import pytest

from app.vendor_adapters.capabilities import Capability
from app.vendor_adapters.conformance.buyer import Buyer, new_key, new_order, taken
from app.vendor_adapters.conformance.checks.base import Checks
from app.vendor_adapters.conformance.harness import Card, Facility, Harness, Payment
from app.vendor_adapters.conformance.offers import MINUTES, TEAM
from app.vendor_adapters.conformance.scenario import check
from app.vendor_adapters.types import CheckoutState, DeclineReason, Done, NeedsAction, OrderId, SetSeats


class PaymentChecks(Checks):
    """Declines and 3-D Secure."""

    @check(9)
    async def test_09_declined_on_the_page(self, harness: Harness) -> None:
        """A card declined on the page leaves it open, is asked once, and takes nothing."""
        buyer = await Buyer.arrive(harness)
        request = buyer.request((TEAM, 2))
        declined = await buyer.pay(await buyer.open(request), Payment.DECLINED)
        assert (declined.state, declined.subscription) == (CheckoutState.OPEN, None)
        assert await harness.refused() == 1
        assert await taken(harness, request.order) == []

    @check(16, Facility.CHALLENGES)
    async def test_16_challenge_passed(self, harness: Harness) -> None:
        """3-D Secure passed: paid once."""
        buyer = await Buyer.arrive(harness)
        request = buyer.request((TEAM, 2))
        paid = await buyer.pay(await buyer.open(request), Payment.CHALLENGE_PASSED)
        assert paid.state is CheckoutState.COMPLETE
        assert await taken(harness, request.order) == [69_600]

    @check(16, Facility.CHALLENGES)
    async def test_16_challenge_failed(self, harness: Harness) -> None:
        """3-D Secure failed: nothing is taken, and another card can be tried."""
        buyer = await Buyer.arrive(harness)
        request = buyer.request((TEAM, 2))
        handoff = await buyer.open(request)
        failed = await buyer.pay(handoff, Payment.CHALLENGE_FAILED)
        assert (failed.state, failed.subscription) == (CheckoutState.OPEN, None)
        assert await taken(harness, request.order) == []
        assert (await buyer.pay(handoff)).state is CheckoutState.COMPLETE

    @check(0, Facility.CHALLENGES)
    async def test_a_failed_challenge_is_told_as_one(self, harness: Harness) -> None:
        """A try whose 3-D Secure failed reads as AUTH, where tries are told."""
        buyer = await Buyer.arrive(harness)
        failed = await buyer.pay(await buyer.open(buyer.request((TEAM, 2))), Payment.CHALLENGE_FAILED)
        assert {decline.reason for decline in failed.declines} <= {DeclineReason.AUTH}

    @check(16, Facility.CHALLENGES)
    async def test_16_challenge_left(self, harness: Harness) -> None:
        """3-D Secure abandoned: nothing is taken, and the page is found again."""
        buyer = await Buyer.arrive(harness)
        request = buyer.request((TEAM, 2))
        handoff = await buyer.open(request)
        left = await buyer.pay(handoff, Payment.CHALLENGE_LEFT)
        assert left.state in (CheckoutState.OPEN, CheckoutState.PROCESSING)
        assert await taken(harness, request.order) == []
        assert left.url, "an open checkout has a way back"
        await harness.pay_checkout(left.url, Payment.CHALLENGE_PASSED)
        assert (await harness.adapter.get_checkout(handoff.ref)).state is CheckoutState.COMPLETE

    @check(16, Facility.CHALLENGES, Capability.STORED_CARD_PURCHASE)
    @pytest.mark.parametrize(
        ("answer", "paid"),
        [(Payment.CHALLENGE_PASSED, [3_000]), (Payment.CHALLENGE_FAILED, []), (Payment.CHALLENGE_LEFT, [])],
        ids=lambda value: value.value if isinstance(value, Payment) else "",
    )
    async def test_16_a_card_on_file_that_asks(self, harness: Harness, answer: Payment, paid: list[int]) -> None:
        """A card on file that asks for 3-D Secure takes nothing before it was passed."""
        buyer = await Buyer.arrive(harness, card=Card.CHALLENGES)
        request = buyer.request((MINUTES, 3))
        outcome = await buyer.buy(request)
        assert isinstance(outcome, NeedsAction)
        assert await taken(harness, request.order) == []
        await harness.pay_checkout(outcome.url, answer)
        assert await taken(harness, request.order) == paid
        states = {found.state for found in await harness.adapter.find_checkouts(request.order)}
        assert (CheckoutState.COMPLETE in states) is bool(paid)

    @check(16, Facility.CHALLENGES, Capability.CHANGES, Capability.CHANGE_WAITS_FOR_PAYMENT)
    @pytest.mark.parametrize(
        ("answer", "seats"),
        [(Payment.CHALLENGE_PASSED, 13), (Payment.CHALLENGE_FAILED, 10), (Payment.CHALLENGE_LEFT, 10)],
        ids=lambda value: value.value if isinstance(value, Payment) else "",
    )
    async def test_16_a_change_that_the_bank_asks_about(self, harness: Harness, answer: Payment, seats: int) -> None:
        """A change whose card asks for 3-D Secure counts once that was passed."""
        buyer, order = await Buyer.arrive(harness), new_order()
        subscription = await buyer.subscribe()
        await harness.given_card(buyer.customer, Card.CHALLENGES)
        outcome = await buyer.change(subscription.ref, SetSeats(base=10, seats=13), order=order)
        assert isinstance(outcome, NeedsAction)
        assert (await harness.adapter.get_subscription(subscription.ref)).seats == 10
        await harness.pay_checkout(outcome.url, answer)
        assert (await harness.adapter.get_subscription(subscription.ref)).seats == seats
        assert len(await taken(harness, order)) == (seats == 13)

    @check(0, Facility.CHALLENGES, Capability.CHANGES, Capability.CHANGE_WAITS_FOR_PAYMENT)
    async def test_a_late_yes_changes_nothing(self, harness: Harness) -> None:
        """A bank's late yes undoes no newer change and keeps no money."""
        buyer, late = await Buyer.arrive(harness), new_order()
        subscription = await buyer.subscribe()
        await harness.given_card(buyer.customer, Card.CHALLENGES)
        asked = await buyer.change(subscription.ref, SetSeats(base=10, seats=13), order=late)
        assert isinstance(asked, NeedsAction)
        await harness.given_card(buyer.customer, Card.PAYS)
        assert isinstance(await buyer.change(subscription.ref, SetSeats(base=10, seats=11)), Done)
        await harness.pay_checkout(asked.url, Payment.CHALLENGE_PASSED)
        assert (await harness.adapter.get_subscription(subscription.ref)).seats == 11
        found = await harness.adapter.find_checkouts(late)
        assert sum(one.amount_paid.minor for one in found) == sum(await taken(harness, late))
        kept = [(one.amount - one.refunded).minor for one in await harness.charges() if one.order == late]
        assert sum(kept) == 0, "money for nothing"

    @check(0, Facility.CHALLENGES, Capability.STORED_CARD_PURCHASE)
    async def test_after_a_banks_no_to_a_purchase(self, harness: Harness) -> None:
        """A purchase that a bank refused is closed, or open with a way on."""
        buyer = await Buyer.arrive(harness, card=Card.CHALLENGES)
        request = buyer.request((MINUTES, 3))
        asked = await buyer.buy(request)
        assert isinstance(asked, NeedsAction)
        await harness.pay_checkout(asked.url, Payment.CHALLENGE_FAILED)
        await _is_closed_or_can_be(harness, request.order)

    @check(0, Facility.CHALLENGES, Capability.CHANGES, Capability.CHANGE_WAITS_FOR_PAYMENT)
    async def test_after_a_banks_no_to_a_change(self, harness: Harness) -> None:
        """A change that a bank refused is closed, or open with a way on."""
        buyer, order = await Buyer.arrive(harness), new_order()
        subscription = await buyer.subscribe()
        await harness.given_card(buyer.customer, Card.CHALLENGES)
        asked = await buyer.change(subscription.ref, SetSeats(base=10, seats=13), order=order)
        assert isinstance(asked, NeedsAction)
        await harness.pay_checkout(asked.url, Payment.CHALLENGE_FAILED)
        await _is_closed_or_can_be(harness, order)


async def _is_closed_or_can_be(harness: Harness, order: OrderId) -> None:
    (found,) = await harness.adapter.find_checkouts(order)
    if found.state is CheckoutState.OPEN:
        assert found.url, "an open checkout has a way back"
        found = await harness.adapter.expire_checkout(found.ref, key=new_key("expire_checkout"))
    assert found.state is CheckoutState.EXPIRED
    assert await taken(harness, order) == []
