"""Changes: the worked sums to the cent, one change from one state, and nothing for what is not paid."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.clock import FrozenClock
from app.core.money import Money
from app.vendor_adapters.capabilities import Capability
from app.vendor_adapters.errors import KeyReused, NotSupported, OutcomeUnknown, RejectReason, VendorRejected
from app.vendor_adapters.types import (
    AddPack,
    Change,
    CheckoutState,
    Declined,
    DeclineReason,
    Done,
    LineKind,
    NeedsAction,
    OfferKey,
    Pending,
    PurchaseItem,
    RenewalDecision,
    SetSeats,
    SubscriptionRef,
    SwitchOffer,
)
from tests.adapters.stripe.shop import CATALOG, MINUTES, RETURN_TO, SCALE, STORAGE, TEAM, Shop, usd
from tests.stripe_twin.twin import CHALLENGES, DECLINES, NO_ANSWER, StripeTwin

MARCH = datetime(2026, 3, 1, tzinfo=UTC)
NOVEMBER = 267
UPDATE = r"post /v1/subscriptions/[^/]+"
SEATS = SetSeats(base=10, seats=13)


@pytest.mark.parametrize(
    ("day", "change", "credit", "charge"),
    [
        (NOVEMBER, SEATS, 93_436, 121_466),
        (0, SEATS, 348_000, 452_400),
        (364, SEATS, 953, 1_239),
        (NOVEMBER, SwitchOffer(base=TEAM, offer=SCALE, seats=10), 93_436, 318_970),
        (NOVEMBER, AddPack(offer=STORAGE, base=0, quantity=2), 0, 3_222),
    ],
)
async def test_the_worked_sums(shop: Shop, day: int, change: Change, credit: int, charge: int) -> None:
    bought = await shop.subscription()
    shop.days(day)
    shop.twin.clock.advance(timedelta(hours=15))
    order = shop.order()
    quote = await shop.quote_change(bought.ref, change)
    lines = {line.kind: line.amount.minor for line in quote.lines}
    assert (-lines.get(LineKind.CREDIT, 0), lines[LineKind.CHARGE]) == (credit, charge)
    assert quote.tax is not None
    assert quote.due_now == usd(charge - credit) + quote.tax.amount
    assert isinstance(await shop.change(bought.ref, change, quote=quote, order=order), Done)
    assert shop.paid(order) == [quote.due_now.minor]


async def test_the_worked_sum_with_tax(shop: Shop) -> None:
    bought = await shop.subscription()
    shop.days(NOVEMBER)
    quote = await shop.quote_change(bought.ref, SEATS)
    assert (quote.subtotal, quote.due_now) == (usd(28_030), usd(30_518))
    assert quote.next_charges[0].subtotal == usd(452_400)


async def test_bought_and_grown_on_one_day() -> None:
    """Bought at 14:32 and grown at 18:00: the whole term is paid, because the day began before it."""
    twin = StripeTwin(CATALOG, FrozenClock(datetime(2026, 3, 1, 14, 32, tzinfo=UTC)))
    shop = Shop(twin)
    bought = await shop.subscription()
    twin.advance(timedelta(hours=3, minutes=28))
    quote = await shop.quote_change(bought.ref, SetSeats(base=10, seats=12))
    assert quote.subtotal == usd(69_600)
    assert isinstance(await shop.change(bought.ref, SetSeats(base=10, seats=12), quote=quote), Done)
    assert twin.api.guard.problems == []


@settings(max_examples=10)
@given(
    minute=st.integers(0, 1439),
    seats=st.integers(1, 400),
    more=st.integers(1, 300),
    after=st.integers(0, 364 * 24 * 60),
)
def test_what_is_shown_is_what_is_charged(minute: int, seats: int, more: int, after: int) -> None:
    async def story() -> None:
        twin = StripeTwin(CATALOG, FrozenClock(MARCH + timedelta(minutes=minute)))
        shop, order = Shop(twin), None
        bought = await shop.subscription(TEAM, seats)
        twin.advance(timedelta(minutes=after))
        change, order = SetSeats(base=seats, seats=seats + more), shop.order()
        quote = await shop.quote_change(bought.ref, change)
        twin.advance(min(timedelta(minutes=5), (quote.expires_at - twin.clock.now()) / 2))
        assert isinstance(await shop.change(bought.ref, change, quote=quote, order=order), Done)
        assert shop.paid(order) == [quote.due_now.minor]
        assert twin.api.guard.problems == []

    asyncio.run(story())


async def test_requests_that_make_a_change(shop: Shop, twin: StripeTwin) -> None:
    bought = await shop.subscription()
    quote = await shop.quote_change(bought.ref, SEATS)
    twin.network.sent.clear()
    outcome = await shop.change(bought.ref, SEATS, quote=quote)
    assert isinstance(outcome, Done)
    assert sorted(sent.replace(bought.ref, "{ref}") for sent in twin.network.sent[:-2]) == [
        "get /v1/customers/" + bought.customer,
        "get /v1/invoices",
        "get /v1/subscriptions/{ref}",
        "post /v1/invoices/create_preview",
        "post /v1/subscriptions/{ref}",
    ]
    claim, read = twin.network.sent[-2:]
    assert (claim, read) == (f"post /v1/invoices/{outcome.invoice}", f"get /v1/subscriptions/{bought.ref}")


async def test_the_default_card_is_charged_whatever_card_the_page_left(shop: Shop, twin: StripeTwin) -> None:
    customer = await shop.customer(card=DECLINES)
    bought = await shop.subscription()
    assert twin.books.tables["subscription"][bought.ref]["default_payment_method"] is not None
    assert isinstance(await shop.change(bought.ref, SEATS), Declined)
    cards = await shop.adapter.payment_methods(customer)
    await shop.adapter.set_default_payment_method(customer, ref=cards[1].ref, key=shop.key())
    assert isinstance(await shop.change(bought.ref, SEATS), Done)


async def test_a_quote_ends_with_its_day(shop: Shop) -> None:
    bought = await shop.subscription()
    shop.twin.advance(timedelta(hours=23, minutes=50))
    quote = await shop.quote_change(bought.ref, SEATS)
    assert quote.expires_at == MARCH + timedelta(days=1)
    shop.twin.advance(timedelta(minutes=10))
    with pytest.raises(VendorRejected) as refused:
        await shop.change(bought.ref, SEATS, quote=quote)
    assert refused.value.reason is RejectReason.QUOTE_EXPIRED


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (SetSeats(base=9, seats=13), RejectReason.STALE_STATE),
        (SetSeats(base=10, seats=10), RejectReason.OTHER),
        (SetSeats(base=10, seats=9), RejectReason.OTHER),
        (SetSeats(base=10, seats=0, at_renewal=True), RejectReason.OTHER),
        (SwitchOffer(base=SCALE, offer=TEAM, seats=10), RejectReason.STALE_STATE),
        (SwitchOffer(base=TEAM, offer=TEAM, seats=12), RejectReason.OTHER),
        (SwitchOffer(base=TEAM, offer=SCALE, seats=9), RejectReason.OTHER),
        (SwitchOffer(base=TEAM, offer=STORAGE, seats=10), RejectReason.NOT_SOLD),
        (SwitchOffer(base=TEAM, offer=OfferKey("team-hosted-usd-y-0"), seats=10), RejectReason.NOT_SOLD),
        (SwitchOffer(base=TEAM, offer=OfferKey("team-hosted-eur-y-1"), seats=10), RejectReason.CURRENCY),
        (SwitchOffer(base=TEAM, offer=OfferKey("nothing"), seats=10), RejectReason.NOT_FOUND),
        (AddPack(offer=STORAGE, base=1, quantity=1), RejectReason.STALE_STATE),
        (AddPack(offer=STORAGE, base=0, quantity=0), RejectReason.OTHER),
        (AddPack(offer=MINUTES, base=0, quantity=1), RejectReason.NOT_SOLD),
        (AddPack(offer=SCALE, base=0, quantity=1), RejectReason.NOT_SOLD),
    ],
)
async def test_changes_that_cannot_be(shop: Shop, change: Change, reason: RejectReason) -> None:
    bought = await shop.subscription()
    with pytest.raises(VendorRejected) as refused:
        await shop.quote_change(bought.ref, change)
    assert refused.value.reason is reason


async def test_a_cheaper_plan_counts_at_renewal(shop: Shop) -> None:
    bought = await shop.subscription(SCALE)
    with pytest.raises(VendorRejected) as refused:
        await shop.quote_change(bought.ref, SwitchOffer(base=SCALE, offer=TEAM, seats=10))
    assert refused.value.reason is RejectReason.OTHER


async def test_what_others_sold_or_what_is_owed_is_not_changed(shop: Shop, twin: StripeTwin) -> None:
    bought = await shop.subscription()
    held = twin.books.tables["subscription"][bought.ref]
    held["metadata"] |= {"kassa_channel": "reseller", "kassa_sold_by": "ACME", "kassa_sold_by_contact": "a@b.example"}
    found = await shop.adapter.get_subscription(bought.ref)
    assert (found.channel.value, found.sold_by, found.sold_by_contact) == ("reseller", "ACME", "a@b.example")
    with pytest.raises(VendorRejected) as refused:
        await shop.quote_change(bought.ref, SEATS)
    assert refused.value.reason is RejectReason.NOT_SOLD
    held |= {"status": "past_due", "metadata": {}}
    with pytest.raises(VendorRejected) as refused:
        await shop.quote_change(bought.ref, SEATS)
    assert refused.value.reason is RejectReason.STALE_STATE


async def test_discounts_of_changes_are_not_supported(shop: Shop) -> None:
    bought = await shop.subscription()
    discount = await shop.discount(TEAM, amount_off=usd(5_000))
    with pytest.raises(NotSupported) as refused:
        await shop.quote_change(bought.ref, replace(SEATS, discounts=(discount,)))
    assert refused.value.detail == Capability.DISCOUNTED_CHANGES.value


async def test_a_lasting_discount_counts_for_more_seats(shop: Shop) -> None:
    for_ever = await shop.discount(TEAM, percent_bp=2_000, periods=None)
    paid = await shop.pay(await shop.open(await shop.cart((TEAM, 10), discounts=(for_ever,))))
    assert paid.subscription is not None
    shop.days(NOVEMBER)
    quote = await shop.quote_change(paid.subscription, SEATS)
    assert quote.subtotal.minor == 97_173 - 74_748
    assert quote.next_charges[0].subtotal == usd(361_920)


async def test_declined(shop: Shop, twin: StripeTwin) -> None:
    bought, order, key = await shop.subscription(), shop.order(), shop.key()
    twin.add_card(bought.customer, DECLINES)
    quote = await shop.quote_change(bought.ref, SEATS)
    outcome = await shop.change(bought.ref, SEATS, quote=quote, order=order, key=key)
    assert isinstance(outcome, Declined)
    assert outcome.decline.reason is DeclineReason.DECLINED
    assert (await shop.adapter.get_subscription(bought.ref)).seats == 10
    held = twin.books.tables["subscription"][bought.ref]
    assert held["pending_update"] is None
    (found,) = await shop.adapter.find_checkouts(order)
    assert (found.state, found.declines) == (CheckoutState.EXPIRED, (outcome.decline,))
    again = await shop.change(bought.ref, SEATS, quote=quote, order=order, key=key)
    assert (again, twin.refused()) == (outcome, 1)


async def test_the_banks_check_comes_back_to_us(shop: Shop, twin: StripeTwin) -> None:
    bought, order, key = await shop.subscription(), shop.order(), shop.key()
    twin.add_card(bought.customer, CHALLENGES)
    quote = await shop.quote_change(bought.ref, SEATS)
    asked = await shop.change(bought.ref, SEATS, quote=quote, order=order, key=key)
    assert isinstance(asked, NeedsAction)
    assert (await shop.adapter.get_subscription(bought.ref)).seats == 10
    payment = next(row for row in twin.books.all("payment_intent") if row["status"] == "requires_action")
    assert payment["next_action"]["redirect_to_url"] == {"return_url": RETURN_TO, "url": asked.url}
    await twin.pay(asked.url)
    assert isinstance(await shop.change(bought.ref, SEATS, quote=quote, order=order, key=key), Done)
    assert (await shop.adapter.get_subscription(bought.ref)).seats == 13
    assert shop.paid(order) == [quote.due_now.minor]


async def test_a_check_that_nobody_answers_expires(shop: Shop, twin: StripeTwin) -> None:
    bought, order = await shop.subscription(), shop.order()
    twin.add_card(bought.customer, CHALLENGES)
    asked = await shop.change(bought.ref, SEATS, order=order)
    assert isinstance(asked, NeedsAction)
    shop.days(1)
    await twin.pay(asked.url)
    (found,) = await shop.adapter.find_checkouts(order)
    assert found.state is CheckoutState.EXPIRED
    assert (await shop.adapter.get_subscription(bought.ref)).seats == 10


async def test_without_a_card_the_invoice_has_a_page(shop: Shop, twin: StripeTwin) -> None:
    bought, order = await shop.subscription(), shop.order()
    twin.books.tables["subscription"][bought.ref]["default_payment_method"] = None
    asked = await shop.change(bought.ref, SEATS, order=order)
    assert isinstance(asked, NeedsAction)
    await twin.pay(asked.url)
    assert (await shop.adapter.get_subscription(bought.ref)).seats == 13
    assert len(shop.paid(order)) == 1


async def test_a_bank_that_takes_its_time(shop: Shop, twin: StripeTwin) -> None:
    bought = await shop.subscription()
    twin.add_card(bought.customer, NO_ANSWER)
    assert isinstance(await shop.change(bought.ref, SEATS), Pending)
    assert (await shop.adapter.get_subscription(bought.ref)).seats == 10


async def test_two_orders_from_one_state_and_one_of_them_wins(shop: Shop) -> None:
    bought = await shop.subscription()
    quote = await shop.quote_change(bought.ref, SEATS)
    orders = [shop.order() for _ in range(3)]

    answers = await asyncio.gather(
        *(shop.change(bought.ref, SEATS, quote=quote, order=order) for order in orders), return_exceptions=True
    )
    assert len([answer for answer in answers if isinstance(answer, Done)]) == 1
    refused = [answer.reason for answer in answers if isinstance(answer, VendorRejected)]
    assert refused == [RejectReason.STALE_STATE] * 2
    assert len([charge for order in orders for charge in shop.paid(order)]) == 1
    assert (await shop.adapter.get_subscription(bought.ref)).seats == 13


async def test_different_changes_from_one_state(shop: Shop) -> None:
    bought = await shop.subscription()
    more = SetSeats(base=10, seats=15)
    quotes = {change: await shop.quote_change(bought.ref, change) for change in (SEATS, more)}
    answers = await asyncio.gather(
        *(shop.change(bought.ref, change, quote=quote) for change, quote in quotes.items()), return_exceptions=True
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["Done", "VendorRejected"]
    assert len(shop.twin.charges()) == 2


async def test_changed_behind_our_back(shop: Shop, twin: StripeTwin) -> None:
    bought = await shop.subscription()
    quote = await shop.quote_change(bought.ref, SEATS)
    twin.books.tables["subscription"][bought.ref]["items"]["data"][0]["quantity"] = 11
    with pytest.raises(VendorRejected) as refused:
        await shop.change(bought.ref, SEATS, quote=quote)
    assert refused.value.reason is RejectReason.STALE_STATE


async def test_it_would_cost_something_else_by_now(shop: Shop, twin: StripeTwin) -> None:
    bought = await shop.subscription()
    quote = await shop.quote_change(bought.ref, SEATS)
    twin.books.tables["customer"][bought.customer]["address"] |= {"country": "JP", "state": None}
    with pytest.raises(VendorRejected) as refused:
        await shop.change(bought.ref, SEATS, quote=quote)
    assert refused.value.reason is RejectReason.QUOTE_EXPIRED
    assert len(twin.charges()) == 1


async def test_a_lost_answer(shop: Shop, twin: StripeTwin) -> None:
    bought, order, key = await shop.subscription(), shop.order(), shop.key()
    quote = await shop.quote_change(bought.ref, SEATS)
    twin.fail("lost_answer", UPDATE, times=0)
    with pytest.raises(OutcomeUnknown):
        await shop.change(bought.ref, SEATS, quote=quote, order=order, key=key)
    twin.heal()
    assert (await shop.adapter.get_subscription(bought.ref)).seats == 13
    assert isinstance(await shop.change(bought.ref, SEATS, quote=quote, order=order, key=key), Done)
    (found,) = await shop.adapter.find_checkouts(order)
    assert found.state is CheckoutState.COMPLETE
    assert shop.paid(order) == [quote.due_now.minor]


async def test_a_failure_that_is_kept_for_the_key_changes_once(shop: Shop, twin: StripeTwin) -> None:
    bought, order = await shop.subscription(), shop.order()
    quote = await shop.quote_change(bought.ref, SEATS)
    twin.fail("error_500", UPDATE)
    assert isinstance(await shop.change(bought.ref, SEATS, quote=quote, order=order), Done)
    assert shop.paid(order) == [quote.due_now.minor]
    with pytest.raises(VendorRejected) as refused:
        await shop.change(bought.ref, SEATS, quote=quote)
    assert refused.value.reason is RejectReason.STALE_STATE


async def test_key_reused(shop: Shop) -> None:
    bought, key = await shop.subscription(), shop.key()
    await shop.change(bought.ref, SEATS, key=key)
    with pytest.raises(KeyReused):
        await shop.change(bought.ref, SetSeats(base=13, seats=14), key=key)


async def test_a_quote_of_something_else(shop: Shop) -> None:
    bought = await shop.subscription()
    quote = await shop.quote_change(bought.ref, SEATS)
    for token in (quote.token[:-1] + "0", "", "x.y"):
        with pytest.raises(VendorRejected) as refused:
            await shop.change(bought.ref, SEATS, quote=replace(quote, token=token))
        assert refused.value.reason is RejectReason.QUOTE_EXPIRED
    with pytest.raises(VendorRejected):
        await shop.change(bought.ref, SetSeats(base=10, seats=12), quote=quote)


# --- at renewal ---


async def test_fewer_seats_at_renewal(shop: Shop) -> None:
    bought = await shop.subscription()
    change = SetSeats(base=10, seats=8, at_renewal=True)
    quote = await shop.quote_change(bought.ref, change)
    assert (quote.due_now, quote.lines, quote.next_charges[0].subtotal) == (usd(0), (), usd(278_400))
    booked = await shop.changed(bought.ref, change)
    assert (booked.seats, booked.renews_as) == (10, PurchaseItem(offer=TEAM, quantity=8))
    shop.days(366)
    renewed = await shop.adapter.get_subscription(bought.ref)
    assert (renewed.seats, renewed.renews_as) == (8, None)
    assert shop.twin.charges()[-1].amount == quote.next_charges[0].total.minor  # type: ignore[union-attr]  # taxed


async def test_a_booking_is_changed_and_taken_back(shop: Shop) -> None:
    bought = await shop.subscription()
    await shop.changed(bought.ref, SwitchOffer(base=TEAM, offer=SCALE, seats=12, at_renewal=True))
    both = await shop.changed(bought.ref, SetSeats(base=10, seats=8, at_renewal=True))
    assert both.renews_as == PurchaseItem(offer=SCALE, quantity=8)
    back = await shop.changed(bought.ref, SwitchOffer(base=TEAM, offer=TEAM, seats=10, at_renewal=True))
    assert back.renews_as is None
    shop.days(366)
    assert (await shop.adapter.get_subscription(bought.ref)).offer == TEAM


async def test_more_seats_now_leave_what_is_booked(shop: Shop) -> None:
    bought = await shop.subscription()
    await shop.changed(bought.ref, SetSeats(base=10, seats=8, at_renewal=True))
    quote = await shop.quote_change(bought.ref, SEATS)
    assert quote.next_charges[0].subtotal == usd(278_400)
    told = await shop.change(bought.ref, SEATS)
    assert isinstance(told, Done)
    grown = await shop.adapter.get_subscription(bought.ref)
    assert (grown.seats, grown.renews_as) == (13, PurchaseItem(offer=TEAM, quantity=8))
    assert told.subscription is not None
    assert told.subscription.renews_as == grown.renews_as
    with_packs = await shop.changed(bought.ref, AddPack(offer=STORAGE, base=0, quantity=2))
    assert with_packs.renews_as == PurchaseItem(offer=TEAM, quantity=8)
    shop.days(366)
    renewed = await shop.adapter.get_subscription(bought.ref)
    assert (renewed.seats, renewed.packs) == (8, (PurchaseItem(offer=STORAGE, quantity=2),))


async def test_a_declined_change_leaves_what_is_booked(shop: Shop, twin: StripeTwin) -> None:
    bought = await shop.subscription()
    await shop.changed(bought.ref, SetSeats(base=10, seats=8, at_renewal=True))
    twin.add_card(bought.customer, DECLINES)
    assert isinstance(await shop.change(bought.ref, SEATS), Declined)
    left = await shop.adapter.get_subscription(bought.ref)
    assert (left.seats, left.renews_as) == (10, PurchaseItem(offer=TEAM, quantity=8))


async def test_a_higher_plan_now_drops_what_is_booked(shop: Shop) -> None:
    bought = await shop.subscription()
    await shop.changed(bought.ref, SetSeats(base=10, seats=8, at_renewal=True))
    switched = await shop.changed(bought.ref, SwitchOffer(base=TEAM, offer=SCALE, seats=10))
    assert (switched.offer, switched.renews_as) == (SCALE, None)


async def test_after_the_renewal_everything_goes_on(shop: Shop) -> None:
    """The schedule still leads the subscription through its first year; nobody notices."""
    bought = await shop.subscription()
    await shop.changed(bought.ref, SetSeats(base=10, seats=8, at_renewal=True))
    shop.days(366)
    assert (await shop.changed(bought.ref, SetSeats(base=8, seats=9))).seats == 9
    assert (await shop.changed(bought.ref, SetSeats(base=9, seats=7, at_renewal=True))).renews_as is not None
    ending = await shop.adapter.set_renewal(bought.ref, decision=RenewalDecision.END, key=shop.key())
    assert (ending.renews_as, ending.cancel_at) == (None, ending.period.ends_at)
    shop.days(366)
    assert (await shop.adapter.get_subscription(bought.ref)).status.value == "cancelled"


async def test_a_schedule_that_is_left_ends_by_itself(shop: Shop, twin: StripeTwin) -> None:
    bought = await shop.subscription()
    await shop.changed(bought.ref, SetSeats(base=10, seats=8, at_renewal=True))
    shop.days(366)
    shop.days(366)
    assert [row["status"] for row in twin.books.all("subscription_schedule")] == ["released"]
    assert (await shop.adapter.get_subscription(bought.ref)).seats == 8


# --- the renewal ---


async def test_renewal_decisions(shop: Shop) -> None:
    bought, key = await shop.subscription(), shop.key()
    ending = await shop.adapter.set_renewal(bought.ref, decision=RenewalDecision.END, key=key)
    assert ending.cancel_at == bought.period.ends_at
    assert (await shop.quote_change(bought.ref, SEATS)).next_charges == ()
    renewing = await shop.adapter.set_renewal(bought.ref, decision=RenewalDecision.RENEW, key=shop.key())
    assert renewing.cancel_at is None
    late = await shop.adapter.set_renewal(bought.ref, decision=RenewalDecision.END, key=key)
    assert late.cancel_at is None
    with pytest.raises(KeyReused):
        await shop.adapter.set_renewal(bought.ref, decision=RenewalDecision.RENEW, key=key)


async def test_ending_at_once(shop: Shop) -> None:
    bought, key = await shop.subscription(), shop.key()
    for each in (key, key, shop.key()):
        ended = await shop.adapter.set_renewal(bought.ref, decision=RenewalDecision.END_NOW, key=each)
        assert ended.status.value == "cancelled"
    for decision in (RenewalDecision.RENEW, RenewalDecision.END):
        with pytest.raises(VendorRejected) as refused:
            await shop.adapter.set_renewal(bought.ref, decision=decision, key=shop.key())
        assert refused.value.reason is RejectReason.STALE_STATE
    with pytest.raises(VendorRejected):
        await shop.quote_change(bought.ref, SEATS)
    assert [charge.refunded for charge in shop.twin.charges()] == [0]


async def test_unpaid_renewals(shop: Shop, twin: StripeTwin) -> None:
    bought = await shop.subscription()
    twin.add_card(bought.customer, DECLINES)
    shop.days(366)
    owed = await shop.adapter.get_subscription(bought.ref)
    assert owed.status.value == "past_due"
    newest = (await shop.adapter.list_invoices(bought.customer)).rows[0]
    assert (newest.status.value, newest.order, newest.amount_due) == ("open", "", Money(378_885, "usd"))
    await twin.pay(newest.pay_url)
    assert (await shop.adapter.get_subscription(bought.ref)).status.value == "active"


async def test_what_is_not_there_or_not_ours(shop: Shop, twin: StripeTwin) -> None:
    bought = await shop.subscription()
    twin.books.tables["price"].pop(twin.books.tables["subscription"][bought.ref]["items"]["data"][0]["price"]["id"])
    twin.books.tables["subscription"][bought.ref]["items"]["data"][0]["price"]["lookup_key"] = None
    for ref in (SubscriptionRef("sub_nothing"), bought.ref):
        with pytest.raises(VendorRejected) as refused:
            await shop.adapter.get_subscription(ref)
        assert refused.value.reason is RejectReason.NOT_FOUND
    assert await shop.adapter.list_subscriptions(bought.customer) == ()
