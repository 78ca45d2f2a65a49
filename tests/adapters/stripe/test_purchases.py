"""A stored card: the sum is compared before a bank is asked, and an order is paid once."""

import asyncio
from dataclasses import replace

import pytest

from app.vendor_adapters.errors import KeyReused, OutcomeUnknown, RejectReason, VendorRejected
from app.vendor_adapters.types import (
    CheckoutState,
    Declined,
    DeclineReason,
    Done,
    NeedsAction,
    PaymentMethodRef,
    Pending,
    SubscriptionStatus,
)
from tests.adapters.stripe.shop import MINUTES, NEW_YORK, RETURN_TO, STORAGE, TEAM, TEAM_EUR, TOKYO, Shop, usd
from tests.stripe_twin.twin import CHALLENGES, DECLINES, NO_ANSWER, PAYS, StripeTwin

CONFIRM = r"post /v1/payment_intents/[^/]+/confirm"


async def test_a_plan_with_packs(shop: Shop) -> None:
    request = await shop.cart((TEAM, 10), (STORAGE, 1), (MINUTES, 2))
    quote = await shop.adapter.quote_purchase(request)
    outcome = await shop.buy(request, quote=quote)
    assert isinstance(outcome, Done)
    assert outcome.subscription is not None
    assert (outcome.subscription.status, outcome.subscription.seats) == (SubscriptionStatus.ACTIVE, 10)
    assert shop.paid(request.order) == [quote.due_now.minor]
    (found,) = await shop.adapter.find_checkouts(request.order)
    assert (found.ref, found.state, found.charge) == (outcome.checkout, CheckoutState.COMPLETE, outcome.charge)


async def test_packs(shop: Shop) -> None:
    request = await shop.cart((MINUTES, 3))
    outcome = await shop.buy(request)
    assert isinstance(outcome, Done)
    assert (outcome.subscription, shop.paid(request.order)) == (None, [3_266])
    assert outcome.invoice is not None
    assert (await shop.adapter.get_invoice(outcome.invoice)).order == request.order


async def test_nothing_due(shop: Shop) -> None:
    for offer in (TEAM, MINUTES):
        free = await shop.discount(offer, percent_bp=10_000)
        request = await shop.cart((offer, 3), discounts=(free,))
        outcome = await shop.buy(request)
        assert isinstance(outcome, Done)
        assert (outcome.charge, shop.paid(request.order)) == (None, [])


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("4000000000000002", DeclineReason.DECLINED),
        ("4000000000009995", DeclineReason.FUNDS),
        ("4000000000000069", DeclineReason.EXPIRED),
        ("4000000000000127", DeclineReason.CVC),
        ("4000000000000036", DeclineReason.ADDRESS),
        ("4000000000006975", DeclineReason.LIMIT),
        ("4000003560000008", DeclineReason.TYPE),
    ],
)
async def test_declined(shop: Shop, number: str, reason: DeclineReason) -> None:
    request = await shop.cart((MINUTES, 3))
    outcome = await shop.buy(request, number)
    assert isinstance(outcome, Declined)
    assert outcome.decline.reason is reason
    (found,) = await shop.adapter.find_checkouts(request.order)
    assert (found.state, found.declines) == (CheckoutState.EXPIRED, (outcome.decline,))


@pytest.mark.parametrize("offer", [TEAM, MINUTES])
async def test_a_declined_purchase_can_never_be_paid_later(shop: Shop, twin: StripeTwin, offer: str) -> None:
    request = await shop.cart((TEAM if offer == TEAM else MINUTES, 3))
    assert isinstance(await shop.buy(request, DECLINES), Declined)
    (invoice,) = twin.books.all("invoice")
    await twin.pay(invoice["hosted_invoice_url"])
    assert (invoice["status"], shop.paid(request.order)) == ("void", [])
    assert request.customer is not None
    assert (await shop.adapter.list_invoices(request.customer)).rows == ()
    assert {one.status for one in await shop.adapter.list_subscriptions(request.customer)} <= {
        SubscriptionStatus.CANCELLED
    }


async def test_after_a_decline_another_card_pays(shop: Shop) -> None:
    request = await shop.cart((TEAM, 3))
    assert isinstance(await shop.buy(request, DECLINES), Declined)
    assert isinstance(await shop.buy(request, PAYS), Done)
    assert len(shop.paid(request.order)) == 1


async def test_the_banks_check_comes_back_to_us(shop: Shop, twin: StripeTwin) -> None:
    request, key = await shop.cart((TEAM, 3)), shop.key()
    quote = await shop.adapter.quote_purchase(request)
    card = twin.add_card(request.customer or "", CHALLENGES)
    asked = await shop.buy(request, quote=quote, key=key, payment_method=card)
    assert isinstance(asked, NeedsAction)
    assert asked.checkout is not None
    waiting = await shop.adapter.get_checkout(asked.checkout)
    assert (waiting.state, waiting.url) == (CheckoutState.OPEN, asked.url)
    payment = next(row for row in twin.books.all("payment_intent") if row["status"] == "requires_action")
    assert payment["next_action"]["redirect_to_url"]["return_url"] == RETURN_TO
    await twin.pay(asked.url)
    assert isinstance(await shop.buy(request, quote=quote, key=key, payment_method=card), Done)
    assert shop.paid(request.order) == [quote.due_now.minor]


async def test_the_banks_check_failed(shop: Shop, twin: StripeTwin) -> None:
    request = await shop.cart((TEAM, 3))
    asked = await shop.buy(request, CHALLENGES)
    assert isinstance(asked, NeedsAction)
    await twin.pay(asked.url, answer="fail")
    (found,) = await shop.adapter.find_checkouts(request.order)
    assert [decline.reason for decline in found.declines] == [DeclineReason.AUTH]
    assert asked.checkout is not None
    closed = await shop.adapter.expire_checkout(asked.checkout, key=shop.key())
    assert (closed.state, shop.paid(request.order)) == (CheckoutState.EXPIRED, [])


async def test_a_bank_that_takes_its_time(shop: Shop) -> None:
    request = await shop.cart((MINUTES, 3))
    outcome = await shop.buy(request, NO_ANSWER)
    assert isinstance(outcome, Pending)
    (found,) = await shop.adapter.find_checkouts(request.order)
    assert found.state is CheckoutState.PROCESSING
    assert outcome.checkout is not None
    assert (await shop.adapter.expire_checkout(outcome.checkout, key=shop.key())).state is CheckoutState.PROCESSING


async def test_another_sum_is_never_asked_of_a_bank(shop: Shop, twin: StripeTwin) -> None:
    for offer in (TEAM, MINUTES):
        request = await shop.cart((offer, 3))
        quote = await shop.adapter.quote_purchase(request)
        with pytest.raises(VendorRejected) as refused:
            await shop.buy(request, quote=replace(quote, due_now=usd(1)))
        assert refused.value.reason is RejectReason.QUOTE_EXPIRED
    assert twin.books.all("charge") == []
    assert {row["status"] for row in twin.books.all("invoice")} == {"void"}


@pytest.mark.parametrize("offer", [TEAM, MINUTES])
async def test_a_customer_who_has_moved(shop: Shop, twin: StripeTwin, offer: str) -> None:
    customer = await shop.customer(address=TOKYO)
    request = replace(await shop.cart((TEAM if offer == TEAM else MINUTES, 3), address=NEW_YORK), customer=customer)
    quote = await shop.adapter.quote_purchase(request)
    assert isinstance(await shop.buy(request, quote=quote), Done)
    assert shop.paid(request.order) == [quote.due_now.minor]
    assert twin.books.tables["customer"][customer]["address"]["state"] == "NY"


async def test_once_for_an_order_whatever_the_key(shop: Shop) -> None:
    request = await shop.cart((TEAM, 3))
    quote = await shop.adapter.quote_purchase(request)
    card = PaymentMethodRef(shop.twin.add_card(request.customer or ""))

    answers = await asyncio.gather(
        *(shop.buy(request, quote=quote, payment_method=card) for _ in range(3)), return_exceptions=True
    )
    done = [answer for answer in answers if isinstance(answer, Done)]
    refused = [answer for answer in answers if isinstance(answer, VendorRejected)]
    assert len(done) >= 1
    assert len(done) + len(refused) == 3
    assert {answer.reason for answer in refused} <= {RejectReason.STALE_STATE}
    assert len(shop.paid(request.order)) == 1


async def test_a_page_and_a_card_for_one_order(shop: Shop) -> None:
    request = await shop.cart((TEAM, 3))
    handoff = await shop.open(request)
    assert isinstance(await shop.buy(request), Done)
    assert (await shop.pay(handoff)).state is CheckoutState.EXPIRED
    assert len(shop.paid(request.order)) == 1
    with pytest.raises(VendorRejected) as refused:
        await shop.open(request)
    assert refused.value.reason is RejectReason.STALE_STATE


async def test_key_reused(shop: Shop) -> None:
    request, key = await shop.cart((TEAM, 3)), shop.key()
    await shop.buy(request, key=key)
    with pytest.raises(KeyReused):
        await shop.buy(replace(request, items=(await shop.cart((TEAM, 4))).items), key=key)


async def test_a_lost_answer_is_read_back_and_repeated(shop: Shop, twin: StripeTwin) -> None:
    request, key = await shop.cart((TEAM, 3)), shop.key()
    quote = await shop.adapter.quote_purchase(request)
    card = twin.add_card(request.customer or "")
    twin.fail("lost_answer", CONFIRM, times=0)
    with pytest.raises(OutcomeUnknown):
        await shop.buy(request, quote=quote, key=key, payment_method=card)
    twin.heal()
    (found,) = await shop.adapter.find_checkouts(request.order)
    assert found.state is CheckoutState.COMPLETE
    shop.days(0, minutes=31)
    assert isinstance(await shop.buy(request, quote=quote, key=key, payment_method=card), Done)
    assert len(shop.paid(request.order)) == 1


@pytest.mark.parametrize("lost", [r"post /v1/invoices/[^/]+/add_lines", r"post /v1/invoices/[^/]+/finalize"])
async def test_lost_before_a_bank_was_asked(shop: Shop, twin: StripeTwin, lost: str) -> None:
    """What was begun is finished by the same key; until then nothing is told of it, because nothing was asked."""
    request, key = await shop.cart((MINUTES, 3)), shop.key()
    quote = await shop.adapter.quote_purchase(request)
    card = twin.add_card(request.customer or "")
    twin.fail("lost_answer", lost, times=0)
    with pytest.raises(OutcomeUnknown):
        await shop.buy(request, quote=quote, key=key, payment_method=card)
    twin.heal()
    assert await shop.adapter.find_checkouts(request.order) == ()
    assert isinstance(await shop.buy(request, quote=quote, key=key, payment_method=card), Done)
    assert len(shop.paid(request.order)) == 1


async def test_a_failure_that_is_kept_for_the_key_charges_once(shop: Shop, twin: StripeTwin) -> None:
    request = await shop.cart((TEAM, 3))
    card = twin.add_card(request.customer or "")
    twin.fail("error_500", CONFIRM)
    assert isinstance(await shop.buy(request, payment_method=card), Done)
    assert len(shop.paid(request.order)) == 1


async def test_a_charge_that_fails_each_time_is_unknown(shop: Shop, twin: StripeTwin) -> None:
    request, key = await shop.cart((TEAM, 3)), shop.key()
    quote = await shop.adapter.quote_purchase(request)
    card = twin.add_card(request.customer or "")
    twin.fail("error_500", CONFIRM, times=0)
    with pytest.raises(OutcomeUnknown):
        await shop.buy(request, quote=quote, key=key, payment_method=card)
    assert shop.paid(request.order) == []


async def test_a_failed_reading_after_the_charge_is_no_failure(shop: Shop, twin: StripeTwin) -> None:
    request = await shop.cart((TEAM, 3))
    quote = await shop.adapter.quote_purchase(request)
    card = twin.add_card(request.customer or "")
    twin.fail("rate_limit", r"get /v1/subscriptions/[^/]+")
    with pytest.raises(OutcomeUnknown):
        await shop.buy(request, quote=quote, payment_method=card)
    assert len(shop.paid(request.order)) == 1


async def test_found_by_order_weeks_later(shop: Shop) -> None:
    plan, packs = await shop.cart((TEAM, 3)), await shop.cart((MINUTES, 3))
    done = [await shop.buy(request) for request in (plan, packs)]
    shop.days(40)
    for request, outcome in zip((plan, packs), done, strict=True):
        assert isinstance(outcome, Done)
        (found,) = await shop.adapter.find_checkouts(request.order)
        assert (found.ref, found.state) == (outcome.checkout, CheckoutState.COMPLETE)


async def test_one_currency_for_a_customers_subscriptions(shop: Shop) -> None:
    await shop.buy(await shop.cart((TEAM, 1)))
    request = replace(await shop.cart((TEAM_EUR, 1)), customer=await shop.customer())
    with pytest.raises(VendorRejected):
        await shop.open(request)


async def test_a_purchase_whose_bank_was_not_asked_is_gone_on_with(shop: Shop, twin: StripeTwin) -> None:
    """The invoice was made and the call ended there: it is no purchase yet, and the same key pays it."""
    request, key = await shop.cart((TEAM, 3)), shop.key()
    quote = await shop.adapter.quote_purchase(request)
    card = twin.add_card(request.customer or "")
    twin.fail("lost_request", r"post /v1/payment_intents/[^/]+/confirm", times=0)
    with pytest.raises(OutcomeUnknown):
        await shop.buy(request, quote=quote, key=key, payment_method=card)
    twin.heal()
    assert [invoice["status"] for invoice in twin.books.all("invoice")] == ["open"]
    assert await shop.adapter.find_checkouts(request.order) == ()
    outcome = await shop.buy(request, quote=quote, key=key, payment_method=card)
    assert isinstance(outcome, Done), outcome
    (found,) = await shop.adapter.find_checkouts(request.order)
    assert found.state is CheckoutState.COMPLETE
    assert shop.paid(request.order) == [quote.due_now.minor]
