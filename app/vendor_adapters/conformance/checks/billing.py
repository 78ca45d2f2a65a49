"""The customer, the invoices, the cards, and money given back."""

import pytest

from app.core.money import Money
from app.vendor_adapters.capabilities import Capability
from app.vendor_adapters.conformance.buyer import Buyer, new_key, renamed, to_day
from app.vendor_adapters.conformance.checks.base import Checks
from app.vendor_adapters.conformance.harness import Card, Harness
from app.vendor_adapters.conformance.offers import MINUTES, TEAM
from app.vendor_adapters.conformance.scenario import check
from app.vendor_adapters.errors import RejectReason, VendorRejected
from app.vendor_adapters.types import CustomerRef, Done, InvoiceRef, InvoiceStatus, LineKind, PortalPurpose

_MORE_THAN_A_PAGE = 25
_UNSAID = [None, None]
"""What was given back, where the vendor does not say."""


class BillingChecks(Checks):
    """Customers, invoices, stored cards, refunds, the vendor's own pages."""

    @check(8)
    async def test_08_customer_found_by_our_id(self, harness: Harness) -> None:
        """A customer is found by our account id, whatever the key and the name."""
        buyer = await Buyer.arrive(harness)
        again = await harness.adapter.ensure_customer(renamed(buyer.profile), key=new_key("ensure_customer"))
        other = await Buyer.arrive(harness)
        assert again == buyer.customer
        assert other.customer != buyer.customer

    @check(0)
    async def test_invoices_are_listed_newest_first(self, harness: Harness) -> None:
        """Invoices are listed newest first, with lines that sum to their totals."""
        buyer = await Buyer.arrive(harness)
        await buyer.purchase((MINUTES, 1))
        await buyer.purchase((TEAM, 2))
        invoices = await buyer.invoices()
        assert [invoice.total.minor for invoice in invoices] == [69_600, 1_000]
        for invoice in invoices:
            lines = [line.amount.minor for line in invoice.lines if line.kind is not LineKind.DISCOUNT]
            assert sum(lines) == invoice.subtotal.minor
            assert invoice.subtotal - invoice.discount + invoice.tax == invoice.total
            assert (invoice.status, invoice.amount_paid) == (InvoiceStatus.PAID, invoice.total)
            assert invoice.amount_due.is_zero
            assert invoice.number, "an invoice has a number"
            assert await harness.adapter.get_invoice(invoice.ref) == invoice

    @check(0)
    async def test_invoices_beyond_a_page(self, harness: Harness) -> None:
        """Every invoice stands on one page of the list, newest first."""
        buyer = await Buyer.arrive(harness)
        for packs in range(1, _MORE_THAN_A_PAGE + 1):
            await buyer.purchase((MINUTES, packs))
        sums = [invoice.total.minor for invoice in await buyer.invoices()]
        assert sums == [1_000 * packs for packs in range(_MORE_THAN_A_PAGE, 0, -1)]

    @check(0)
    async def test_invoices_of_others_are_not_listed(self, harness: Harness) -> None:
        """A customer sees no invoice of another one."""
        await (await Buyer.arrive(harness)).purchase((MINUTES, 1))
        assert await (await Buyer.arrive(harness)).invoices() == ()

    @check(0, Capability.INVOICE_DOCUMENTS)
    async def test_invoices_have_a_document(self, harness: Harness) -> None:
        """An invoice has a document."""
        buyer = await Buyer.arrive(harness)
        await buyer.purchase((MINUTES, 1))
        assert (await buyer.invoices())[0].document_url.startswith(("http://", "https://"))

    @check(0)
    async def test_unknown_invoice(self, harness: Harness) -> None:
        """An unknown invoice is not found."""
        with pytest.raises(VendorRejected) as refused:
            await harness.adapter.get_invoice(InvoiceRef("in_unknown"))
        assert refused.value.reason is RejectReason.NOT_FOUND

    @check(0, Capability.STORED_CARD_PURCHASE)
    async def test_the_default_card_comes_first(self, harness: Harness) -> None:
        """Stored cards are listed with the default first."""
        buyer = await Buyer.arrive(harness, card=Card.PAYS)
        await harness.given_card(buyer.customer, Card.DECLINED)
        default, other = await harness.adapter.payment_methods(buyer.customer)
        assert (default.is_default, other.is_default) == (True, False)
        assert len(other.last4) == len(default.last4) == 4
        await harness.adapter.set_default_payment_method(
            buyer.customer, ref=other.ref, key=new_key("set_default_payment_method")
        )
        assert await buyer.card() == other.ref

    @check(0, Capability.STORED_CARD_PURCHASE)
    async def test_a_card_is_known_again(self, harness: Harness) -> None:
        """A card has one fingerprint whoever has it, another card another; or none."""
        ann, bob, cleo = [await Buyer.arrive(harness, card=card) for card in (Card.PAYS, Card.PAYS, Card.DECLINED)]
        cards = [(await harness.adapter.payment_methods(buyer.customer))[0] for buyer in (ann, bob, cleo)]
        same, again, other = [card.fingerprint for card in cards]
        assert same == again
        assert other != same or not same
        assert not any(f"fingerprint={same!r}" in repr(card) for card in cards), "it is never logged"
        request = ann.request((MINUTES, 1))
        assert isinstance(await ann.buy(request), Done)
        (bought,) = await harness.adapter.find_checkouts(request.order)
        assert bought.card_fingerprint == same

    @check(0, Capability.REFUNDS)
    async def test_a_charge_says_what_became_of_it(self, harness: Harness) -> None:
        """A charge names its order and says how much of it was given back."""
        buyer = await Buyer.arrive(harness)
        bought = await buyer.purchase((TEAM, 2))
        charge = bought.charge
        assert charge is not None
        before = await harness.adapter.get_charge(charge)
        await harness.adapter.refund(charge, amount=Money(60_000, "usd"), reason="kit", key=new_key("refund"))
        part = await harness.adapter.get_charge(charge)
        await harness.adapter.refund(charge, amount=Money(9_600, "usd"), reason="kit", key=new_key("refund"))
        whole = await harness.adapter.get_charge(charge)
        assert (before.order, before.subscription) == (bought.order, bought.subscription)
        assert (before.invoice, before.amount) == (bought.invoice, Money(69_600, "usd"))
        assert [each.refunded.minor for each in (before, part, whole)] == [0, 60_000, 69_600]
        assert [each.is_returned for each in (before, part, whole)] == [False, False, True]

    @check(0, Capability.REFUNDS)
    async def test_a_checkout_says_what_was_given_back(self, harness: Harness) -> None:
        """A checkout says how much was given back, or that it cannot say."""
        bought = await (await Buyer.arrive(harness)).purchase((TEAM, 2))
        assert bought.charge is not None
        await harness.adapter.refund(bought.charge, amount=Money(60_000, "usd"), reason="kit", key=new_key("refund"))
        after = await harness.adapter.get_checkout(bought.ref)
        assert after.amount_paid == bought.amount_paid
        assert [bought.amount_refunded, after.amount_refunded] in (_UNSAID, [Money(0, "usd"), Money(60_000, "usd")])

    @check(0, Capability.TEST_CLOCK)
    async def test_a_renewal_is_of_no_order(self, harness: Harness) -> None:
        """A renewal's invoice and charge name its subscription and no order."""
        buyer = await Buyer.arrive(harness)
        subscription = await buyer.subscribe()
        await to_day(harness, 366)
        renewal, first = await buyer.invoices()
        assert (renewal.order, first.order) == ("", subscription.order)
        assert (renewal.subscription, first.subscription) == (subscription.ref, subscription.ref)
        if Capability.REFUNDS in harness.adapter.capabilities:
            charge = await harness.adapter.get_charge((await harness.charges())[-1].ref)
            assert (charge.order, charge.subscription, charge.invoice) == ("", subscription.ref, renewal.ref)

    @check(0, Capability.REFUNDS)
    async def test_no_more_is_refunded_than_was_paid(self, harness: Harness) -> None:
        """Parts of a charge can be refunded until nothing is left of it, and no more."""
        buyer = await Buyer.arrive(harness)
        charge = (await buyer.purchase((MINUTES, 5))).charge
        assert charge is not None
        for minor in (2_000, 3_000):
            await harness.adapter.refund(charge, amount=Money(minor, "usd"), reason="kit", key=new_key("refund"))
        with pytest.raises(VendorRejected):
            await harness.adapter.refund(charge, amount=Money(1, "usd"), reason="kit", key=new_key("refund"))
        assert [one.refunded for one in await harness.charges()] == [Money(5_000, "usd")]

    @check(0, Capability.PORTAL_PAYMENT_METHODS)
    async def test_page_for_cards(self, harness: Harness) -> None:
        """The vendor has its own page for cards."""
        await self._has_page(harness, PortalPurpose.PAYMENT_METHODS)

    @check(0, Capability.PORTAL_INVOICES)
    async def test_page_for_invoices(self, harness: Harness) -> None:
        """The vendor has its own page for invoices."""
        await self._has_page(harness, PortalPurpose.INVOICES)

    async def _has_page(self, harness: Harness, purpose: PortalPurpose) -> None:
        buyer = await Buyer.arrive(harness)
        page = await harness.adapter.portal_page(buyer.customer, purpose=purpose, return_to=harness.return_to)
        assert page.startswith(harness.adapter.origins)
        with pytest.raises(VendorRejected) as refused:
            await harness.adapter.portal_page(CustomerRef("cus_unknown"), purpose=purpose, return_to=harness.return_to)
        assert refused.value.reason is RejectReason.NOT_FOUND
