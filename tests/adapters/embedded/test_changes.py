"""Changes of a running subscription: the worked sums, what is refused, and that nothing counts before it is paid."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.core.clock import FrozenClock
from app.vendor_adapters.embedded import EmbeddedWorld, SeedSubscription
from app.vendor_adapters.errors import RejectReason, VendorRejected
from app.vendor_adapters.types import (
    AddPack,
    Change,
    ChargeRef,
    CheckoutState,
    Declined,
    DeclineReason,
    Done,
    LineKind,
    NeedsAction,
    OfferKey,
    Pending,
    PurchaseItem,
    Quote,
    RenewalDecision,
    SalesChannel,
    SetSeats,
    SubscriptionRef,
    SwitchOffer,
)
from tests.adapters.embedded.shop import (
    CHALLENGES,
    DECLINES,
    MARCH,
    MINUTES,
    NO_ANSWER,
    OLD_TEAM,
    ORIGIN,
    RETURN_TO,
    SCALE,
    STORAGE,
    TEAM,
    TEAM_EUR,
    Shop,
    cart,
    usd,
)

THREE_MORE = SetSeats(base=10, seats=13)
UPGRADE = SwitchOffer(base=TEAM, offer=SCALE, seats=10)


@pytest.mark.parametrize(
    ("at", "credit", "charge", "net"),
    [
        (datetime(2026, 11, 23, 12, tzinfo=UTC), 93436, 121466, 28030),
        (datetime(2026, 3, 1, 9, tzinfo=UTC), 348000, 452400, 104400),
        (datetime(2027, 2, 28, 23, 59, tzinfo=UTC), 953, 1239, 286),
    ],
    ids=["V3a", "V3b", "V3c"],
)
async def test_three_more_seats(shop: Shop, at: datetime, credit: int, charge: int, net: int) -> None:
    subscription = await shop.subscription()
    quote = await shop.vendor.quote_change(subscription.ref, change=THREE_MORE, as_of=at)
    assert [(line.kind, line.quantity, line.amount) for line in quote.lines] == [
        (LineKind.CREDIT, 10, usd(-credit)),
        (LineKind.CHARGE, 13, usd(charge)),
    ]
    assert quote.subtotal == usd(net)


async def test_new_york_tax_comes_on_the_net(shop: Shop) -> None:
    subscription = await shop.subscription()
    quote = await shop.quote_change(subscription.ref, THREE_MORE)
    assert quote.tax is not None
    assert (quote.tax.amount, quote.due_now) == (usd(2488), usd(30518))
    (renewal,) = quote.next_charges
    assert (renewal.at, renewal.subtotal) == (datetime(2027, 3, 1, tzinfo=UTC), usd(452400))


async def test_two_seats_on_the_day_of_the_purchase_cost_a_whole_year(shop: Shop, clock: FrozenClock) -> None:
    clock.advance(timedelta(hours=2, minutes=32))
    paid = await shop.purchase(cart((TEAM, 10)))
    clock.advance(timedelta(hours=3))
    assert paid.subscription is not None
    quote = await shop.quote_change(paid.subscription, SetSeats(base=10, seats=12))
    assert [line.amount for line in quote.lines] == [usd(-348000), usd(417600)]


async def test_the_invoice_is_what_was_quoted(shop: Shop) -> None:
    subscription = await shop.subscription()
    quote = await shop.quote_change(subscription.ref, THREE_MORE)
    after = await shop.done(subscription.ref, THREE_MORE)
    assert (after.seats, after.version > subscription.version) == (13, True)
    assert after.period == subscription.period
    invoice = (await shop.vendor.list_invoices(subscription.customer)).rows[0]
    assert (invoice.lines, invoice.total, invoice.amount_paid) == (quote.lines, quote.due_now, quote.due_now)


async def test_an_upgrade_credits_what_is_left_of_the_old_plan(shop: Shop) -> None:
    subscription = await shop.subscription()
    quote = await shop.quote_change(subscription.ref, UPGRADE)
    assert [line.amount for line in quote.lines] == [usd(-93436), usd(318970)]
    assert quote.subtotal == usd(225534)
    after = await shop.done(subscription.ref, UPGRADE)
    assert (after.offer, after.seats, after.period) == (SCALE, 10, subscription.period)


async def test_seats_may_ride_along_with_an_upgrade(shop: Shop) -> None:
    subscription = await shop.subscription()
    after = await shop.done(subscription.ref, replace(UPGRADE, seats=12))
    assert (after.offer, after.seats) == (SCALE, 12)


async def test_two_storage_packs_until_the_end_of_the_term(shop: Shop) -> None:
    subscription = await shop.subscription()
    first = AddPack(offer=STORAGE, base=0, quantity=2)
    quote = await shop.quote_change(subscription.ref, first)
    assert [line.amount for line in quote.lines] == [usd(3222)]
    assert quote.next_charges[0].subtotal == usd(348000 + 12000)
    assert (await shop.done(subscription.ref, first)).packs == (PurchaseItem(offer=STORAGE, quantity=2),)
    after = await shop.done(subscription.ref, AddPack(offer=STORAGE, base=2, quantity=1))
    assert after.packs == (PurchaseItem(offer=STORAGE, quantity=3),)


async def test_a_first_year_at_a_discount_credits_what_was_paid_for_it(shop: Shop, clock: FrozenClock) -> None:
    launch = await shop.discount(TEAM, percent_bp=2000)
    paid = await shop.purchase(replace(cart((TEAM, 10)), discounts=(launch,)))
    assert paid.subscription is not None
    clock.advance(timedelta(days=73))
    quote = await shop.quote_change(paid.subscription, UPGRADE)
    assert quote.lines[0].amount == usd(-278400 * 4 // 5)


async def test_a_percentage_in_force_holds_for_more_seats(shop: Shop) -> None:
    launch = await shop.discount(TEAM, percent_bp=2000)
    paid = await shop.purchase(replace(cart((TEAM, 10)), discounts=(launch,)))
    assert paid.subscription is not None
    quote = await shop.quote_change(paid.subscription, THREE_MORE)
    assert quote.subtotal == usd(34800 * 3 * 8 // 10)


async def test_a_free_plan_credits_nothing(shop: Shop) -> None:
    free = await shop.discount(TEAM, percent_bp=10_000)
    ref = await shop.open(replace(cart((TEAM, 10)), discounts=(free,)))
    paid = await shop.type_card(ref)
    assert paid.subscription is not None
    quote = await shop.quote_change(paid.subscription, UPGRADE)
    assert [(line.kind, line.amount) for line in quote.lines] == [(LineKind.CHARGE, usd(1188000))]


async def test_a_fixed_sum_off_more_seats(shop: Shop) -> None:
    subscription = await shop.subscription()
    grow = await shop.discount(TEAM, amount_off=usd(5000))
    change = replace(THREE_MORE, discounts=(grow,))
    quote = await shop.quote_change(subscription.ref, change)
    assert (quote.subtotal, quote.discount, quote.due_now) == (usd(28030), usd(5000), usd(25074))
    await shop.done(subscription.ref, change)
    later = await shop.quote_change(subscription.ref, replace(UPGRADE, seats=13))
    assert later.lines[0].amount == usd(-(121466 - 5000)), "what was given off is not given back as a credit"
    more = await shop.quote_change(subscription.ref, SetSeats(base=13, seats=14))
    assert more.subtotal == usd(9344), "more seats cost their own price"


async def test_a_refunded_term_credits_only_the_cash_that_was_kept(shop: Shop, world: EmbeddedWorld) -> None:
    subscription = await shop.subscription()
    charge = ChargeRef(str((await world.books())["charges"][0]["id"]))
    await world.refund(charge, usd(378885 - 10889))
    quote = await shop.quote_change(subscription.ref, UPGRADE)
    assert quote.lines[0].amount == usd(-10001)


@pytest.mark.parametrize(
    ("change", "reason", "field"),
    [
        (SetSeats(base=9, seats=13), RejectReason.STALE_STATE, "base"),
        (SetSeats(base=10, seats=10), RejectReason.OTHER, "seats"),
        (SetSeats(base=10, seats=9), RejectReason.OTHER, "seats"),
        (SetSeats(base=10, seats=0, at_renewal=True), RejectReason.OTHER, "quantity"),
        (SetSeats(base=10, seats=10**7), RejectReason.OTHER, "quantity"),
        (SwitchOffer(base=SCALE, offer=TEAM, seats=10), RejectReason.STALE_STATE, "base"),
        (SwitchOffer(base=TEAM, offer=OLD_TEAM, seats=10), RejectReason.NOT_SOLD, "offer"),
        (SwitchOffer(base=TEAM, offer=TEAM_EUR, seats=10), RejectReason.CURRENCY, "offer"),
        (SwitchOffer(base=TEAM, offer=STORAGE, seats=10), RejectReason.NOT_SOLD, "offer"),
        (SwitchOffer(base=TEAM, offer=SCALE, seats=9), RejectReason.OTHER, "seats"),
        (AddPack(offer=MINUTES, base=0, quantity=1), RejectReason.NOT_SOLD, "offer"),
        (AddPack(offer=SCALE, base=0, quantity=1), RejectReason.NOT_SOLD, "offer"),
        (AddPack(offer=STORAGE, base=1, quantity=1), RejectReason.STALE_STATE, "base"),
        (AddPack(offer=STORAGE, base=0, quantity=0), RejectReason.OTHER, "quantity"),
        (AddPack(offer=OfferKey("nothing"), base=0, quantity=1), RejectReason.NOT_FOUND, "offer"),
    ],
)
async def test_what_cannot_be_changed_is_refused(shop: Shop, change: Change, reason: RejectReason, field: str) -> None:
    subscription = await shop.subscription()
    await _refused(shop, subscription.ref, change, reason, field)


async def test_a_cheaper_plan_counts_at_renewal(shop: Shop) -> None:
    subscription = await shop.subscription(offer=SCALE)
    down = SwitchOffer(base=SCALE, offer=TEAM, seats=10)
    await _refused(shop, subscription.ref, down, RejectReason.OTHER, "offer")
    after = await shop.done(subscription.ref, replace(down, at_renewal=True))
    assert (after.offer, after.renews_as) == (SCALE, PurchaseItem(offer=TEAM, quantity=10))
    undone = await shop.done(subscription.ref, SwitchOffer(base=SCALE, offer=SCALE, seats=10, at_renewal=True))
    assert undone.renews_as is None


async def test_fewer_seats_at_renewal_cost_nothing_now(shop: Shop) -> None:
    subscription = await shop.subscription()
    fewer = SetSeats(base=10, seats=8, at_renewal=True)
    quote = await shop.quote_change(subscription.ref, fewer)
    assert (quote.lines, quote.due_now, quote.next_charges[0].subtotal) == ((), usd(0), usd(8 * 34800))
    order = shop.order()
    outcome = await shop.apply(subscription.ref, fewer, order)
    assert isinstance(outcome, Done)
    assert (outcome.invoice, outcome.charge) == (None, None)
    assert [checkout.state for checkout in await shop.vendor.find_checkouts(order)] == [CheckoutState.COMPLETE]


async def test_who_sold_it_changes_it(shop: Shop, world: EmbeddedWorld) -> None:
    customer = await shop.customer()
    seed = SeedSubscription(
        offer=TEAM, seats=20, starts_at=MARCH, channel=SalesChannel.RESELLER, sold_by="ACME Partners"
    )
    ref = await world.given_subscription(customer, seed)
    await _refused(shop, ref, SetSeats(base=20, seats=21), RejectReason.NOT_SOLD, "channel")


async def test_a_subscription_keeps_its_retired_price(shop: Shop) -> None:
    subscription = await shop.subscription(offer=OLD_TEAM)
    quote = await shop.quote_change(subscription.ref, THREE_MORE)
    assert quote.next_charges[0].subtotal == usd(13 * 22800)


async def test_a_change_quoted_before_midnight_is_over_after_it(shop: Shop, clock: FrozenClock) -> None:
    subscription = await shop.subscription()
    clock.advance(timedelta(hours=11, minutes=50))
    quote = await shop.quote_change(subscription.ref, THREE_MORE)
    assert quote.expires_at == datetime(2026, 11, 24, tzinfo=UTC)
    clock.advance(timedelta(minutes=10))
    await _refuses_to_apply(shop, subscription.ref, THREE_MORE, quote, RejectReason.QUOTE_EXPIRED)


async def test_the_second_of_two_managers_is_told(shop: Shop) -> None:
    subscription = await shop.subscription()
    quote = await shop.quote_change(subscription.ref, THREE_MORE)
    await shop.done(subscription.ref, SetSeats(base=10, seats=11))
    await _refuses_to_apply(shop, subscription.ref, THREE_MORE, quote, RejectReason.STALE_STATE)


async def test_a_quote_of_another_change_is_refused(shop: Shop) -> None:
    subscription = await shop.subscription()
    quote = await shop.quote_change(subscription.ref, THREE_MORE)
    other = SetSeats(base=10, seats=14)
    await _refuses_to_apply(shop, subscription.ref, other, quote, RejectReason.QUOTE_EXPIRED)


async def test_a_declined_change_changes_nothing(shop: Shop) -> None:
    subscription = await shop.subscription(card=DECLINES)
    quote, key, order = await shop.quote_change(subscription.ref, THREE_MORE), shop.key(), shop.order()
    outcomes = [
        await shop.vendor.apply_change(
            subscription.ref, change=THREE_MORE, quote=quote, return_to=RETURN_TO, order=order, key=key
        )
        for _ in range(2)
    ]
    assert outcomes[0] == outcomes[1]
    assert isinstance(outcomes[0], Declined)
    assert outcomes[0].decline.reason is DeclineReason.DECLINED
    assert await shop.vendor.get_subscription(subscription.ref) == subscription
    assert [one.state for one in await shop.vendor.find_checkouts(order)] == [CheckoutState.EXPIRED]


async def test_a_change_that_the_bank_asks_about_counts_once_it_is_answered(shop: Shop) -> None:
    subscription = await shop.subscription(card=CHALLENGES)
    outcome = await shop.apply(subscription.ref, THREE_MORE)
    assert isinstance(outcome, NeedsAction)
    assert outcome.checkout is not None
    assert outcome.url == f"{ORIGIN}/pay/{outcome.checkout}/challenge"
    assert await shop.vendor.get_subscription(subscription.ref) == subscription
    await shop.answer_bank(outcome.checkout, passed=True)
    assert (await shop.vendor.get_subscription(subscription.ref)).seats == 13


async def test_a_change_whose_base_moved_meanwhile_charges_nothing(shop: Shop, world: EmbeddedWorld) -> None:
    subscription = await shop.subscription(card=CHALLENGES)
    first, second = [await shop.apply(subscription.ref, THREE_MORE) for _ in range(2)]
    assert isinstance(first, NeedsAction)
    assert isinstance(second, NeedsAction)
    assert first.checkout is not None
    assert second.checkout is not None
    assert (await shop.answer_bank(second.checkout, passed=True)).state is CheckoutState.COMPLETE
    charges = len((await world.books())["charges"])
    assert (await shop.answer_bank(first.checkout, passed=True)).state is CheckoutState.EXPIRED
    assert (await shop.vendor.get_subscription(subscription.ref)).seats == 13
    assert len((await world.books())["charges"]) == charges


async def test_without_a_card_the_payment_page_asks_for_one(shop: Shop) -> None:
    subscription = await shop.subscription(card=None)
    outcome = await shop.apply(subscription.ref, THREE_MORE)
    assert isinstance(outcome, NeedsAction)
    assert outcome.checkout is not None
    assert outcome.url == f"{ORIGIN}/pay/{outcome.checkout}"
    await shop.type_card(outcome.checkout)
    assert (await shop.vendor.get_subscription(subscription.ref)).seats == 13


async def test_a_silent_bank_is_pending_and_then_declined(shop: Shop, world: EmbeddedWorld, clock: FrozenClock) -> None:
    subscription = await shop.subscription(card=NO_ANSWER)
    order = shop.order()
    assert isinstance(await shop.apply(subscription.ref, THREE_MORE, order), Pending)
    clock.advance(timedelta(minutes=1))
    await world.run_due(clock.now())
    (checkout,) = await shop.vendor.find_checkouts(order)
    assert (checkout.state, checkout.declines[0].reason) == (CheckoutState.EXPIRED, DeclineReason.DECLINED)
    assert (await shop.vendor.get_subscription(subscription.ref)).seats == 10


async def test_a_stored_card_pays_once_under_one_key(shop: Shop, world: EmbeddedWorld) -> None:
    customer = await shop.customer(card="4242424242424242")
    (card,) = await shop.vendor.payment_methods(customer)
    request = await shop.addressed(cart((MINUTES, 2)))
    quote, key = await shop.vendor.quote_purchase(request), shop.key()
    outcomes = [
        await shop.vendor.buy(request, quote=quote, payment_method=card.ref, return_to=RETURN_TO, key=key)
        for _ in range(3)
    ]
    assert outcomes[0] == outcomes[1] == outcomes[2]
    assert isinstance(outcomes[0], Done)
    assert len((await world.books())["charges"]) == 1
    again = await shop.buy(cart((MINUTES, 2)), card.ref)
    assert isinstance(again, Done)
    assert again.checkout != outcomes[0].checkout


async def test_a_stored_card_may_be_refused_or_asked_about(shop: Shop) -> None:
    for number, kind in [(DECLINES, Declined), (CHALLENGES, NeedsAction), (NO_ANSWER, Pending)]:
        customer = await shop.customer(card=number)
        card = (await shop.vendor.payment_methods(customer))[0]
        assert isinstance(await shop.buy(cart((TEAM, 1)), card.ref), kind)


async def test_a_card_of_somebody_else_is_not_found(shop: Shop) -> None:
    (card,) = await shop.vendor.payment_methods(await shop.customer("acc_2", card="4242424242424242"))
    with pytest.raises(VendorRejected) as refused:
        await shop.buy(cart((MINUTES, 1)), card.ref)
    assert refused.value.reason is RejectReason.NOT_FOUND


async def test_turning_renewal_off_and_on(shop: Shop) -> None:
    subscription = await shop.subscription()
    off = await shop.vendor.set_renewal(subscription.ref, decision=RenewalDecision.END, key=shop.key())
    assert off.cancel_at == subscription.period.ends_at
    assert (await shop.quote_change(subscription.ref, THREE_MORE)).next_charges == ()
    again = await shop.vendor.set_renewal(subscription.ref, decision=RenewalDecision.END, key=shop.key())
    assert again == off
    on = await shop.vendor.set_renewal(subscription.ref, decision=RenewalDecision.RENEW, key=shop.key())
    assert (on.cancel_at, on.version) == (None, off.version + 1)


async def _refused(shop: Shop, ref: SubscriptionRef, change: Change, reason: RejectReason, field: str) -> None:
    with pytest.raises(VendorRejected) as refused:
        await shop.quote_change(ref, change)
    assert (refused.value.reason, refused.value.field) == (reason, field)


async def _refuses_to_apply(
    shop: Shop, ref: SubscriptionRef, change: Change, quote: Quote, reason: RejectReason
) -> None:
    with pytest.raises(VendorRejected) as refused:
        await shop.vendor.apply_change(
            ref, change=change, quote=quote, return_to=RETURN_TO, order=shop.order(), key=shop.key()
        )
    assert refused.value.reason is reason
