"""An adapter without a single capability, written from docs/writing-an-adapter.md."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TypeVar

from app.catalog.model import Catalog, PriceRow
from app.core.clock import Clock
from app.core.ids import new_id
from app.core.money import Money
from app.vendor_adapters.capabilities import Capabilities, Capability, Grain
from app.vendor_adapters.errors import NotSupported, RejectReason
from app.vendor_adapters.types import (
    CatalogStep,
    Change,
    ChangeOutcome,
    ChargeRef,
    ChargeSummary,
    CheckoutRef,
    CheckoutSnapshot,
    CustomerProfile,
    CustomerRef,
    DiscountRef,
    DiscountTerms,
    Handoff,
    IdempotencyKey,
    InvoiceRef,
    InvoiceSummary,
    Notification,
    Offer,
    OfferKey,
    OrderId,
    Page,
    PaymentMethodRef,
    PaymentMethodSummary,
    PortalPurpose,
    PurchaseRequest,
    Quote,
    RefundRef,
    RenewalDecision,
    SetupFault,
    SubscriptionRef,
    SubscriptionSnapshot,
)
from tests.adapters.minimal import notifications, translate
from tests.adapters.minimal.calls import NAME, Calls, rejected
from tests.adapters.minimal.vendor import Session, Vendor

V = TypeVar("V")
_LIFETIME = timedelta(hours=24)
_STOPS = {RenewalDecision.RENEW: "", RenewalDecision.END: "term", RenewalDecision.END_NOW: "now"}
_CAPABILITIES = Capabilities(
    has=frozenset(),
    proration_grain=Grain.DAY,
    max_discounts=0,
    discount_periods=False,
    checkout_lifetime=_LIFETIME,
    idempotency_window=timedelta(days=1),
    changes_window=timedelta(0),
)


class MinimalAdapter:
    """Sells one line in one currency on a hosted page, and that is all.

    Args:
        deadline: seconds within which every call ends.
    """

    def __init__(self, vendor: Vendor, catalog: Catalog, clock: Clock, deadline: float = 5.0) -> None:
        self.vendor = vendor
        self._prices = {row.id: row for row in catalog.prices if row.currency == translate.CURRENCY}
        self._clock = clock
        self._calls = Calls(vendor, clock, deadline)

    @property
    def name(self) -> str:
        return NAME

    @property
    def capabilities(self) -> Capabilities:
        return _CAPABILITIES

    @property
    def origins(self) -> tuple[str, ...]:
        return (translate.ORIGIN,)

    async def close(self) -> None:
        """There is nothing to give up."""

    # --- catalog ---

    async def list_offers(self) -> tuple[Offer, ...]:
        return await self._calls.read("list_offers", lambda: tuple(map(translate.offer, self._prices.values())))

    async def get_offer(self, key: OfferKey) -> Offer:
        return await self._calls.read("get_offer", lambda: translate.offer(self._price("get_offer", key)))

    # --- carts ---

    async def quote_purchase(self, request: PurchaseRequest) -> Quote:
        return await self._calls.read("quote_purchase", lambda: self._quote(request))

    async def start_checkout(
        self, request: PurchaseRequest, *, quote: Quote, return_to: str, cancel_to: str, key: IdempotencyKey
    ) -> Handoff:
        def start() -> Handoff:
            if request.customer is None or request.address is None:
                raise rejected("start_checkout", RejectReason.INVALID_ADDRESS)
            if request.customer not in self.vendor.customers.values():
                raise rejected("start_checkout", RejectReason.NOT_FOUND, "customer")
            if quote.token != _token(request) or self._clock.now() >= quote.expires_at:
                raise rejected("start_checkout", RejectReason.QUOTE_EXPIRED)
            return translate.handoff(self.vendor.open(self._session(request, quote)))

        arguments = repr((request, quote, return_to, cancel_to))
        return await self._calls.write("start_checkout", lambda: self.vendor.once(key, arguments, start))

    async def get_checkout(self, ref: CheckoutRef) -> CheckoutSnapshot:
        def get() -> CheckoutSnapshot:
            session = _found("get_checkout", self.vendor.sessions, ref)
            return translate.checkout(session, self._clock.wall())

        return await self._calls.read("get_checkout", get)

    async def find_checkouts(self, order: OrderId) -> tuple[CheckoutSnapshot, ...]:
        def find() -> tuple[CheckoutSnapshot, ...]:
            return tuple(translate.checkout(one, self._clock.wall()) for one in self.vendor.of_order(order))

        return await self._calls.read("find_checkouts", find)

    async def expire_checkout(self, ref: CheckoutRef, *, key: IdempotencyKey) -> CheckoutSnapshot:
        raise _lacks("expire_checkout", Capability.EXPIRE_CHECKOUT)

    async def buy(
        self,
        request: PurchaseRequest,
        *,
        quote: Quote,
        payment_method: PaymentMethodRef,
        return_to: str,
        key: IdempotencyKey,
    ) -> ChangeOutcome:
        raise _lacks("buy", Capability.STORED_CARD_PURCHASE)

    # --- subscriptions ---

    async def get_subscription(self, ref: SubscriptionRef) -> SubscriptionSnapshot:
        def get() -> SubscriptionSnapshot:
            contract = _found("get_subscription", self.vendor.contracts, ref)
            return translate.subscription(contract, self._clock.now())

        return await self._calls.read("get_subscription", get)

    async def list_subscriptions(self, customer: CustomerRef) -> tuple[SubscriptionSnapshot, ...]:
        def listed() -> tuple[SubscriptionSnapshot, ...]:
            mine = [one for one in self.vendor.contracts.values() if one.session.customer == customer]
            return tuple(translate.subscription(contract, self._clock.now()) for contract in mine)

        return await self._calls.read("list_subscriptions", listed)

    async def quote_change(self, ref: SubscriptionRef, *, change: Change, as_of: datetime) -> Quote:
        raise _lacks("quote_change", Capability.CHANGES)

    async def apply_change(
        self, ref: SubscriptionRef, *, change: Change, quote: Quote, return_to: str, order: OrderId, key: IdempotencyKey
    ) -> ChangeOutcome:
        raise _lacks("apply_change", Capability.CHANGES)

    async def set_renewal(
        self, ref: SubscriptionRef, *, decision: RenewalDecision, key: IdempotencyKey
    ) -> SubscriptionSnapshot:
        def decide() -> SubscriptionSnapshot:
            contract = _found("set_renewal", self.vendor.contracts, ref)
            return translate.subscription(self.vendor.stop(contract, _STOPS[decision]), self._clock.now())

        arguments = repr((ref, decision))
        return await self._calls.write("set_renewal", lambda: self.vendor.once(key, arguments, decide))

    # --- billing ---

    async def ensure_customer(self, profile: CustomerProfile, *, key: IdempotencyKey) -> CustomerRef:
        def ensure() -> CustomerRef:
            return CustomerRef(self.vendor.customer(profile.account_id))

        return await self._calls.write("ensure_customer", lambda: self.vendor.once(key, repr(profile), ensure))

    async def list_invoices(self, customer: CustomerRef, *, cursor: str = "") -> Page[InvoiceSummary]:
        def listed() -> Page[InvoiceSummary]:
            mine = [one for one in self.vendor.receipts.values() if one.session.customer == customer]
            return Page(tuple(translate.invoice(receipt) for receipt in reversed(mine)))

        return await self._calls.read("list_invoices", listed)

    async def get_invoice(self, ref: InvoiceRef) -> InvoiceSummary:
        return await self._calls.read(
            "get_invoice", lambda: translate.invoice(_found("get_invoice", self.vendor.receipts, ref))
        )

    async def payment_methods(self, customer: CustomerRef) -> tuple[PaymentMethodSummary, ...]:
        return ()

    async def set_default_payment_method(
        self, customer: CustomerRef, *, ref: PaymentMethodRef, key: IdempotencyKey
    ) -> None:
        raise _lacks("set_default_payment_method", Capability.STORED_CARD_PURCHASE)

    async def get_charge(self, ref: ChargeRef) -> ChargeSummary:
        raise _lacks("get_charge", Capability.REFUNDS)

    async def refund(self, charge: ChargeRef, *, amount: Money, reason: str, key: IdempotencyKey) -> RefundRef:
        raise _lacks("refund", Capability.REFUNDS)

    async def portal_page(self, customer: CustomerRef, *, purpose: PortalPurpose, return_to: str) -> str:
        is_cards = purpose is PortalPurpose.PAYMENT_METHODS
        raise _lacks("portal_page", Capability.PORTAL_PAYMENT_METHODS if is_cards else Capability.PORTAL_INVOICES)

    # --- discounts ---

    async def materialise_discount(self, terms: DiscountTerms, *, key: IdempotencyKey) -> DiscountRef:
        raise _lacks("materialise_discount", Capability.DISCOUNTS)

    async def revoke_discount(self, ref: DiscountRef, *, key: IdempotencyKey) -> None:
        raise _lacks("revoke_discount", Capability.DISCOUNTS)

    # --- notifications ---

    def read_notification(self, headers: Mapping[str, str], *, body: bytes, received_at: datetime) -> Notification:
        return notifications.read(headers, body, received_at, self.vendor.signature)

    async def changes_since(self, cursor: str) -> Page[Notification]:
        raise _lacks("changes_since", Capability.LIST_OF_CHANGES)

    # --- upkeep ---

    async def sync_catalog(self, *, apply: bool) -> tuple[CatalogStep, ...]:
        raise _lacks("sync_catalog", Capability.CATALOG_SYNC)

    async def checkup(self, *, webhook_url: str) -> tuple[SetupFault, ...]:
        return ()

    def _quote(self, request: PurchaseRequest) -> Quote:
        if len(request.items) != 1:
            raise _lacks("quote_purchase", Capability.MIXED_CART)
        if request.currency != translate.CURRENCY:
            raise rejected("quote_purchase", RejectReason.CURRENCY, "currency")
        item = request.items[0]
        row = self._price("quote_purchase", item.offer)
        if not row.active:
            raise rejected("quote_purchase", RejectReason.NOT_SOLD, "offer")
        if item.quantity < 1:
            raise rejected("quote_purchase", RejectReason.OTHER, "quantity")
        return translate.quote(row, item.quantity, self._clock.now(), _token(request))

    def _session(self, request: PurchaseRequest, quote: Quote) -> Session:
        item = request.items[0]
        return Session(
            id=new_id("page"),
            order=request.order,
            customer=request.customer or "",
            item=item.offer,
            quantity=item.quantity,
            amount=quote.due_now.minor,
            renews=bool(quote.next_charges),
            reference=request.subject,
            ends=self._clock.wall() + _LIFETIME,
        )

    def _price(self, operation: str, key: str) -> PriceRow:
        return _found(operation, self._prices, key)


def _token(request: PurchaseRequest) -> str:
    """Return what a quote is bound to: it is for no other cart, and for no other place."""
    return repr((request.currency, request.items, request.address, request.tax_id))


def _found(operation: str, rows: Mapping[str, V], key: str) -> V:
    if key not in rows:
        raise rejected(operation, RejectReason.NOT_FOUND)
    return rows[key]


def _lacks(operation: str, capability: Capability) -> NotSupported:
    return NotSupported(vendor=NAME, operation=operation, detail=capability.value)
