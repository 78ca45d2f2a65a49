"""Prices that are shown: what is charged is what was shown, to the minor unit."""

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest

from app.core.money import Money, total, zero
from app.vendor_adapters.capabilities import Capability
from app.vendor_adapters.conformance.buyer import Buyer, new_key, new_order, taken, to_day
from app.vendor_adapters.conformance.checks.base import Checks
from app.vendor_adapters.conformance.harness import Facility, Fault, Harness
from app.vendor_adapters.conformance.offers import MINUTES, NEW_YORK, NEW_YORK_PPM, OREGON, TEAM
from app.vendor_adapters.conformance.scenario import check
from app.vendor_adapters.errors import RejectReason, VendorRejected, VendorUnavailable
from app.vendor_adapters.types import (
    Done,
    InvoiceStatus,
    LineKind,
    PurchaseRequest,
    Quote,
    SetSeats,
    TaxId,
    TaxIdStatus,
)

_A_MOMENT = timedelta(minutes=1)


class PriceChecks(Checks):
    """Quotes of purchases."""

    @check(10)
    async def test_10_preview_equals_charge(self, harness: Harness) -> None:
        """The preview of a purchase equals its charge and its invoice."""
        buyer = await Buyer.arrive(harness)
        request = buyer.request((TEAM, 7))
        quote = await harness.adapter.quote_purchase(request)
        handoff = await buyer.open(request, quote=quote)
        paid = await buyer.pay(handoff)
        assert handoff.total == paid.total == paid.amount_paid == quote.due_now
        assert await taken(harness, request.order) == [quote.due_now.minor]
        assert paid.invoice is not None
        invoice = await harness.adapter.get_invoice(paid.invoice)
        assert (invoice.status, invoice.total, invoice.order) == (InvoiceStatus.PAID, quote.due_now, request.order)
        assert quote.due_now == Money(7 * 34_800, "usd")

    @check(10)
    async def test_10_a_quote_adds_up(self, harness: Harness) -> None:
        """A quote's lines sum to its subtotal, and that to what is due."""
        buyer = await Buyer.arrive(harness)
        for offer, quantity in ((TEAM, 7), (MINUTES, 3)):
            quote = await harness.adapter.quote_purchase(buyer.request((offer, quantity)))
            assert_adds_up(quote)
            assert abs(quote.priced_at - harness.clock.now()) <= _A_MOMENT, "it is the price of now"

    @check(10, Capability.TAX_PREVIEW)
    async def test_10_tax_is_known_before_paying(self, harness: Harness) -> None:
        """Tax is previewed and charged, and absent while the place is unknown."""
        buyer = await Buyer.arrive(harness, place=NEW_YORK)
        request = buyer.request((TEAM, 10))
        quote = await harness.adapter.quote_purchase(request)
        paid = await buyer.pay(await buyer.open(request, quote=quote))
        nowhere = await harness.adapter.quote_purchase(replace(request, address=None))
        assert nowhere.tax is None
        assert quote.tax is not None
        assert quote.tax.amount == _taxed(348_000)
        assert paid.amount_paid == quote.due_now == quote.subtotal + quote.tax.amount

    @check(10, Capability.TAX_PREVIEW)
    async def test_10_a_tax_id_that_is_none(self, harness: Harness) -> None:
        """A tax id that is none fails no quote, is never VALID, and saves no tax."""
        buyer = await Buyer.arrive(harness, place=NEW_YORK)
        request = replace(buyer.request((TEAM, 10)), tax_id=TaxId(kind="eu_vat", value="NONSENSE"))
        quote = await harness.adapter.quote_purchase(request)
        assert quote.tax is not None
        assert quote.tax.tax_id_status in (TaxIdStatus.REFUSED, TaxIdStatus.PENDING)
        assert quote.tax.amount == _taxed(348_000)
        assert (await buyer.pay(await buyer.open(request, quote=quote))).amount_paid == quote.due_now

    @check(10, Capability.TAX_PREVIEW, Capability.CHANGES, Capability.CHANGE_PREVIEW, Capability.TEST_CLOCK)
    async def test_10_tax_follows_the_customer(self, harness: Harness) -> None:
        """Changes and renewals are taxed where the customer is by now."""
        buyer = await Buyer.arrive(harness, place=OREGON)
        subscription = await buyer.subscribe()
        moved = replace(buyer.profile, address=NEW_YORK)
        await harness.adapter.ensure_customer(moved, key=new_key("ensure_customer"))
        change, order = SetSeats(base=10, seats=13), new_order()
        quote = await buyer.quote_change(subscription.ref, change)
        assert quote.tax is not None
        assert quote.tax.amount == _taxed(quote.subtotal.minor)
        assert isinstance(await buyer.change(subscription.ref, change, quote=quote, order=order), Done)
        assert await taken(harness, order) == [quote.due_now.minor]
        await to_day(harness, 366)
        renewal = (await buyer.invoices())[0]
        assert (renewal.subtotal.minor, renewal.tax) == (452_400, _taxed(452_400))

    @check(0)
    async def test_no_tax_is_promised_for_an_unknown_place(self, harness: Harness) -> None:
        """While the place is unknown, neither tax nor the next charge's total is told."""
        request = replace((await Buyer.arrive(harness)).request((TEAM, 7)), address=None)
        quote = await harness.adapter.quote_purchase(request)
        assert quote.tax is None
        assert quote.next_charges, "a subscription renews"
        assert {(charge.tax, charge.total) for charge in quote.next_charges} == {(None, None)}

    @check(10, Capability.TEST_CLOCK)
    async def test_10_an_old_quote_is_honoured_or_refused(self, harness: Harness) -> None:
        """A quote that is too old is honoured to the cent, or refused as expired."""
        buyer = await Buyer.arrive(harness)
        request = buyer.request((TEAM, 7))
        quote = await harness.adapter.quote_purchase(request)
        await harness.advance(quote.expires_at - harness.clock.now() + _A_MOMENT)
        assert await _asked(buyer, request, quote) in (quote.due_now, RejectReason.QUOTE_EXPIRED)

    @check(11, Facility.FAULTS)
    async def test_11_a_failed_preview_surfaces(self, harness: Harness) -> None:
        """A failed preview is an error and never a price."""
        buyer = await Buyer.arrive(harness)
        async with harness.fault("quote_purchase", Fault.BROKEN):
            with pytest.raises(VendorUnavailable):
                await harness.adapter.quote_purchase(buyer.request((TEAM, 7)))

    @check(13, Capability.TEST_CLOCK)
    async def test_13_next_charge_is_what_is_invoiced(self, harness: Harness) -> None:
        """The next charge of a quote is what the renewal invoices."""
        buyer = await Buyer.arrive(harness)
        request = buyer.request((TEAM, 7))
        quote = await harness.adapter.quote_purchase(request)
        await buyer.pay(await buyer.open(request, quote=quote))
        assert quote.next_charges, "a subscription renews"
        first = quote.next_charges[0]
        await harness.advance(first.at - harness.clock.now() + timedelta(days=1))
        invoices = await buyer.invoices()
        assert [invoice.total for invoice in invoices] == [first.total or first.subtotal, quote.due_now]
        assert {invoice.status for invoice in invoices} == {InvoiceStatus.PAID}


def assert_adds_up(quote: Quote) -> None:
    """Compare a quote's sums with its lines, and its instants."""
    lines = [line.amount for line in quote.lines if line.kind is not LineKind.DISCOUNT]
    tax = quote.tax.amount if quote.tax else zero(quote.subtotal.currency)
    assert total(lines, quote.subtotal.currency) == quote.subtotal
    assert quote.due_now == quote.subtotal - quote.discount + tax
    assert min(quote.due_now.minor, quote.discount.minor) >= 0
    assert quote.expires_at > quote.priced_at


def _taxed(minor: int) -> Money:
    """Return New York's tax on so many cents."""
    return Money(minor, "usd").share(Fraction(NEW_YORK_PPM, 1_000_000))


async def _asked(buyer: Buyer, request: PurchaseRequest, quote: Quote) -> Money | RejectReason:
    """Return what the payment page asks for, or why there is none."""
    try:
        return (await buyer.open(request, quote=quote)).total
    except VendorRejected as refused:
        return refused.reason
