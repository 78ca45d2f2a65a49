"""More seats on both adapters that can change them: shown is charged, one by one costs what all at once costs, and a
credit is never more than what was paid."""

import random
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path

import pytest

from app.vendor_adapters.conformance import Card, Harness
from app.vendor_adapters.conformance.buyer import Buyer, new_order, taken, to_day
from app.vendor_adapters.conformance.offers import NEW_YORK, OREGON, TEAM
from app.vendor_adapters.errors import RejectReason, VendorRejected
from app.vendor_adapters.types import (
    Address,
    CheckoutState,
    Done,
    LineKind,
    Quote,
    SetSeats,
    SubscriptionRef,
    SubscriptionSnapshot,
)
from tests.adapters.conformance.embedded_harness import open_embedded, prepare
from tests.stripe_twin.harness import open_stripe

CHANGES = 100
Open = Callable[[], AbstractAsyncContextManager[Harness]]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("embedded") / "template.db"
    prepare(path)
    return path


@pytest.fixture(params=["embedded", "stripe"])
def opened(request: pytest.FixtureRequest, template: Path, tmp_path: Path) -> Open:
    """What opens the harness of each vendor."""
    return open_stripe if request.param == "stripe" else lambda: open_embedded(template, tmp_path)


async def subscribed(harness: Harness, place: Address = OREGON) -> tuple[Buyer, SubscriptionSnapshot]:
    buyer = await Buyer.arrive(harness, place=place, card=Card.PAYS)
    return buyer, await buyer.subscribe()


async def grow(buyer: Buyer, ref: SubscriptionRef, base: int, seats: int) -> Quote:
    """Let a buyer have more seats, charged to the minor unit as they were shown, and return what was shown."""
    change, order = SetSeats(base=base, seats=seats), new_order()
    quote = await buyer.quote_change(ref, change)
    outcome = await buyer.change(ref, change, quote=quote, order=order)
    assert isinstance(outcome, Done), outcome
    assert await taken(buyer.harness, order) == ([quote.due_now.minor] if quote.due_now.minor else [])
    return quote


async def test_a_hundred_random_changes_cost_what_was_shown(opened: Open) -> None:
    draw = random.Random(20261123)  # noqa: S311 - the same hundred each time; no secret
    async with opened() as harness:
        buyer, subscription = await subscribed(harness, NEW_YORK)
        seats, paid = subscription.seats, 0
        for _ in range(CHANGES):
            await harness.advance(timedelta(minutes=draw.randrange(1, 5000)))
            more = seats + draw.randrange(1, 45)
            paid += (await grow(buyer, subscription.ref, seats, more)).due_now.minor
            seats = more
        assert (await harness.adapter.get_subscription(subscription.ref)).seats == seats
        first, *others = [charge.amount.minor for charge in await harness.charges()]
        assert (len(others), sum(others)) == (CHANGES, paid)
        assert first == sum(line.amount.minor for line in (await buyer.invoices())[-1].lines) * 108_875 // 100_000


async def test_one_by_one_costs_what_all_at_once_costs(opened: Open) -> None:
    """Both sides of a proration are rounded by themselves, so that the steps between them cancel out."""
    draw = random.Random(7)  # noqa: S311 - the same days each time; no secret
    async with opened() as harness:
        one, by_one = await subscribed(harness)
        other, at_once = await subscribed(harness)
        for day in sorted(draw.sample(range(1, 364), 8)):
            await to_day(harness, day)
            seats = (await harness.adapter.get_subscription(at_once.ref)).seats
            step = draw.randrange(2, 6)
            whole = await grow(other, at_once.ref, seats, seats + step)
            steps = [await grow(one, by_one.ref, seats + n, seats + n + 1) for n in range(step)]
            assert sum(quote.subtotal.minor for quote in steps) == whole.subtotal.minor


async def test_what_was_added_can_be_taken_back_for_the_renewal_only(opened: Open) -> None:
    """Seats are bought for the term: taken back at the same instant nothing is given back, and nothing more is due."""
    async with opened() as harness:
        buyer, subscription = await subscribed(harness)
        await to_day(harness, 100)
        before = await buyer.quote_change(subscription.ref, SetSeats(base=10, seats=10, at_renewal=True))
        await grow(buyer, subscription.ref, 10, 13)
        with pytest.raises(VendorRejected) as refused:
            await buyer.quote_change(subscription.ref, SetSeats(base=13, seats=10))
        assert refused.value.reason is RejectReason.OTHER
        after = await buyer.quote_change(subscription.ref, SetSeats(base=13, seats=10, at_renewal=True))
        assert (after.due_now.minor, after.next_charges) == (0, before.next_charges)


@pytest.mark.parametrize("percent_bp", [0, 2_500, 10_000])
async def test_a_credit_is_never_more_than_what_was_paid(opened: Open, percent_bp: int) -> None:
    """A first year at a discount is credited at no more than its discounted price, on the first day and later."""
    async with opened() as harness:
        buyer = await Buyer.arrive(harness, card=Card.PAYS)
        discounts = (await buyer.discount(TEAM, percent_bp=percent_bp),) if percent_bp else ()
        bought = await buyer.pay(await buyer.open(buyer.request((TEAM, 10), discounts=discounts)))
        assert (bought.state, bought.subscription is None) == (CheckoutState.COMPLETE, False)
        await harness.given_card(buyer.customer, Card.PAYS)  # nothing due leaves no card behind
        ref, seats = SubscriptionRef(bought.subscription or ""), 10
        for day in (0, 1, 200, 364):
            await to_day(harness, day)
            quote = await grow(buyer, ref, seats, seats + 3)
            seats += 3
            credited = -sum(line.amount.minor for line in quote.lines if line.kind is LineKind.CREDIT)
            paid = sum(charge.amount.minor for charge in await harness.charges()) - quote.due_now.minor
            assert 0 <= credited <= paid
