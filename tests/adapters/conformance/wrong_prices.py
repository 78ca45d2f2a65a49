"""Adapters that are wrong about prices: quotes, taxes, discounts, what is to come (checks 10 to 13)."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from app.core.money import Money
from app.vendor_adapters.capabilities import Capabilities, Capability
from app.vendor_adapters.conformance import START
from app.vendor_adapters.conformance.offers import NEW_YORK, OREGON
from app.vendor_adapters.embedded import EmbeddedVendor
from app.vendor_adapters.errors import RejectReason, VendorRejected, VendorUnavailable
from app.vendor_adapters.types import (
    AddPack,
    Change,
    ChangeOutcome,
    ChargeRef,
    ChargeSummary,
    CustomerProfile,
    CustomerRef,
    DiscountRef,
    DiscountTerms,
    Handoff,
    IdempotencyKey,
    InvoiceSummary,
    NextCharge,
    OrderId,
    Page,
    PurchaseRequest,
    Quote,
    SetSeats,
    SubscriptionRef,
    TaxIdStatus,
)

CENT = Money(1, "usd")


class CallsAGuessExact(EmbeddedVendor):
    """A rule without a number: previews of changes are not exact, and say that they are."""

    @property
    def capabilities(self) -> Capabilities:
        whole = super().capabilities
        return replace(whole, has=whole.has - {Capability.CHANGE_PREVIEW})


class ForgetsTax(EmbeddedVendor):
    """10: tax is charged, and was not shown."""

    async def quote_purchase(self, request: PurchaseRequest) -> Quote:
        quote = await super().quote_purchase(request)
        return replace(quote, tax=None, due_now=quote.subtotal - quote.discount)

    async def start_checkout(
        self, request: PurchaseRequest, *, quote: Quote, return_to: str, cancel_to: str, key: IdempotencyKey
    ) -> Handoff:
        true = await super().quote_purchase(request)
        return await super().start_checkout(request, quote=true, return_to=return_to, cancel_to=cancel_to, key=key)


class NeverCollectsTax(EmbeddedVendor):
    """10: wherever somebody is, no tax is taken."""

    async def quote_purchase(self, request: PurchaseRequest) -> Quote:
        return await super().quote_purchase(_untaxed(request))

    async def start_checkout(
        self, request: PurchaseRequest, *, quote: Quote, return_to: str, cancel_to: str, key: IdempotencyKey
    ) -> Handoff:
        untaxed = _untaxed(request)
        return await super().start_checkout(untaxed, quote=quote, return_to=return_to, cancel_to=cancel_to, key=key)


class ForgetsTheMove(EmbeddedVendor):
    """10: a customer is found by our id, and left as it was."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.known: dict[str, CustomerRef] = {}

    async def ensure_customer(self, profile: CustomerProfile, *, key: IdempotencyKey) -> CustomerRef:
        if profile.account_id not in self.known:
            self.known[profile.account_id] = await super().ensure_customer(profile, key=key)
        return self.known[profile.account_id]


class BelievesAnyTaxId(EmbeddedVendor):
    """10: what is typed in counts as a tax number."""

    async def quote_purchase(self, request: PurchaseRequest) -> Quote:
        quote = await super().quote_purchase(request)
        if quote.tax is None or request.tax_id is None:
            return quote
        return replace(quote, tax=replace(quote.tax, tax_id_status=TaxIdStatus.VALID))


class QuotesWithoutLines(EmbeddedVendor):
    """10: a sum stands there, and nothing that it is of."""

    async def quote_purchase(self, request: PurchaseRequest) -> Quote:
        return replace(await super().quote_purchase(request), lines=())


class GuessesThePlace(EmbeddedVendor):
    """10: who has not said where they are pays New York's tax."""

    async def quote_purchase(self, request: PurchaseRequest) -> Quote:
        return await super().quote_purchase(replace(request, address=request.address or NEW_YORK))


class ShowsOnePage(EmbeddedVendor):
    """Rule: of the invoices the first page is shown, again and again."""

    async def list_invoices(self, customer: CustomerRef, *, cursor: str = "") -> Page[InvoiceSummary]:
        return await super().list_invoices(customer)


class SellsOldQuotesAnew(EmbeddedVendor):
    """10: a quote that is too old is charged at another price."""

    async def start_checkout(
        self, request: PurchaseRequest, *, quote: Quote, return_to: str, cancel_to: str, key: IdempotencyKey
    ) -> Handoff:
        try:
            return await super().start_checkout(request, quote=quote, return_to=return_to, cancel_to=cancel_to, key=key)
        except VendorRejected as refused:
            if refused.reason is not RejectReason.QUOTE_EXPIRED:
                raise
        now = await super().quote_purchase(request)
        page = await super().start_checkout(request, quote=now, return_to=return_to, cancel_to=cancel_to, key=key)
        return replace(page, total=page.total + CENT)


class MakesAChangesPriceUp(EmbeddedVendor):
    """11: a preview of a change that fails is a price of nothing."""

    async def quote_change(self, ref: SubscriptionRef, *, change: Change, as_of: datetime) -> Quote:
        try:
            return await super().quote_change(ref, change=change, as_of=as_of)
        except VendorUnavailable:
            nothing = Money(0, "usd")
            return Quote(
                lines=(),
                subtotal=nothing,
                discount=nothing,
                tax=None,
                due_now=nothing,
                next_charges=(),
                priced_at=START,
                expires_at=START,
                token="",
            )


class KnowsWholePercentsOnly(EmbeddedVendor):
    """12: 3.33 % is 3 %."""

    async def materialise_discount(self, terms: DiscountTerms, *, key: IdempotencyKey) -> DiscountRef:
        share = None if terms.percent_bp is None else terms.percent_bp // 100 * 100
        return await super().materialise_discount(replace(terms, percent_bp=share), key=key)


class DiscountsForEver(EmbeddedVendor):
    """12, 13: every discount lasts as long as the subscription."""

    async def materialise_discount(self, terms: DiscountTerms, *, key: IdempotencyKey) -> DiscountRef:
        return await super().materialise_discount(replace(terms, periods=None), key=key)


class DiscountsNoChange(EmbeddedVendor):
    """12: a discount on a change is shown nowhere and taken nowhere."""

    async def quote_change(self, ref: SubscriptionRef, *, change: Change, as_of: datetime) -> Quote:
        return await super().quote_change(ref, change=_in_full(change), as_of=as_of)

    async def apply_change(
        self, ref: SubscriptionRef, *, change: Change, quote: Quote, return_to: str, order: OrderId, key: IdempotencyKey
    ) -> ChangeOutcome:
        full = _in_full(change)
        return await super().apply_change(ref, change=full, quote=quote, return_to=return_to, order=order, key=key)


class PromisesLess(EmbeddedVendor):
    """13: what is to come is a cent less than what comes."""

    async def quote_purchase(self, request: PurchaseRequest) -> Quote:
        quote = await super().quote_purchase(request)
        return replace(quote, next_charges=tuple(_less(charge) for charge in quote.next_charges))

    async def quote_change(self, ref: SubscriptionRef, *, change: Change, as_of: datetime) -> Quote:
        quote = await super().quote_change(ref, change=change, as_of=as_of)
        return replace(quote, next_charges=tuple(_less(charge) for charge in quote.next_charges))


def _less(charge: NextCharge) -> NextCharge:
    return replace(charge, subtotal=charge.subtotal - CENT, total=charge.total - CENT if charge.total else None)


def _in_full(change: Change) -> Change:
    return replace(change, discounts=()) if isinstance(change, SetSeats | AddPack) else change


class TotalsWithoutAPlace(EmbeddedVendor):
    """Rule: what is to come is told with its tax, and nobody knows where."""

    async def quote_purchase(self, request: PurchaseRequest) -> Quote:
        quote = await super().quote_purchase(request)
        return replace(
            quote, next_charges=tuple(replace(charge, total=charge.subtotal) for charge in quote.next_charges)
        )


class QuotesYesterdaysPrice(EmbeddedVendor):
    """10: a price says that it is of another day."""

    async def quote_purchase(self, request: PurchaseRequest) -> Quote:
        quote = await super().quote_purchase(request)
        return replace(quote, priced_at=quote.priced_at - timedelta(days=1))


class NumbersNoInvoice(EmbeddedVendor):
    """Rule: invoices have no number."""

    async def list_invoices(self, customer: CustomerRef, *, cursor: str = "") -> Page[InvoiceSummary]:
        page = await super().list_invoices(customer, cursor=cursor)
        return Page(tuple(replace(row, number="") for row in page.rows), page.next_cursor)


class BillsRenewalsToAnOrder(EmbeddedVendor):
    """Rule: a renewal is told as what the first order was for."""

    async def list_invoices(self, customer: CustomerRef, *, cursor: str = "") -> Page[InvoiceSummary]:
        page = await super().list_invoices(customer, cursor=cursor)
        return Page(tuple(replace(row, order=page.rows[-1].order) for row in page.rows), page.next_cursor)


class ChargesRenewalsToAnOrder(EmbeddedVendor):
    """Rule: a renewal's charge names an order."""

    async def get_charge(self, ref: ChargeRef) -> ChargeSummary:
        return replace(await super().get_charge(ref), order=OrderId("ord_1"))


def _untaxed(request: PurchaseRequest) -> PurchaseRequest:
    return replace(request, address=OREGON if request.address else None)
