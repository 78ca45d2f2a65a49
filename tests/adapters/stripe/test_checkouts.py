"""The hosted page: for exactly what was quoted, once for an order, and found again."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from app.vendor_adapters.errors import KeyReused, OutcomeUnknown, RejectReason, VendorRejected, VendorUnavailable
from app.vendor_adapters.types import CheckoutRef, CheckoutState, CustomerRef, InvoiceStatus, OrderId
from tests.adapters.stripe.shop import (
    CANCEL_TO,
    MINUTES,
    PARIS,
    RETURN_TO,
    TEAM,
    TEAM_EUR,
    TOKYO,
    Shop,
    usd,
    vat,
)
from tests.stripe_twin.twin import CHALLENGES, DECLINES, StripeTwin

SESSIONS = "post /v1/checkout/sessions"


async def test_what_is_asked_for(shop: Shop, twin: StripeTwin) -> None:
    request = await shop.cart((TEAM, 10), (MINUTES, 2))
    handoff = await shop.open(request)
    session = twin.books.tables["checkout.session"][handoff.ref]
    asked = session["_params"]
    assert handoff.total == usd(380_000 - 30_000 + (350_000 * 8_875 + 50_000) // 100_000)
    assert asked["metadata"]["kassa_order"] == asked["subscription_data"]["metadata"]["kassa_order"] == request.order
    assert asked["subscription_data"]["metadata"]["kassa_subject"] == "group:acme"
    assert (asked["success_url"], asked["cancel_url"]) == (RETURN_TO, CANCEL_TO)
    assert asked["adaptive_pricing"] == {"enabled": "false"}
    assert asked["allowed_payment_method_types"] == ["card"]


async def test_paid(shop: Shop) -> None:
    request = await shop.cart((TEAM, 10))
    quote = await shop.adapter.quote_purchase(request)
    paid = await shop.pay(await shop.open(request, quote))
    assert paid.state is CheckoutState.COMPLETE
    assert paid.amount_paid == paid.total == quote.due_now == usd(378_885)
    assert shop.paid(request.order) == [378_885]
    assert paid.subscription is not None
    bought = await shop.adapter.get_subscription(paid.subscription)
    assert (bought.offer, bought.seats, bought.subject, bought.order) == (TEAM, 10, "group:acme", request.order)
    assert paid.invoice is not None
    invoice = await shop.adapter.get_invoice(paid.invoice)
    assert (invoice.status, invoice.total, invoice.order) == (InvoiceStatus.PAID, quote.due_now, request.order)
    assert invoice.document_url


async def test_one_request_opens_a_page(shop: Shop, twin: StripeTwin) -> None:
    request = await shop.cart((TEAM, 10))
    quote = await shop.adapter.quote_purchase(request)
    twin.network.sent.clear()
    await shop.open(request, quote)
    assert twin.network.sent == [SESSIONS]


async def test_packs_keep_the_card(shop: Shop) -> None:
    request = await shop.cart((MINUTES, 3))
    paid = await shop.pay(await shop.open(request))
    assert (paid.subscription, paid.amount_paid) == (None, usd(3_266))
    assert request.customer is not None
    (card,) = await shop.adapter.payment_methods(request.customer)
    assert (card.brand, card.last4, card.is_default) == ("Visa", "4242", True)


async def test_declined_on_the_page_of_packs_is_told(shop: Shop) -> None:
    handoff = await shop.open(await shop.cart((MINUTES, 3)))
    declined = await shop.pay(handoff, DECLINES)
    assert (declined.state, [decline.reason.value for decline in declined.declines]) == (
        CheckoutState.OPEN,
        ["declined"],
    )
    assert (await shop.pay(handoff)).state is CheckoutState.COMPLETE


async def test_the_banks_check_passed_and_failed(shop: Shop) -> None:
    handoff = await shop.open(await shop.cart((TEAM, 3)))
    assert (await shop.pay(handoff, CHALLENGES, answer="fail")).state is CheckoutState.OPEN
    assert (await shop.pay(handoff, CHALLENGES)).state is CheckoutState.COMPLETE


async def test_a_page_for_another_sum_is_closed(shop: Shop, twin: StripeTwin) -> None:
    request = await shop.cart((TEAM, 10))
    quote = await shop.adapter.quote_purchase(request)
    with pytest.raises(VendorRejected) as refused:
        await shop.open(request, replace(quote, due_now=usd(1)))
    assert refused.value.reason is RejectReason.QUOTE_EXPIRED
    assert [row["status"] for row in twin.books.all("checkout.session")] == ["expired"]


async def test_what_was_retired_or_revoked_since_is_an_expired_quote(shop: Shop, twin: StripeTwin) -> None:
    discount = await shop.discount(TEAM, percent_bp=1_000)
    request = await shop.cart((TEAM, 10), discounts=(discount,))
    quote = await shop.adapter.quote_purchase(request)
    await shop.adapter.revoke_discount(discount, key=shop.key())
    plain = await shop.cart((TEAM, 10))
    quote_of_plain = await shop.adapter.quote_purchase(plain)
    for price in twin.books.tables["price"].values():
        price["active"] = False
    for asked, shown in ((request, quote), (plain, quote_of_plain)):
        with pytest.raises(VendorRejected) as refused:
            await shop.open(asked, shown)
        assert refused.value.reason is RejectReason.QUOTE_EXPIRED


async def test_a_quote_of_something_else_or_of_nobody(shop: Shop) -> None:
    request = await shop.cart((TEAM, 10))
    quote = await shop.adapter.quote_purchase(await shop.cart((TEAM, 11)))
    for token in (quote.token, "", "x.y", quote.token[:-1] + "0", "é"):
        with pytest.raises(VendorRejected) as refused:
            await shop.open(request, replace(quote, token=token))
        assert refused.value.reason is RejectReason.QUOTE_EXPIRED


async def test_an_old_quote(shop: Shop) -> None:
    request = await shop.cart((TEAM, 10))
    quote, key = await shop.adapter.quote_purchase(request), shop.key()
    opened = await shop.open(request, quote, key)
    shop.days(0, minutes=31)
    assert (await shop.open(request, quote, key)).ref == opened.ref
    with pytest.raises(VendorRejected) as refused:
        await shop.open(request, quote)
    assert refused.value.reason is RejectReason.QUOTE_EXPIRED


async def test_a_customer_who_has_moved_is_taxed_where_the_quote_was(shop: Shop, twin: StripeTwin) -> None:
    customer = await shop.customer(currency="eur", address=TOKYO)
    request = replace(await shop.cart((TEAM_EUR, 5), address=PARIS, tax_id=vat("FR40303265045")), customer=customer)
    quote = await shop.adapter.quote_purchase(request)
    handoff = await shop.open(request, quote)
    assert handoff.total == quote.due_now
    held = twin.books.tables["customer"][customer]
    assert held["address"]["country"] == "FR"
    assert [row["value"] for row in twin.books.all("tax_id", customer=customer)] == ["FR40303265045"]
    assert [row["status"] for row in twin.books.all("checkout.session")] == ["open", "expired"]


async def test_a_refused_number_does_not_stop_an_order(shop: Shop, twin: StripeTwin) -> None:
    request = await shop.cart((TEAM_EUR, 5), address=PARIS, tax_id=vat("NL004495445B01"))
    paid = await shop.pay(await shop.open(request))
    assert (paid.state, paid.amount_paid.minor) == (CheckoutState.COMPLETE, 192_780)
    assert len(twin.books.all("checkout.session")) == 1


async def test_same_order_other_keys_one_page(shop: Shop) -> None:
    request = await shop.cart((TEAM, 10))
    quote = await shop.adapter.quote_purchase(request)
    pages = await asyncio.gather(*(shop.open(request, quote) for _ in range(3)))
    assert len({page.ref for page in pages}) == 1


async def test_another_cart_for_the_order_closes_the_page_before(shop: Shop) -> None:
    request = await shop.cart((TEAM, 10))
    first = await shop.open(request)
    second = await shop.open(replace(request, items=(await shop.cart((TEAM, 11))).items))
    assert (await shop.adapter.get_checkout(first.ref)).state is CheckoutState.EXPIRED
    assert (await shop.adapter.get_checkout(second.ref)).state is CheckoutState.OPEN
    assert {found.ref for found in await shop.adapter.find_checkouts(request.order)} == {first.ref, second.ref}


async def test_a_new_page_after_one_that_was_closed(shop: Shop) -> None:
    request = await shop.cart((TEAM, 10))
    quote = await shop.adapter.quote_purchase(request)
    first = await shop.open(request, quote)
    await shop.adapter.expire_checkout(first.ref, key=shop.key())
    again = await asyncio.gather(*(shop.open(request, quote) for _ in range(2)))
    assert {page.ref for page in again} & {first.ref} == set()
    assert len({page.ref for page in again}) == 1


async def test_an_order_that_is_paid_has_no_other_page(shop: Shop) -> None:
    request = await shop.cart((TEAM, 10))
    await shop.pay(await shop.open(request))
    with pytest.raises(VendorRejected) as refused:
        await shop.open(request)
    assert refused.value.reason is RejectReason.STALE_STATE


async def test_key_reused(shop: Shop) -> None:
    request, key = await shop.cart((TEAM, 10)), shop.key()
    await shop.open(request, key=key)
    with pytest.raises(KeyReused):
        await shop.open(replace(request, items=(await shop.cart((TEAM, 11))).items), key=key)


async def test_an_answer_that_was_lost_is_read_back(shop: Shop, twin: StripeTwin) -> None:
    request, key = await shop.cart((TEAM, 10)), shop.key()
    quote = await shop.adapter.quote_purchase(request)
    twin.fail("lost_answer", SESSIONS, times=0)
    with pytest.raises(OutcomeUnknown):
        await shop.open(request, quote, key)
    twin.heal()
    (found,) = await shop.adapter.find_checkouts(request.order)
    assert (found.state, (await shop.open(request, quote, key)).ref) == (CheckoutState.OPEN, found.ref)


async def test_a_failure_that_is_kept_for_the_key_is_overcome_under_another_one(shop: Shop, twin: StripeTwin) -> None:
    request, key = await shop.cart((TEAM, 10)), shop.key()
    quote = await shop.adapter.quote_purchase(request)
    twin.fail("error_500", SESSIONS)
    handoff = await shop.open(request, quote, key)
    assert handoff.total == quote.due_now
    assert [found.ref for found in await shop.adapter.find_checkouts(request.order)] == [handoff.ref]
    assert (await shop.open(request, quote, key)).ref == handoff.ref


async def test_a_vendor_that_fails_each_time_leaves_no_page(shop: Shop, twin: StripeTwin) -> None:
    request, key = await shop.cart((TEAM, 10)), shop.key()
    quote = await shop.adapter.quote_purchase(request)
    twin.fail("error_500", SESSIONS, times=0)
    with pytest.raises(VendorUnavailable):
        await shop.open(request, quote, key)
    twin.heal()
    assert await shop.adapter.find_checkouts(request.order) == ()


async def test_never_connected_is_no_unknown_outcome(shop: Shop, twin: StripeTwin) -> None:
    request = await shop.cart((TEAM, 10))
    quote = await shop.adapter.quote_purchase(request)
    twin.fail("refused", SESSIONS, times=0)
    with pytest.raises(VendorUnavailable):
        await shop.open(request, quote)


async def test_paid_after_it_was_closed(shop: Shop) -> None:
    request = await shop.cart((TEAM, 10))
    handoff = await shop.open(request)
    closed = await shop.adapter.expire_checkout(handoff.ref, key=shop.key())
    assert closed.state is CheckoutState.EXPIRED
    assert (await shop.pay(handoff)).state is CheckoutState.EXPIRED
    assert shop.paid(request.order) == []


async def test_closing_what_is_paid_leaves_it(shop: Shop) -> None:
    paid = await shop.purchase((TEAM, 1))
    assert (await shop.adapter.expire_checkout(paid.ref, key=shop.key())) == paid


async def test_found_by_order_weeks_later(shop: Shop) -> None:
    """The list of the last day has nothing any more: search leads to the pages of plans and of packs."""
    plan, packs = await shop.cart((TEAM, 3)), await shop.cart((MINUTES, 3))
    paid = [await shop.pay(await shop.open(request)) for request in (plan, packs)]
    shop.days(40)
    for request, expected in zip((plan, packs), paid, strict=True):
        assert await shop.adapter.find_checkouts(request.order) == (expected,)
    assert await shop.adapter.find_checkouts(OrderId("O-NOBODY")) == ()


async def test_what_is_not_there(shop: Shop) -> None:
    request = await shop.cart((TEAM, 1))
    quote = await shop.adapter.quote_purchase(request)
    for ref in ("cs_test_nothing", "in_nothing"):
        with pytest.raises(VendorRejected) as refused:
            await shop.adapter.get_checkout(CheckoutRef(ref))
        assert refused.value.reason is RejectReason.NOT_FOUND
        with pytest.raises(VendorRejected):
            await shop.adapter.expire_checkout(CheckoutRef(ref), key=shop.key())
    with pytest.raises(VendorRejected) as refused:
        await shop.open(replace(request, customer=CustomerRef("cus_deleted")), quote)
    assert refused.value.reason is RejectReason.NOT_FOUND


async def test_what_nobody_can_pay_for_yet(shop: Shop) -> None:
    request = await shop.cart((TEAM, 1))
    quote = await shop.adapter.quote_purchase(request)
    for asked in (
        replace(request, order=OrderId("")),
        replace(request, customer=None),
        replace(request, address=None),
    ):
        with pytest.raises(VendorRejected):
            await shop.open(asked, quote)


async def test_a_lifetime_of_a_day(shop: Shop, twin: StripeTwin) -> None:
    handoff = await shop.open(await shop.cart((TEAM, 1)))
    assert handoff.expires_at - twin.clock.wall() == shop.adapter.capabilities.checkout_lifetime == timedelta(days=1)
    shop.days(1)
    assert (await shop.adapter.get_checkout(handoff.ref)).state is CheckoutState.EXPIRED
