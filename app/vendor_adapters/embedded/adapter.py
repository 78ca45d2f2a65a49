"""The embedded vendor behind the port: each method names its operation and hands it to the engine."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection

from app.catalog.model import Catalog
from app.core.clock import Clock
from app.core.money import Money
from app.db.engine import Database
from app.vendor_adapters.capabilities import Capabilities, Capability, Grain
from app.vendor_adapters.embedded import (
    catalog_sync,
    changes,
    checkouts,
    customers,
    discounts,
    events,
    invoices,
    mirror,
    notifications,
    portal,
    purchases,
    quotes,
    refunds,
    renewals,
    subscriptions,
    wallet,
)
from app.vendor_adapters.embedded.calls import Calls
from app.vendor_adapters.embedded.desk import NAME, Desk, Settings
from app.vendor_adapters.embedded.idempotency import once
from app.vendor_adapters.embedded.schema import create_tables
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

CAPABILITIES = Capabilities(
    has=frozenset(Capability),
    proration_grain=Grain.DAY,
    max_discounts=quotes.MAX_DISCOUNTS,
    discount_periods=True,
    checkout_lifetime=checkouts.LIFETIME,
    # in truth keys and events are kept for ever; these are what callers may count on
    idempotency_window=timedelta(days=30),
    changes_window=timedelta(days=30),
)


class EmbeddedVendor:
    """A billing vendor in a database of its own, for demonstrations and tests: no money moves.

    Args:
        database: its own, never the store's. catalog: what it mirrors. secret: signs notifications, quotes and pages.
        origin: where its pages are reached. webhook_url: where the store listens. store_origin: where its pages may
            send people back to. deadline: seconds within which every call ends. silence: seconds that a call takes
            which a fault lets hang; the deadline unless said.
    """

    def __init__(
        self,
        *,
        database: Database,
        catalog: Catalog,
        clock: Clock,
        secret: str,
        origin: str,
        webhook_url: str,
        store_origin: str,
        deadline: float = 5.0,
        silence: float | None = None,
    ) -> None:
        self.catalog = catalog
        self.settings = Settings(
            secret=secret,
            origin=origin.rstrip("/"),
            store_origin=store_origin.rstrip("/"),
            webhook_url=webhook_url,
            quote_ttl=timedelta(seconds=catalog.rules.quote_ttl_seconds),
            renews=catalog.rules.auto_renew_default,
        )
        self.calls = Calls(database=database, clock=clock, settings=self.settings, deadline=deadline, silence=silence)

    def prepare(self) -> None:
        """Create the tables that are missing and mirror the catalog; may be repeated, and by several processes."""
        self.calls.database.write_now(self._prepare)

    @property
    def name(self) -> str:
        return NAME

    @property
    def capabilities(self) -> Capabilities:
        return CAPABILITIES

    @property
    def origins(self) -> tuple[str, ...]:
        return (self.settings.origin,)

    async def close(self) -> None:
        self.calls.database.close()

    # --- catalog ---

    async def list_offers(self) -> tuple[Offer, ...]:
        return await self.calls.read("list_offers", mirror.list_offers)

    async def get_offer(self, key: OfferKey) -> Offer:
        return await self.calls.read("get_offer", lambda desk: mirror.get_offer(desk, key))

    # --- carts ---

    async def quote_purchase(self, request: PurchaseRequest) -> Quote:
        return await self.calls.read("quote_purchase", lambda desk: quotes.quote_purchase(desk, request))

    async def start_checkout(
        self, request: PurchaseRequest, *, quote: Quote, return_to: str, cancel_to: str, key: IdempotencyKey
    ) -> Handoff:
        def start(desk: Desk) -> Handoff:
            arguments = (request, quote.token, return_to, cancel_to)
            ref = once(desk, key, arguments, lambda: purchases.start(desk, request, quote, return_to, cancel_to))
            return checkouts.handoff(desk, checkouts.load(desk, ref))

        return await self.calls.write("start_checkout", start)

    async def get_checkout(self, ref: CheckoutRef) -> CheckoutSnapshot:
        return await self.calls.read("get_checkout", lambda desk: checkouts.snapshot(desk, checkouts.load(desk, ref)))

    async def find_checkouts(self, order: OrderId) -> tuple[CheckoutSnapshot, ...]:
        def find(desk: Desk) -> tuple[CheckoutSnapshot, ...]:
            return tuple(checkouts.snapshot(desk, checkout) for checkout in checkouts.of_order(desk, order))

        return await self.calls.read("find_checkouts", find)

    async def expire_checkout(self, ref: CheckoutRef, *, key: IdempotencyKey) -> CheckoutSnapshot:
        def expire(desk: Desk) -> CheckoutSnapshot:
            _once(desk, key, ref, lambda: checkouts.expire(desk, ref))
            return checkouts.snapshot(desk, checkouts.load(desk, ref))

        return await self.calls.write("expire_checkout", expire)

    async def buy(
        self,
        request: PurchaseRequest,
        *,
        quote: Quote,
        payment_method: PaymentMethodRef,
        return_to: str,
        key: IdempotencyKey,
    ) -> ChangeOutcome:
        def buy(desk: Desk) -> ChangeOutcome:
            arguments = (request, quote.token, payment_method, return_to)
            ref = once(desk, key, arguments, lambda: purchases.buy(desk, request, quote, payment_method, return_to))
            return purchases.outcome(desk, ref)

        return await self.calls.write("buy", buy)

    # --- subscriptions ---

    async def get_subscription(self, ref: SubscriptionRef) -> SubscriptionSnapshot:
        return await self.calls.read("get_subscription", lambda desk: _subscription(desk, ref))

    async def list_subscriptions(self, customer: CustomerRef) -> tuple[SubscriptionSnapshot, ...]:
        def listed(desk: Desk) -> tuple[SubscriptionSnapshot, ...]:
            return tuple(subscriptions.snapshot(desk, one) for one in subscriptions.list_of(desk, customer))

        return await self.calls.read("list_subscriptions", listed)

    async def quote_change(self, ref: SubscriptionRef, *, change: Change, as_of: datetime) -> Quote:
        return await self.calls.read("quote_change", lambda desk: changes.quote_change(desk, ref, change, as_of))

    async def apply_change(
        self, ref: SubscriptionRef, *, change: Change, quote: Quote, return_to: str, order: OrderId, key: IdempotencyKey
    ) -> ChangeOutcome:
        def apply(desk: Desk) -> ChangeOutcome:
            arguments = (ref, change, quote.token, return_to, order)
            made = once(desk, key, arguments, lambda: purchases.change(desk, ref, change, quote, return_to, order))
            return purchases.outcome(desk, made)

        return await self.calls.write("apply_change", apply)

    async def set_renewal(
        self, ref: SubscriptionRef, *, decision: RenewalDecision, key: IdempotencyKey
    ) -> SubscriptionSnapshot:
        def decide(desk: Desk) -> SubscriptionSnapshot:
            _once(desk, key, (ref, decision), lambda: renewals.decide(desk, ref, decision))
            return _subscription(desk, ref)

        return await self.calls.write("set_renewal", decide)

    # --- billing ---

    async def ensure_customer(self, profile: CustomerProfile, *, key: IdempotencyKey) -> CustomerRef:
        def ensure(desk: Desk) -> CustomerRef:
            return CustomerRef(once(desk, key, profile, lambda: customers.ensure(desk, profile)))

        return await self.calls.write("ensure_customer", ensure)

    async def list_invoices(self, customer: CustomerRef, *, cursor: str = "") -> Page[InvoiceSummary]:
        return await self.calls.read("list_invoices", lambda desk: invoices.list_of(desk, customer, cursor))

    async def get_invoice(self, ref: InvoiceRef) -> InvoiceSummary:
        return await self.calls.read("get_invoice", lambda desk: invoices.summary(desk, invoices.get(desk, ref)))

    async def payment_methods(self, customer: CustomerRef) -> tuple[PaymentMethodSummary, ...]:
        return await self.calls.read("payment_methods", lambda desk: wallet.listed(desk, customer))

    async def set_default_payment_method(
        self, customer: CustomerRef, *, ref: PaymentMethodRef, key: IdempotencyKey
    ) -> None:
        def prefer(desk: Desk) -> None:
            _once(desk, key, (customer, ref), lambda: wallet.set_default(desk, customer, ref))

        await self.calls.write("set_default_payment_method", prefer)

    async def get_charge(self, ref: ChargeRef) -> ChargeSummary:
        return await self.calls.read("get_charge", lambda desk: refunds.summary(desk, ref))

    async def refund(self, charge: ChargeRef, *, amount: Money, reason: str, key: IdempotencyKey) -> RefundRef:
        def refund(desk: Desk) -> RefundRef:
            arguments = (charge, amount, reason)
            return RefundRef(once(desk, key, arguments, lambda: refunds.refund(desk, charge, amount, reason)))

        return await self.calls.write("refund", refund)

    async def portal_page(self, customer: CustomerRef, *, purpose: PortalPurpose, return_to: str) -> str:
        return await self.calls.read("portal_page", lambda desk: portal.address(desk, customer, purpose, return_to))

    # --- discounts ---

    async def materialise_discount(self, terms: DiscountTerms, *, key: IdempotencyKey) -> DiscountRef:
        def materialise(desk: Desk) -> DiscountRef:
            return DiscountRef(once(desk, key, terms, lambda: discounts.materialise(desk, terms)))

        return await self.calls.write("materialise_discount", materialise)

    async def revoke_discount(self, ref: DiscountRef, *, key: IdempotencyKey) -> None:
        def revoke(desk: Desk) -> None:
            _once(desk, key, ref, lambda: discounts.revoke(desk, ref))

        await self.calls.write("revoke_discount", revoke)

    # --- notifications ---

    def read_notification(self, headers: Mapping[str, str], *, body: bytes, received_at: datetime) -> Notification:
        return notifications.read(self.settings.secret, headers, body, received_at)

    async def changes_since(self, cursor: str) -> Page[Notification]:
        return await self.calls.read("changes_since", lambda desk: events.changes_since(desk, cursor))

    # --- upkeep ---

    async def sync_catalog(self, *, apply: bool) -> tuple[CatalogStep, ...]:
        if apply:
            return await self.calls.write("sync_catalog", lambda desk: catalog_sync.apply(desk, self.catalog))
        return await self.calls.read("sync_catalog", lambda desk: catalog_sync.plan(desk, self.catalog))

    async def checkup(self, *, webhook_url: str) -> tuple[SetupFault, ...]:
        return ()

    def _prepare(self, connection: Connection) -> None:
        create_tables(connection)
        mirror.mirror(self.calls.desk(connection, "prepare"), self.catalog)


def _once(desk: Desk, key: str, arguments: object, effect: Callable[[], None]) -> None:
    def run() -> str:
        effect()
        return ""

    once(desk, key, arguments, run)


def _subscription(desk: Desk, ref: str) -> SubscriptionSnapshot:
    return subscriptions.snapshot(desk, subscriptions.load(desk, ref))
