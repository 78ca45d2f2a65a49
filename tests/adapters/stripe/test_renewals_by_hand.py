"""The next term paid by hand: billed in advance before its day, and in another subscription after the end."""

from datetime import UTC, datetime, timedelta

import pytest

from app.vendor_adapters.errors import NotSupported, OutcomeUnknown, RejectReason, VendorRejected
from app.vendor_adapters.types import (
    AddPack,
    CheckoutRef,
    CheckoutState,
    Declined,
    DeclineReason,
    Done,
    InvoiceStatus,
    NeedsAction,
    OfferKey,
    PurchaseItem,
    Renew,
    RenewalDecision,
    SetSeats,
    SubscriptionRef,
    SubscriptionSnapshot,
    SubscriptionStatus,
    SwitchOffer,
)
from tests.adapters.stripe.shop import SCALE, STORAGE, TEAM, Shop, usd
from tests.stripe_twin.twin import CHALLENGES, DECLINES, NO_ANSWER, PAYS, StripeTwin

MARCH_2027, MARCH_2028 = datetime(2027, 3, 1, tzinfo=UTC), datetime(2028, 3, 1, tzinfo=UTC)
AS_IT_RUNS = Renew(base=MARCH_2027, offer=TEAM, seats=10)
FEWER = Renew(base=MARCH_2027, offer=TEAM, seats=7)
TEN, SEVEN = 378_885, 265_220  # a year with New York's tax
LAST_DAYS, AFTER = 355, 370


async def running(shop: Shop) -> SubscriptionSnapshot:
    """Return a subscription in its last days."""
    bought = await shop.subscription()
    shop.days(LAST_DAYS)
    return bought


async def ended(shop: Shop, card: str = PAYS) -> SubscriptionSnapshot:
    """Return a subscription that has ended, whose customer has a card on file."""
    bought = await shop.subscription()
    await shop.adapter.set_renewal(bought.ref, decision=RenewalDecision.END, key=shop.key())
    shop.days(AFTER)
    shop.twin.add_card(bought.customer, card)
    return await shop.adapter.get_subscription(bought.ref)


def amounts(twin: StripeTwin) -> list[int]:
    return [charge.amount for charge in twin.charges()]


# --- before its day ---


@pytest.mark.parametrize("kind", ["lost_request", "lost_answer"])
@pytest.mark.parametrize(
    "befallen",
    [
        r"post /v1/subscriptions/[^/]+",
        r"post /v1/subscription_schedules/[^/]+/release",
        r"post /v1/invoices/in_[^/]+",
    ],
)
async def test_a_lost_answer_pays_the_term_once(shop: Shop, twin: StripeTwin, befallen: str, kind: str) -> None:
    bought, order, key = await shop.subscription(), shop.order(), shop.key()
    await shop.changed(bought.ref, SetSeats(base=10, seats=8, at_renewal=True))
    shop.days(LAST_DAYS)
    quote = await shop.quote_change(bought.ref, AS_IT_RUNS)
    twin.fail(kind, befallen, times=0)
    with pytest.raises(OutcomeUnknown):
        await shop.change(bought.ref, AS_IT_RUNS, quote=quote, order=order, key=key)
    twin.heal()
    told = await shop.change(bought.ref, AS_IT_RUNS, quote=quote, order=order, key=key)
    assert isinstance(told, Done)
    assert await shop.change(bought.ref, AS_IT_RUNS, quote=quote, order=order, key=key) is not None
    assert (shop.paid(order), amounts(twin)) == ([TEN], [TEN, TEN])
    held = await shop.adapter.get_subscription(bought.ref)
    assert (held.paid_until, held.renews_as) == (MARCH_2028, None)
    (found,) = await shop.adapter.find_checkouts(order)
    assert (found.state, found.charge) == (CheckoutState.COMPLETE, told.charge)


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (DECLINES, DeclineReason.DECLINED),
        (CHALLENGES, DeclineReason.AUTH),
        (NO_ANSWER, DeclineReason.DECLINED),
    ],
)
async def test_what_is_not_paid_at_once_changes_nothing(
    shop: Shop, twin: StripeTwin, number: str, reason: DeclineReason
) -> None:
    """The same call has the same answer, what was booked stays booked, and another card can pay."""
    bought, order, key = await shop.subscription(), shop.order(), shop.key()
    await shop.changed(bought.ref, SetSeats(base=10, seats=8, at_renewal=True))
    shop.days(LAST_DAYS)
    twin.add_card(bought.customer, number)
    quote = await shop.quote_change(bought.ref, AS_IT_RUNS)
    refused = await shop.change(bought.ref, AS_IT_RUNS, quote=quote, order=order, key=key)
    assert isinstance(refused, Declined)
    assert refused.decline.reason is reason
    assert await shop.change(bought.ref, AS_IT_RUNS, quote=quote, order=order, key=key) == refused
    left = await shop.adapter.get_subscription(bought.ref)
    assert (left.paid_until, left.renews_as) == (None, PurchaseItem(offer=TEAM, quantity=8))
    assert amounts(twin) == [TEN]
    assert [row.status for row in (await shop.adapter.list_invoices(bought.customer)).rows] == [InvoiceStatus.PAID]
    twin.add_card(bought.customer, PAYS)
    assert (await shop.changed(bought.ref, AS_IT_RUNS)).paid_until == MARCH_2028
    assert amounts(twin) == [TEN, TEN]


async def test_a_refusal_that_was_not_noted_is_asked_for_again_and_charges_nothing(
    shop: Shop, twin: StripeTwin
) -> None:
    bought, order, key = await running(shop), shop.order(), shop.key()
    twin.add_card(bought.customer, DECLINES)
    quote = await shop.quote_change(bought.ref, AS_IT_RUNS)
    await shop.adapter.set_default_payment_method(
        bought.customer, ref=(await shop.adapter.payment_methods(bought.customer))[0].ref, key=shop.key()
    )
    refused = await shop.change(bought.ref, AS_IT_RUNS, quote=quote, order=order, key=key)
    twin.books.tables["subscription"][bought.ref]["metadata"]["kassa_refused"] = ""
    again = await shop.change(bought.ref, AS_IT_RUNS, quote=quote, order=order, key=key)
    assert (again, twin.refused()) == (refused, 1)


async def test_after_a_refusal_that_was_not_noted_another_card_pays(shop: Shop, twin: StripeTwin) -> None:
    """Stripe keeps the refusal for the key of the request, which nothing else has changed."""
    bought = await running(shop)
    twin.add_card(bought.customer, DECLINES)
    assert isinstance(await shop.change(bought.ref, AS_IT_RUNS), Declined)
    twin.books.tables["subscription"][bought.ref]["metadata"]["kassa_refused"] = ""
    twin.add_card(bought.customer, PAYS)
    assert (await shop.changed(bought.ref, AS_IT_RUNS)).paid_until == MARCH_2028
    assert amounts(twin) == [TEN, TEN]


async def test_of_two_changes_from_one_state_one_is_made(shop: Shop, twin: StripeTwin) -> None:
    bought = await running(shop)
    renewal = await shop.quote_change(bought.ref, AS_IT_RUNS)
    more = SetSeats(base=10, seats=13)
    growth = await shop.quote_change(bought.ref, more)
    assert isinstance(await shop.change(bought.ref, AS_IT_RUNS, quote=renewal), Done)
    for change, quote in ((more, growth), (AS_IT_RUNS, renewal)):
        with pytest.raises(VendorRejected) as refused:
            await shop.change(bought.ref, change, quote=quote)
        assert refused.value.reason is RejectReason.STALE_STATE
    assert amounts(twin) == [TEN, TEN]


@pytest.mark.parametrize(
    "change",
    [
        FEWER,
        Renew(base=MARCH_2027, offer=SCALE, seats=10),
        Renew(base=MARCH_2027, offer=TEAM, seats=10, packs=(PurchaseItem(offer=STORAGE, quantity=1),)),
    ],
    ids=["seats", "plan", "packs"],
)
async def test_another_shape_is_refused_before_its_day(shop: Shop, change: Renew) -> None:
    bought = await running(shop)
    with pytest.raises(NotSupported):
        await shop.quote_change(bought.ref, change)


async def test_packs_are_paid_with_the_plan(shop: Shop) -> None:
    bought = await shop.subscription()
    await shop.changed(bought.ref, AddPack(offer=STORAGE, base=0, quantity=2))
    shop.days(LAST_DAYS)
    with_packs = Renew(base=MARCH_2027, offer=TEAM, seats=10, packs=(PurchaseItem(offer=STORAGE, quantity=2),))
    quote = await shop.quote_change(bought.ref, with_packs)
    assert (quote.subtotal, len(quote.lines)) == (usd(360_000), 2)
    assert isinstance(await shop.change(bought.ref, with_packs, quote=quote), Done)


async def test_a_paid_term_is_changed_by_more_seats_alone(shop: Shop, twin: StripeTwin) -> None:
    """They are paid for until the end of what is paid, and the price says so."""
    bought = await running(shop)
    await shop.changed(bought.ref, AS_IT_RUNS)
    for change in (
        SetSeats(base=10, seats=8, at_renewal=True),
        SwitchOffer(base=TEAM, offer=SCALE, seats=10),
        AddPack(offer=STORAGE, base=0, quantity=1),
        AS_IT_RUNS,
    ):
        with pytest.raises(VendorRejected) as refused:
            await shop.quote_change(bought.ref, change)
        assert refused.value.reason is RejectReason.STALE_STATE
    more = SetSeats(base=10, seats=11)
    quote = await shop.quote_change(bought.ref, more)
    assert quote.subtotal == usd(34_800 + 954)  # the next term, and ten days of this one
    assert quote.next_charges[0].at == MARCH_2028
    assert isinstance(await shop.change(bought.ref, more, quote=quote), Done)
    shop.days(11)
    begun = await shop.adapter.get_subscription(bought.ref)
    assert (begun.seats, begun.period.ends_at, begun.paid_until) == (11, MARCH_2028, None)
    assert len(amounts(twin)) == 3


async def test_a_discount_for_some_terms_stands_in_the_way(shop: Shop, twin: StripeTwin) -> None:
    off = await shop.discount(TEAM, percent_bp=2_000, periods=3)
    paid = await shop.pay(await shop.open(await shop.cart((TEAM, 10), discounts=(off,))))
    shop.days(LAST_DAYS)
    with pytest.raises(VendorRejected) as refused:
        await shop.quote_change(SubscriptionRef(paid.subscription or ""), AS_IT_RUNS)
    assert (refused.value.reason, refused.value.field) == (RejectReason.NOT_SOLD, "discounts")


async def test_a_share_for_ever_is_taken_off(shop: Shop) -> None:
    off = await shop.discount(TEAM, percent_bp=2_000, periods=None)
    paid = await shop.pay(await shop.open(await shop.cart((TEAM, 10), discounts=(off,))))
    shop.days(LAST_DAYS)
    ref = SubscriptionRef(paid.subscription or "")
    quote = await shop.quote_change(ref, AS_IT_RUNS)
    assert (quote.discount, quote.next_charges[0].subtotal) == (usd(69_600), usd(278_400))
    assert isinstance(await shop.change(ref, AS_IT_RUNS, quote=quote), Done)


async def test_without_a_card_nothing_is_billed_in_advance(shop: Shop, twin: StripeTwin) -> None:
    bought = await running(shop)
    twin.books.tables["subscription"][bought.ref]["default_payment_method"] = None
    twin.books.tables["customer"][bought.customer]["invoice_settings"]["default_payment_method"] = None
    with pytest.raises(VendorRejected) as refused:
        await shop.quote_change(bought.ref, AS_IT_RUNS)
    assert (refused.value.reason, refused.value.field) == (RejectReason.NOT_FOUND, "payment_method")


# --- after the end ---


@pytest.mark.parametrize("kind", ["lost_request", "lost_answer", "error_500"])
@pytest.mark.parametrize("befallen", [r"post /v1/subscriptions", r"post /v1/payment_intents/[^/]+/confirm"])
async def test_a_lost_answer_resumes_once(shop: Shop, twin: StripeTwin, befallen: str, kind: str) -> None:
    before, order, key = await ended(shop), shop.order(), shop.key()
    quote = await shop.quote_change(before.ref, FEWER)
    twin.fail(kind, befallen, times=1 if kind == "error_500" else 0)
    if kind == "error_500":
        told = await shop.change(before.ref, FEWER, quote=quote, order=order, key=key)
    else:
        with pytest.raises(OutcomeUnknown):
            await shop.change(before.ref, FEWER, quote=quote, order=order, key=key)
        twin.heal()
        told = await shop.change(before.ref, FEWER, quote=quote, order=order, key=key)
    assert isinstance(told, Done)
    assert told.subscription is not None
    assert (told.subscription.resumes, told.subscription.seats) == (before.ref, 7)
    assert (told.subscription.period.starts_at, told.subscription.period.ends_at) == (MARCH_2027, MARCH_2028)
    assert (quote.due_now, amounts(twin)) == (usd(SEVEN), [TEN, SEVEN])
    assert quote.next_charges[0].at == MARCH_2028
    (found,) = await shop.adapter.find_checkouts(order)
    assert (found.state, found.subscription) == (CheckoutState.COMPLETE, told.subscription.ref)
    shop.days(366)
    assert (await shop.adapter.get_subscription(told.subscription.ref)).status is SubscriptionStatus.ACTIVE
    assert amounts(twin) == [TEN, SEVEN, SEVEN]


async def test_the_same_call_again_knows_its_own_invoice(shop: Shop, twin: StripeTwin) -> None:
    """Not the latest one, which is somebody's change by then and waits for a bank."""
    before, order, key = await ended(shop), shop.order(), shop.key()
    quote = await shop.quote_change(before.ref, FEWER)
    told = await shop.change(before.ref, FEWER, quote=quote, order=order, key=key)
    assert isinstance(told, Done)
    assert told.subscription is not None
    twin.add_card(before.customer, CHALLENGES)
    asked = await shop.change(told.subscription.ref, SetSeats(base=7, seats=9))
    assert isinstance(asked, NeedsAction)
    again = await shop.change(before.ref, FEWER, quote=quote, order=order, key=key)
    assert isinstance(again, Done)
    assert (again.invoice, again.charge) == (told.invoice, told.charge)
    await twin.pay(asked.url)
    assert (await shop.adapter.get_subscription(told.subscription.ref)).seats == 9


async def test_it_is_resumed_by_one_of_two(shop: Shop, twin: StripeTwin) -> None:
    before = await ended(shop)
    first, second = await shop.quote_change(before.ref, FEWER), await shop.quote_change(before.ref, FEWER)
    assert isinstance(await shop.change(before.ref, FEWER, quote=first), Done)
    with pytest.raises(VendorRejected) as refused:
        await shop.change(before.ref, FEWER, quote=second)
    assert refused.value.reason is RejectReason.STALE_STATE
    assert amounts(twin) == [TEN, SEVEN]


async def test_a_bank_can_refuse_or_ask_before_it_is_resumed(shop: Shop, twin: StripeTwin) -> None:
    before, order, key = await ended(shop, DECLINES), shop.order(), shop.key()
    quote = await shop.quote_change(before.ref, FEWER)
    refused = await shop.change(before.ref, FEWER, quote=quote, order=order, key=key)
    assert isinstance(refused, Declined)
    assert await shop.change(before.ref, FEWER, quote=quote, order=order, key=key) == refused
    twin.add_card(before.customer, CHALLENGES)
    asked = await shop.change(before.ref, FEWER)
    assert isinstance(asked, NeedsAction)
    assert (await shop.adapter.get_subscription(before.ref)).status is SubscriptionStatus.CANCELLED
    await twin.pay(asked.url)
    found = await shop.adapter.get_checkout(CheckoutRef(asked.checkout or ""))
    assert found.state is CheckoutState.COMPLETE
    resumed = await shop.adapter.get_subscription(SubscriptionRef(found.subscription or ""))
    assert (resumed.status, resumed.resumes) == (SubscriptionStatus.ACTIVE, before.ref)
    assert (amounts(twin), twin.refused()) == ([TEN, SEVEN], 1)


async def test_what_somebody_else_began_and_left_gives_way(shop: Shop, twin: StripeTwin) -> None:
    before = await ended(shop, CHALLENGES)
    assert isinstance(await shop.change(before.ref, FEWER), NeedsAction)
    twin.add_card(before.customer, PAYS)
    assert isinstance(await shop.change(before.ref, FEWER), Done)
    assert amounts(twin) == [TEN, SEVEN]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (Renew(base=MARCH_2028, offer=TEAM, seats=7), RejectReason.STALE_STATE),
        (Renew(base=MARCH_2027, offer=STORAGE, seats=7), RejectReason.NOT_SOLD),
        (Renew(base=MARCH_2027, offer=OfferKey("team-hosted-eur-y-1"), seats=7), RejectReason.NOT_SOLD),
        (Renew(base=MARCH_2027, offer=TEAM, seats=0), RejectReason.OTHER),
        (
            Renew(base=MARCH_2027, offer=TEAM, seats=7, packs=(PurchaseItem(offer=STORAGE, quantity=1),)),
            RejectReason.NOT_SOLD,
        ),
    ],
)
async def test_what_cannot_be_resumed(shop: Shop, change: Renew, reason: RejectReason) -> None:
    before = await ended(shop)
    with pytest.raises(VendorRejected) as refused:
        await shop.quote_change(before.ref, change)
    assert refused.value.reason is reason


async def test_what_was_ended_early_is_not_resumed(shop: Shop) -> None:
    bought = await shop.subscription()
    await shop.adapter.set_renewal(bought.ref, decision=RenewalDecision.END_NOW, key=shop.key())
    shop.days(1)
    with pytest.raises(VendorRejected) as refused:
        await shop.quote_change(bought.ref, AS_IT_RUNS)
    assert refused.value.reason is RejectReason.STALE_STATE


async def test_what_was_ended_early_after_a_refused_change_was_paid(shop: Shop, twin: StripeTwin) -> None:
    """The invoice of a change that a bank refused is the latest, and void: the term itself was paid."""
    bought = await shop.subscription()
    twin.add_card(bought.customer, DECLINES)
    more = SetSeats(base=10, seats=13)
    assert isinstance(await shop.change(bought.ref, more, quote=await shop.quote_change(bought.ref, more)), Declined)
    await shop.adapter.set_renewal(bought.ref, decision=RenewalDecision.END_NOW, key=shop.key())
    shop.days(1)
    with pytest.raises(VendorRejected) as refused:
        await shop.quote_change(bought.ref, Renew(base=bought.period.starts_at, offer=TEAM, seats=10))
    assert (refused.value.reason, refused.value.field) == (RejectReason.STALE_STATE, "status")


async def test_a_customer_who_was_deleted_meanwhile_resumes_nothing(shop: Shop, twin: StripeTwin) -> None:
    """Stripe still shows such a customer, with nothing but the word that it is gone."""
    before = await ended(shop)
    quote = await shop.quote_change(before.ref, FEWER)
    twin.desk.delete_customer(before.customer)
    with pytest.raises(VendorRejected) as refused:
        await shop.change(before.ref, FEWER, quote=quote)
    assert (refused.value.reason, refused.value.field) == (RejectReason.NOT_FOUND, "customer")
    with pytest.raises(VendorRejected) as refused:
        await shop.quote_change(before.ref, FEWER)
    assert (refused.value.reason, refused.value.field) == (RejectReason.NOT_FOUND, "customer")


async def test_what_was_given_up_unpaid_is_taken_up_where_the_paid_term_ended(shop: Shop, twin: StripeTwin) -> None:
    bought = await shop.subscription()
    twin.add_card(bought.customer, DECLINES)
    twin.books.tables["subscription"][bought.ref]["default_payment_method"] = None
    shop.days(365 + 15)
    assert (await shop.adapter.get_subscription(bought.ref)).status is SubscriptionStatus.CANCELLED
    twin.add_card(bought.customer, PAYS)
    assert (await shop.changed(bought.ref, FEWER)).ref == bought.ref
    assert amounts(twin) == [TEN, SEVEN]


async def test_a_quote_of_it_ends_with_its_day(shop: Shop) -> None:
    before = await ended(shop)
    quote = await shop.quote_change(before.ref, FEWER)
    shop.twin.advance(timedelta(days=1))
    with pytest.raises(VendorRejected) as refused:
        await shop.change(before.ref, FEWER, quote=quote)
    assert refused.value.reason is RejectReason.QUOTE_EXPIRED


# --- paid back before its day ---


async def paid_back(shop: Shop) -> SubscriptionSnapshot:
    """Return a subscription whose next term was paid, paid back, and is not to come."""
    bought = await running(shop)
    told = await shop.change(bought.ref, AS_IT_RUNS)
    assert isinstance(told, Done)
    assert told.charge is not None
    await shop.adapter.refund(told.charge, amount=usd(TEN), reason="asked for", key=shop.key())
    return await shop.adapter.set_renewal(bought.ref, decision=RenewalDecision.END, key=shop.key())


async def test_a_term_that_was_paid_back_ends_with_the_one_before_and_goes_on_after_it(shop: Shop) -> None:
    left = await paid_back(shop)
    assert (left.cancel_at, left.paid_until) == (MARCH_2027, None)
    shop.days(AFTER - LAST_DAYS)
    assert (await shop.adapter.get_subscription(left.ref)).status is SubscriptionStatus.CANCELLED
    assert len(amounts(shop.twin)) == 2
    again = await shop.change(left.ref, AS_IT_RUNS)
    assert isinstance(again, Done)
    assert again.subscription is not None
    assert again.subscription.period.starts_at == MARCH_2027


async def test_what_stripe_counts_as_billed_is_sold_no_second_time(shop: Shop) -> None:
    left = await paid_back(shop)
    with pytest.raises(VendorRejected) as renewed:
        await shop.adapter.set_renewal(left.ref, decision=RenewalDecision.RENEW, key=shop.key())
    found = [renewed.value]
    for change in (AS_IT_RUNS, SetSeats(base=10, seats=12), SetSeats(base=10, seats=8, at_renewal=True)):
        with pytest.raises(VendorRejected) as refused:
            await shop.quote_change(left.ref, change)
        found.append(refused.value)
    assert {(error.reason, error.field) for error in found} == {(RejectReason.NOT_SOLD, "period")}


async def test_a_part_paid_back_leaves_the_term_paid(shop: Shop) -> None:
    bought = await running(shop)
    told = await shop.change(bought.ref, AS_IT_RUNS)
    assert isinstance(told, Done)
    assert told.charge is not None
    await shop.adapter.refund(told.charge, amount=usd(TEN - 1), reason="a part", key=shop.key())
    ends = await shop.adapter.set_renewal(bought.ref, decision=RenewalDecision.END, key=shop.key())
    assert (ends.cancel_at, ends.paid_until) == (MARCH_2028, MARCH_2028)


async def test_a_decision_about_a_paid_term_that_is_sent_again_is_the_same(shop: Shop) -> None:
    """What the first call did must not make the second one ask for something else under its key."""
    bought = await running(shop)
    await shop.changed(bought.ref, AS_IT_RUNS)
    for decision, end in ((RenewalDecision.END, MARCH_2028), (RenewalDecision.RENEW, None)):
        key = shop.key()
        for _ in range(2):
            held = await shop.adapter.set_renewal(bought.ref, decision=decision, key=key)
            assert held.cancel_at == end
