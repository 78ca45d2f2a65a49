"""Buying something new: payment pages that are opened, found again, closed, and paid once."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from app.core.money import Money
from app.vendor_adapters.capabilities import Capability
from app.vendor_adapters.conformance.buyer import Buyer, new_key, taken
from app.vendor_adapters.conformance.checks.base import Checks
from app.vendor_adapters.conformance.harness import Card, Harness, Payment
from app.vendor_adapters.conformance.offers import MINUTES, NEW_YORK, STORAGE, TEAM
from app.vendor_adapters.conformance.scenario import check
from app.vendor_adapters.errors import RejectReason, VendorRejected
from app.vendor_adapters.types import CheckoutState, CustomerRef, Handoff, PurchaseRequest, Quote, TaxId

_A_MOMENT = timedelta(minutes=1)


class CartChecks(Checks):
    """Carts and their payment pages."""

    @check(14)
    async def test_14_start_and_resume(self, harness: Harness) -> None:
        """A checkout is open with its way back, then complete without one."""
        buyer = await Buyer.arrive(harness)
        request = buyer.request((TEAM, 2))
        handoff = await buyer.open(request)
        waiting = await harness.adapter.get_checkout(handoff.ref)
        assert (waiting.state, waiting.order, waiting.amount_paid.minor) == (CheckoutState.OPEN, request.order, 0)
        assert handoff.url.startswith(harness.adapter.origins)
        assert waiting.url.startswith(harness.adapter.origins)
        assert handoff.expires_at > harness.clock.wall()
        await harness.pay_checkout(waiting.url, Payment.PAID)
        paid = await harness.adapter.get_checkout(handoff.ref)
        assert (paid.state, paid.url, paid.customer) == (CheckoutState.COMPLETE, "", buyer.customer)
        assert await harness.adapter.find_checkouts(request.order) == (paid,)

    @check(14, Capability.EXPIRE_CHECKOUT)
    async def test_14_expire(self, harness: Harness) -> None:
        """A checkout that is closed early is expired; a paid one stays paid."""
        buyer = await Buyer.arrive(harness)
        handoff = await buyer.open(buyer.request((TEAM, 2)))
        closed = await harness.adapter.expire_checkout(handoff.ref, key=new_key("expire_checkout"))
        assert (closed.state, closed.url) == (CheckoutState.EXPIRED, "")
        paid = await buyer.purchase((TEAM, 2))
        late = await harness.adapter.expire_checkout(paid.ref, key=new_key("expire_checkout"))
        assert late.state is CheckoutState.COMPLETE

    @check(14, Capability.TEST_CLOCK)
    async def test_14_lifetime(self, harness: Harness) -> None:
        """A checkout ends by itself after its lifetime."""
        buyer = await Buyer.arrive(harness)
        handoff = await buyer.open(buyer.request((TEAM, 2)))
        lifetime = harness.adapter.capabilities.checkout_lifetime
        assert handoff.expires_at <= harness.clock.wall() + lifetime
        await harness.advance(lifetime + _A_MOMENT)
        assert (await harness.adapter.get_checkout(handoff.ref)).state is CheckoutState.EXPIRED

    @check(15, Capability.EXPIRE_CHECKOUT)
    async def test_15_paid_after_expiry(self, harness: Harness) -> None:
        """Paying a closed page is impossible, or reported as paid."""
        buyer = await Buyer.arrive(harness)
        request = buyer.request((TEAM, 2))
        handoff = await buyer.open(request)
        await harness.adapter.expire_checkout(handoff.ref, key=new_key("expire_checkout"))
        late = await buyer.pay(handoff)
        is_charged = bool(await taken(harness, request.order))
        assert late.state is (CheckoutState.COMPLETE if is_charged else CheckoutState.EXPIRED)
        assert bool(late.amount_paid.minor) is is_charged

    @check(17)
    async def test_17_two_starts_one_live_page(self, harness: Harness) -> None:
        """Two parallel starts of one order give one page that can be paid."""
        buyer = await Buyer.arrive(harness)
        request = buyer.request((TEAM, 2))
        quote = await harness.adapter.quote_purchase(request)
        started = await asyncio.gather(*(_start(buyer, request, quote) for _ in range(2)))
        pages = [handoff for handoff in started if handoff is not None]
        assert pages, "one of the two must succeed"
        found = await harness.adapter.find_checkouts(request.order)
        assert len([one for one in found if one.state is CheckoutState.OPEN]) == 1
        for handoff in pages:
            await harness.pay_checkout(handoff.url, Payment.PAID)
        assert await taken(harness, request.order) == [quote.due_now.minor]

    @check(17)
    async def test_17_another_cart_for_the_same_order(self, harness: Harness) -> None:
        """Another cart for the same order closes the page before, or has to wait."""
        buyer = await Buyer.arrive(harness)
        first = buyer.request((TEAM, 2))
        second = buyer.request((TEAM, 3), order=first.order)
        started = [await _start(buyer, cart, await harness.adapter.quote_purchase(cart)) for cart in (first, second)]
        found = await harness.adapter.find_checkouts(first.order)
        assert len([one for one in found if one.state is CheckoutState.OPEN]) == 1
        for handoff in filter(None, started):
            await harness.pay_checkout(handoff.url, Payment.PAID)
        assert len(await taken(harness, first.order)) == 1

    @check(17)
    async def test_17_an_order_is_paid_once(self, harness: Harness) -> None:
        """An order that is paid cannot be paid again, whatever the key."""
        buyer = await Buyer.arrive(harness)
        request = buyer.request((TEAM, 2))
        quote = await harness.adapter.quote_purchase(request)
        await buyer.pay(await buyer.open(request, quote=quote))
        again = await _start(buyer, request, quote)
        if again is not None:
            await harness.pay_checkout(again.url, Payment.PAID)
        assert await taken(harness, request.order) == [quote.due_now.minor]

    @check(20)
    async def test_20_a_pack_bought_twice_is_two(self, harness: Harness) -> None:
        """A pack bought in two orders is two; pressed twice in one order it is one."""
        buyer = await Buyer.arrive(harness)
        first, second = buyer.request((MINUTES, 1)), buyer.request((MINUTES, 1))
        quote, key = await harness.adapter.quote_purchase(first), new_key("start_checkout")
        for _ in range(2):
            await buyer.pay(await buyer.open(first, quote=quote, key=key))
        await buyer.pay(await buyer.open(second))
        assert [await taken(harness, order) for order in (first.order, second.order)] == [[1_000], [1_000]]

    @check(20, Capability.STORED_CARD_PURCHASE)
    async def test_20_packs_with_a_stored_card(self, harness: Harness) -> None:
        """Packs charged to a stored card: two orders are two, a replay is none."""
        buyer = await Buyer.arrive(harness, card=Card.PAYS)
        first, second = buyer.request((MINUTES, 1)), buyer.request((MINUTES, 1))
        quote, key = await harness.adapter.quote_purchase(first), new_key("buy")
        for _ in range(2):
            await buyer.buy(first, quote=quote, key=key)
        await buyer.buy(second)
        assert [await taken(harness, order) for order in (first.order, second.order)] == [[1_000], [1_000]]

    @check(0)
    async def test_a_customer_that_is_gone(self, harness: Harness) -> None:
        """A page for a customer that the vendor does not know is refused by that name."""
        buyer = await Buyer.arrive(harness)
        request = buyer.request((TEAM, 2))
        quote = await harness.adapter.quote_purchase(request)
        gone = replace(request, customer=CustomerRef(f"{buyer.customer}gone"))
        with pytest.raises(VendorRejected) as refused:
            await buyer.open(gone, quote=quote)
        assert (refused.value.reason, refused.value.field) == (RejectReason.NOT_FOUND, "customer")

    @check(0, Capability.STORED_CARD_PURCHASE)
    async def test_a_customer_that_is_gone_is_not_charged(self, harness: Harness) -> None:
        """A card of a customer that the vendor does not know is refused by that name."""
        buyer = await Buyer.arrive(harness, card=Card.PAYS)
        request = buyer.request((MINUTES, 2))
        quote = await harness.adapter.quote_purchase(request)
        with pytest.raises(VendorRejected) as refused:
            await buyer.buy(replace(request, customer=CustomerRef(f"{buyer.customer}gone")), quote=quote)
        assert (refused.value.reason, refused.value.field) == (RejectReason.NOT_FOUND, "customer")
        assert await taken(harness, request.order) == []

    @check(0)
    async def test_a_quote_is_of_its_own_request(self, harness: Harness) -> None:
        """A quote opens no page for another address, tax id, discount or number."""
        buyer = await Buyer.arrive(harness)
        request = buyer.request((TEAM, 2))
        quote = await harness.adapter.quote_purchase(request)
        others = [
            replace(request, address=NEW_YORK),
            replace(request, tax_id=TaxId(kind="eu_vat", value="DE123456789")),
        ]
        others.append(buyer.request((TEAM, 3), order=request.order))
        if Capability.DISCOUNTS in harness.adapter.capabilities:
            others.append(replace(request, discounts=(await buyer.discount(TEAM, percent_bp=1_000),)))
        for other in others:
            with pytest.raises(VendorRejected) as refused:
                await buyer.open(other, quote=quote)
            assert refused.value.reason is RejectReason.QUOTE_EXPIRED
        assert await harness.adapter.find_checkouts(request.order) == ()

    @check(0, Capability.TEST_CLOCK)
    async def test_checkouts_are_found_oldest_first(self, harness: Harness) -> None:
        """All checkouts of an order are found, oldest first."""
        buyer = await Buyer.arrive(harness)
        request = buyer.request((TEAM, 2))
        first = await buyer.open(request)
        await harness.advance(harness.adapter.capabilities.checkout_lifetime + _A_MOMENT)
        second = await buyer.open(request)
        found = await harness.adapter.find_checkouts(request.order)
        assert [one.ref for one in found] == [first.ref, second.ref]

    @check(0)
    async def test_what_cannot_be_sold_says_why(self, harness: Harness) -> None:
        """Another currency, and none of something, are refused by that reason."""
        buyer = await Buyer.arrive(harness)
        for request, reason in (
            (replace(buyer.request((TEAM, 2)), currency="jpy"), RejectReason.CURRENCY),
            (buyer.request((TEAM, 0)), RejectReason.OTHER),
        ):
            with pytest.raises(VendorRejected) as refused:
                await harness.adapter.quote_purchase(request)
            assert refused.value.reason is reason

    @check(0, Capability.MIXED_CART)
    async def test_a_plan_and_packs_in_one_cart(self, harness: Harness) -> None:
        """A plan and packs are paid at once, and renew without the one-off ones."""
        buyer = await Buyer.arrive(harness)
        request = buyer.request((TEAM, 2), (STORAGE, 1), (MINUTES, 5))
        quote = await harness.adapter.quote_purchase(request)
        paid = await buyer.pay(await buyer.open(request, quote=quote))
        assert paid.amount_paid == Money(2 * 34_800 + 6_000 + 5_000, "usd")
        assert quote.next_charges[0].subtotal == Money(2 * 34_800 + 6_000, "usd")
        assert paid.subscription is not None
        assert [pack.offer for pack in (await harness.adapter.get_subscription(paid.subscription)).packs] == [STORAGE]


async def _start(buyer: Buyer, request: PurchaseRequest, quote: Quote) -> Handoff | None:
    """Open the page; None when the adapter refuses because another one is being opened."""
    try:
        return await buyer.open(request, quote=quote)
    except VendorRejected as refused:
        if refused.reason is not RejectReason.STALE_STATE:
            raise
        return None
