"""Paying on the hosted page: once, at the price that was shown, or not at all."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.core.clock import FrozenClock
from app.vendor_adapters.embedded import EmbeddedWorld, payments
from app.vendor_adapters.embedded.billing_run import BANK_TIMEOUT
from app.vendor_adapters.errors import KeyReused, RejectReason, VendorRejected
from app.vendor_adapters.types import (
    CheckoutRef,
    CheckoutState,
    DeclineReason,
    InvoiceStatus,
    PurchaseRequest,
    Quote,
    SubscriptionStatus,
)
from tests.adapters.embedded.shop import (
    CANCEL_TO,
    CHALLENGES,
    DECLINES,
    MINUTES,
    NO_ANSWER,
    ORIGIN,
    RETURN_TO,
    STORAGE,
    TEAM,
    Shop,
    cart,
    open_vendor,
    usd,
)


async def test_paying_makes_everything_at_once(shop: Shop) -> None:
    request = await shop.addressed(replace(cart((TEAM, 10), (STORAGE, 2), (MINUTES, 1)), subject="group:acme"))
    quote = await shop.vendor.quote_purchase(request)
    ref = await shop.open_for(request, quote)
    assert (await shop.vendor.get_checkout(ref)).url == f"{ORIGIN}/pay/{ref}"
    paid = await shop.type_card(ref)
    assert (paid.state, paid.amount_paid, paid.order) == (CheckoutState.COMPLETE, quote.due_now, request.order)
    assert paid.url == ""
    assert paid.invoice is not None
    assert paid.subscription is not None
    invoice = await shop.vendor.get_invoice(paid.invoice)
    assert (invoice.number, invoice.status, invoice.lines) == ("INV-000001", InvoiceStatus.PAID, quote.lines)
    assert (invoice.total, invoice.amount_paid, invoice.amount_due) == (quote.due_now, quote.due_now, usd(0))
    subscription = await shop.vendor.get_subscription(paid.subscription)
    assert (subscription.offer, subscription.seats, subscription.subject) == (TEAM, 10, "group:acme")
    assert [(pack.offer, pack.quantity) for pack in subscription.packs] == [(STORAGE, 2)]
    assert (subscription.status, subscription.cancel_at) == (SubscriptionStatus.ACTIVE, None)
    (card,) = await shop.vendor.payment_methods(subscription.customer)
    assert (card.brand, card.last4, card.is_default) == ("Visa", "4242", True)


async def test_packs_bought_once_make_no_subscription(shop: Shop) -> None:
    paid = await shop.purchase(cart((MINUTES, 3)))
    assert (paid.state, paid.subscription) == (CheckoutState.COMPLETE, None)
    assert paid.charge is not None


async def test_storage_alone_is_a_subscription_of_its_own(shop: Shop) -> None:
    paid = await shop.purchase(cart((STORAGE, 2)))
    assert paid.subscription is not None
    subscription = await shop.vendor.get_subscription(paid.subscription)
    assert (subscription.offer, subscription.seats, subscription.packs) == (STORAGE, 2, ())


async def test_paying_twice_charges_once(shop: Shop, world: EmbeddedWorld) -> None:
    ref = await shop.open(cart((TEAM, 1)))
    await asyncio.gather(*(shop.type_card(ref) for _ in range(5)))
    books = await world.books()
    assert (len(books["charges"]), len(books["invoices"]), len(books["subscriptions"])) == (1, 1, 1)


async def test_two_processes_pay_and_open_once(
    shop: Shop, world: EmbeddedWorld, clock: FrozenClock, tmp_path: Path
) -> None:
    others = [Shop(open_vendor(tmp_path / "vendor.db", clock), world, clock) for _ in range(3)]
    request = await shop.addressed(cart((TEAM, 1)))
    quote, key = await shop.vendor.quote_purchase(request), shop.key()
    refs = await asyncio.gather(*(other.open_for(request, quote, key) for other in others for _ in range(3)))
    assert len(set(refs)) == 1
    await asyncio.gather(*(other.type_card(refs[0]) for other in others for _ in range(3)))
    assert len((await world.books())["charges"]) == 1
    for other in others:
        other.vendor.calls.database.close()


async def test_a_decline_leaves_the_page_open_and_is_told(shop: Shop, clock: FrozenClock) -> None:
    ref = await shop.open(cart((TEAM, 1)))
    declined = await shop.type_card(ref, DECLINES)
    assert declined.state is CheckoutState.OPEN
    assert [(one.reason, one.at) for one in declined.declines] == [(DeclineReason.DECLINED, clock.wall())]
    assert declined.customer is not None
    assert await shop.vendor.payment_methods(declined.customer) == ()
    paid = await shop.type_card(ref)
    assert (paid.state, paid.declines) == (CheckoutState.COMPLETE, declined.declines)


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("4000000000009995", DeclineReason.FUNDS),
        ("4000000000000069", DeclineReason.EXPIRED),
        ("4000000000000127", DeclineReason.CVC),
        ("4000000000000036", DeclineReason.ADDRESS),
        ("4000000000006975", DeclineReason.LIMIT),
        ("4000003560000008", DeclineReason.TYPE),
    ],
)
async def test_each_card_has_its_reason(shop: Shop, number: str, reason: DeclineReason) -> None:
    declined = await shop.type_card(await shop.open(cart((MINUTES, 1))), number)
    assert declined.declines[0].reason is reason


async def test_the_banks_check_passes_fails_and_resumes(shop: Shop) -> None:
    ref = await shop.open(cart((TEAM, 1)))
    asked = await shop.type_card(ref, CHALLENGES)
    assert (asked.state, asked.url) == (CheckoutState.OPEN, f"{ORIGIN}/pay/{ref}/challenge")
    failed = await shop.answer_bank(ref, passed=False)
    assert (failed.state, failed.declines[-1].reason) == (CheckoutState.OPEN, DeclineReason.AUTH)
    assert (await shop.answer_bank(ref, passed=True)).state is CheckoutState.OPEN
    await shop.type_card(ref, CHALLENGES)
    assert (await shop.answer_bank(ref, passed=True)).state is CheckoutState.COMPLETE


async def test_a_silent_bank_counts_as_a_no_after_a_minute(
    shop: Shop, world: EmbeddedWorld, clock: FrozenClock
) -> None:
    ref = await shop.open(cart((TEAM, 1)))
    assert (await shop.type_card(ref, NO_ANSWER)).state is CheckoutState.PROCESSING
    assert (await shop.type_card(ref)).state is CheckoutState.PROCESSING
    clock.advance(BANK_TIMEOUT - timedelta(seconds=1))
    assert await world.run_due(clock.now()) == 0
    clock.advance(timedelta(seconds=1))
    assert await world.run_due(clock.now()) == 1
    settled = await shop.vendor.get_checkout(ref)
    assert (settled.state, settled.declines[-1].reason) == (CheckoutState.OPEN, DeclineReason.DECLINED)


async def test_closing_while_the_bank_thinks_counts_once_it_said_no(
    shop: Shop, world: EmbeddedWorld, clock: FrozenClock
) -> None:
    ref = await shop.open(cart((TEAM, 1)))
    await shop.type_card(ref, NO_ANSWER)
    asked = await shop.vendor.expire_checkout(ref, key=shop.key())
    assert asked.state is CheckoutState.PROCESSING
    clock.advance(BANK_TIMEOUT)
    await world.run_due(clock.now())
    assert (await shop.vendor.get_checkout(ref)).state is CheckoutState.EXPIRED


async def test_an_expired_page_can_never_be_paid(shop: Shop, clock: FrozenClock, world: EmbeddedWorld) -> None:
    closed, late = await shop.open(cart((TEAM, 1))), await shop.open(cart((TEAM, 2)))
    assert (await shop.vendor.expire_checkout(closed, key=shop.key())).state is CheckoutState.EXPIRED
    assert (await shop.type_card(closed)).state is CheckoutState.EXPIRED
    clock.advance(timedelta(hours=24))
    assert (await shop.vendor.get_checkout(late)).state is CheckoutState.EXPIRED
    assert (await shop.type_card(late)).state is CheckoutState.EXPIRED
    assert await world.run_due(clock.now()) == 1
    assert (await world.books())["charges"] == []


async def test_a_paid_page_stays_paid(shop: Shop) -> None:
    paid = await shop.purchase(cart((TEAM, 1)))
    assert await shop.vendor.expire_checkout(paid.ref, key=shop.key()) == paid


async def test_the_same_key_opens_one_page_and_other_arguments_are_refused(shop: Shop) -> None:
    request, key = await shop.addressed(cart((TEAM, 1))), shop.key()
    quote = await shop.vendor.quote_purchase(request)

    async def start(return_to: str) -> CheckoutRef:
        handoff = await shop.vendor.start_checkout(
            request, quote=quote, return_to=return_to, cancel_to=CANCEL_TO, key=key
        )
        return handoff.ref

    assert len({await start(RETURN_TO) for _ in range(3)}) == 1
    with pytest.raises(KeyReused):
        await start(RETURN_TO + "?x")
    with pytest.raises(KeyReused):
        await shop.vendor.expire_checkout(await start(RETURN_TO), key=key)


async def test_parallel_starts_of_one_order_leave_one_live_page(shop: Shop) -> None:
    request = await shop.addressed(cart((TEAM, 1)))
    quote = await shop.vendor.quote_purchase(request)
    refs = await asyncio.gather(*(shop.open_for(request, quote) for _ in range(8)))
    assert len(set(refs)) == 1
    bigger = replace(request, items=(replace(request.items[0], quantity=2),))
    second = await shop.open_for(bigger, await shop.vendor.quote_purchase(bigger))
    states = [checkout.state for checkout in await shop.vendor.find_checkouts(request.order)]
    assert states == [CheckoutState.EXPIRED, CheckoutState.OPEN]
    assert second != refs[0]


async def test_a_paid_order_opens_no_second_page(shop: Shop) -> None:
    request = await shop.addressed(cart((TEAM, 1)))
    quote = await shop.vendor.quote_purchase(request)
    await shop.type_card(await shop.open_for(request, quote))
    with pytest.raises(VendorRejected) as refused:
        await shop.open_for(request, quote)
    assert refused.value.reason is RejectReason.STALE_STATE


async def test_a_quote_is_honoured_until_it_expires(shop: Shop, clock: FrozenClock) -> None:
    request = await shop.addressed(cart((TEAM, 1)))
    quote = await shop.vendor.quote_purchase(request)
    clock.advance(timedelta(minutes=29))
    await shop.open_for(request, quote)
    clock.advance(timedelta(minutes=1))
    await _refuses_as_expired(shop, request, quote)


async def test_a_quote_of_something_else_is_refused(shop: Shop) -> None:
    request = await shop.addressed(cart((TEAM, 1)))
    quote = await shop.vendor.quote_purchase(request)
    await _refuses_as_expired(shop, replace(request, items=(replace(request.items[0], quantity=2),)), quote)
    await _refuses_as_expired(shop, request, replace(quote, due_now=usd(1)))
    await _refuses_as_expired(shop, request, replace(quote, token="x" + quote.token))
    await _refuses_as_expired(shop, request, replace(quote, token="nonsense"))
    discount = await shop.discount(TEAM, percent_bp=1000)
    discounted = replace(request, discounts=(discount,))
    cheaper = await shop.vendor.quote_purchase(discounted)
    await shop.vendor.revoke_discount(discount, key=shop.key())
    await _refuses_as_expired(shop, discounted, cheaper)


async def test_an_open_page_keeps_a_discount_that_is_revoked(shop: Shop) -> None:
    discount = await shop.discount(TEAM, percent_bp=2000)
    ref = await shop.open(replace(cart((TEAM, 10)), discounts=(discount,)))
    await shop.vendor.revoke_discount(discount, key=shop.key())
    assert (await shop.type_card(ref)).amount_paid == usd(303108)


async def test_a_page_paid_on_the_next_day_begins_its_term_then(shop: Shop, clock: FrozenClock) -> None:
    ref = await shop.open(cart((TEAM, 1)))
    clock.advance(timedelta(hours=13))
    paid = await shop.type_card(ref)
    assert paid.subscription is not None
    period = (await shop.vendor.get_subscription(paid.subscription)).period
    assert (period.starts_at, period.ends_at) == (
        datetime(2026, 11, 24, tzinfo=UTC),
        datetime(2027, 11, 24, tzinfo=UTC),
    )


async def test_nothing_due_needs_no_card(shop: Shop, world: EmbeddedWorld) -> None:
    free = await shop.discount(TEAM, percent_bp=10_000)
    ref = await shop.open(replace(cart((TEAM, 1)), discounts=(free,)))
    await shop.vendor.calls.own_write(lambda desk: payments.pay_on_page(desk, ref, None))
    paid = await shop.vendor.get_checkout(ref)
    assert (paid.state, paid.charge, paid.amount_paid) == (CheckoutState.COMPLETE, None, usd(0))
    assert paid.subscription is not None
    assert (await world.books())["charges"] == []


async def test_checkouts_are_found_by_order_oldest_first(shop: Shop) -> None:
    request = await shop.addressed(cart((TEAM, 1)))
    first = await shop.open_for(request, await shop.vendor.quote_purchase(request))
    await shop.vendor.expire_checkout(first, key=shop.key())
    second = await shop.open_for(request, await shop.vendor.quote_purchase(request))
    assert [checkout.ref for checkout in await shop.vendor.find_checkouts(request.order)] == [first, second]


async def test_an_unknown_checkout_is_not_found(shop: Shop) -> None:
    with pytest.raises(VendorRejected) as refused:
        await shop.vendor.get_checkout(CheckoutRef("co_nothing"))
    assert refused.value.reason is RejectReason.NOT_FOUND


async def _refuses_as_expired(shop: Shop, request: PurchaseRequest, quote: Quote) -> None:
    with pytest.raises(VendorRejected) as refused:
        await shop.open_for(request, quote)
    assert refused.value.reason is RejectReason.QUOTE_EXPIRED
