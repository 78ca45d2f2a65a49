"""Changes that wait for a bank: money never moves for what something else has taken the place of."""

import asyncio
from datetime import timedelta

import pytest

from app.vendor_adapters.errors import RejectReason, VendorRejected
from app.vendor_adapters.types import (
    CheckoutState,
    Done,
    NeedsAction,
    OrderId,
    Pending,
    Renew,
    RenewalDecision,
    SetSeats,
    SubscriptionSnapshot,
)
from tests.adapters.stripe.shop import TEAM, Shop, usd
from tests.stripe_twin.twin import CHALLENGES, NO_ANSWER, PAYS, StripeTwin

SEATS = SetSeats(base=10, seats=13)
FEWER = SetSeats(base=10, seats=11)
Waits = tuple[SubscriptionSnapshot, OrderId, str]


@pytest.fixture
async def waits(shop: Shop, twin: StripeTwin) -> Waits:
    """A subscription, an order to change it whose bank asks, and the bank's page; the card on file pays by now."""
    bought, order = await shop.subscription(), shop.order()
    twin.add_card(bought.customer, CHALLENGES)
    asked = await shop.change(bought.ref, SEATS, order=order)
    assert isinstance(asked, NeedsAction)
    twin.add_card(bought.customer, PAYS)
    return bought, order, asked.url


async def test_a_late_yes_to_a_change_that_another_took_the_place_of(
    shop: Shop, twin: StripeTwin, waits: Waits
) -> None:
    bought, late, page = waits
    assert (await shop.changed(bought.ref, FEWER)).seats == 11
    await twin.pay(page)
    assert shop.paid(late) == []
    (found,) = await shop.adapter.find_checkouts(late)
    assert (found.state, found.amount_paid) == (CheckoutState.EXPIRED, usd(0))
    assert (await shop.adapter.get_subscription(bought.ref)).seats == 11


async def test_a_change_that_waits_is_closed_before_another_is_asked_for(
    shop: Shop, twin: StripeTwin, waits: Waits
) -> None:
    """Else the bank's yes could come in between, and the second change would start from what is no more."""
    bought, *_ = waits
    quote = await shop.quote_change(bought.ref, FEWER)
    twin.network.sent.clear()
    assert isinstance(await shop.change(bought.ref, FEWER, quote=quote), Done)
    written = [sent.split("/")[-1] for sent in twin.network.sent if sent.startswith("post /v1/")]
    assert written.index("void") < written.index(bought.ref)


async def test_a_yes_that_came_first_counts(shop: Shop, twin: StripeTwin, waits: Waits) -> None:
    bought, order, page = waits
    quote = await shop.quote_change(bought.ref, FEWER)
    await twin.pay(page)
    with pytest.raises(VendorRejected) as refused:
        await shop.change(bought.ref, FEWER, quote=quote)
    assert refused.value.reason is RejectReason.STALE_STATE
    assert (await shop.adapter.get_subscription(bought.ref)).seats == 13
    assert len(shop.paid(order)) == 1


@pytest.mark.parametrize("ends", [False, True])
async def test_a_yes_counts_that_comes_while_the_change_is_being_closed(
    shop: Shop, twin: StripeTwin, waits: Waits, ends: bool
) -> None:
    """Nothing is asked for on top of what it made, which nobody was shown; what ends it is asked for again."""
    bought, order, page = waits
    quote = await shop.quote_change(bought.ref, FEWER)
    twin.fail("slow", "post /v1/invoices/[^/]+/void")
    if ends:
        end = shop.adapter.set_renewal(bought.ref, decision=RenewalDecision.END_NOW, key=shop.key())
        asked: asyncio.Future[object] = asyncio.ensure_future(end)
    else:
        asked = asyncio.ensure_future(shop.change(bought.ref, FEWER, quote=quote))
    for _ in range(1_000):
        if twin.network.sent[-1].endswith("/void"):
            break
        await asyncio.sleep(0.01)
    await twin.pay(page)
    with pytest.raises(VendorRejected) as refused:
        await asked
    assert refused.value.reason is RejectReason.STALE_STATE
    assert (await shop.adapter.get_subscription(bought.ref)).seats == 13
    assert (len(shop.paid(order)), len(twin.charges())) == (1, 2)


async def test_a_late_yes_to_a_change_of_what_was_ended(shop: Shop, twin: StripeTwin, waits: Waits) -> None:
    bought, late, page = waits
    await shop.adapter.set_renewal(bought.ref, decision=RenewalDecision.END_NOW, key=shop.key())
    await twin.pay(page)
    assert shop.paid(late) == []


async def test_nothing_is_changed_while_a_bank_thinks(shop: Shop, twin: StripeTwin) -> None:
    """Stripe calls back no payment that a bank works on."""
    bought = await shop.subscription()
    twin.add_card(bought.customer, NO_ANSWER)
    assert isinstance(await shop.change(bought.ref, SEATS), Pending)
    twin.add_card(bought.customer, PAYS)
    with pytest.raises(VendorRejected) as refused:
        await shop.change(bought.ref, FEWER)
    assert refused.value.reason is RejectReason.STALE_STATE
    twin.advance(timedelta(minutes=2))
    assert (await shop.changed(bought.ref, FEWER)).seats == 11


async def test_a_late_yes_to_a_change_after_the_next_term_was_paid(shop: Shop, twin: StripeTwin) -> None:
    bought, late = await shop.subscription(), shop.order()
    shop.days(355)
    twin.add_card(bought.customer, CHALLENGES)
    asked = await shop.change(bought.ref, SetSeats(base=10, seats=13), order=late)
    assert isinstance(asked, NeedsAction)
    twin.add_card(bought.customer, PAYS)
    next_term = Renew(base=bought.period.ends_at, offer=TEAM, seats=10)
    assert (await shop.changed(bought.ref, next_term)).paid_until is not None
    await twin.pay(asked.url)
    assert (shop.paid(late), len(twin.charges())) == ([], 2)
