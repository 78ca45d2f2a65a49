"""Stripe behind the port: each method names its operation and hands it over."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from app.core.money import Money
from app.vendor_adapters.capabilities import Capabilities, Capability, Grain
from app.vendor_adapters.stripe import (
    billing,
    catalog,
    catalog_sync,
    changes,
    charges,
    checkouts,
    checkup,
    customers,
    decisions,
    discounts,
    notifications,
    orders,
    purchases,
    quotes,
    subscriptions,
)
from app.vendor_adapters.stripe.checkup import Keys
from app.vendor_adapters.stripe.client import Call, Client
from app.vendor_adapters.stripe.names import NAME
from app.vendor_adapters.stripe.shop import Shop
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

API = "https://api.stripe.com"
PAGES = (
    "https://checkout.stripe.com",
    "https://invoice.stripe.com",
    "https://billing.stripe.com",
    "https://hooks.stripe.com",
)
"""Where Stripe's own pages are: payment, invoices, the customer's portal, the way to the bank's check."""
UPKEEP_SECONDS = 60.0
"""Mirroring makes several requests for each price, and no page waits for it."""
NEVER = frozenset({Capability.RESHAPED_RENEWAL, Capability.DISCOUNTED_CHANGES})


class StripeAdapter:
    """Stripe Billing with hosted Checkout.

    Args:
        api_base: where the API answers; a counterpart in tests has its pages there, too.
    """

    def __init__(self, *, client: Client, shop: Shop, api_base: str, keys: Keys) -> None:
        self._client = client
        self._shop = shop
        self._keys = keys
        self._origins = PAGES if api_base == API else (_origin(api_base),)

    @property
    def name(self) -> str:
        return NAME

    @property
    def capabilities(self) -> Capabilities:
        lacks = NEVER if self._shop.is_taxed else NEVER | {Capability.TAX_PREVIEW}
        return Capabilities(
            has=frozenset(Capability) - lacks,
            proration_grain=Grain.SECOND,
            max_discounts=quotes.MAX_DISCOUNTS,
            discount_periods=True,
            checkout_lifetime=timedelta(hours=24),
            idempotency_window=timedelta(hours=24),
            changes_window=timedelta(days=30),
        )

    @property
    def origins(self) -> tuple[str, ...]:
        return self._origins

    async def close(self) -> None:
        await self._client.close()

    # --- catalog ---

    async def list_offers(self) -> tuple[Offer, ...]:
        return await self._client.run("list_offers", lambda call: catalog.list_offers(call, self._shop))

    async def get_offer(self, key: OfferKey) -> Offer:
        return await self._client.run("get_offer", lambda call: catalog.get_offer(call, self._shop, key))

    # --- carts ---

    async def quote_purchase(self, request: PurchaseRequest) -> Quote:
        return await self._client.run("quote_purchase", lambda call: quotes.quote_purchase(call, self._shop, request))

    async def start_checkout(
        self, request: PurchaseRequest, *, quote: Quote, return_to: str, cancel_to: str, key: IdempotencyKey
    ) -> Handoff:
        return await self._client.run(
            "start_checkout",
            lambda call: checkouts.start(
                call, self._shop, request, quote=quote, return_to=return_to, cancel_to=cancel_to, key=key
            ),
        )

    async def get_checkout(self, ref: CheckoutRef) -> CheckoutSnapshot:
        return await self._client.run("get_checkout", lambda call: checkouts.get(call, ref))

    async def find_checkouts(self, order: OrderId) -> tuple[CheckoutSnapshot, ...]:
        return await self._client.run("find_checkouts", lambda call: orders.find(call, order))

    async def expire_checkout(self, ref: CheckoutRef, *, key: IdempotencyKey) -> CheckoutSnapshot:
        return await self._client.run("expire_checkout", lambda call: checkouts.expire(call, ref, key))

    async def buy(
        self,
        request: PurchaseRequest,
        *,
        quote: Quote,
        payment_method: PaymentMethodRef,
        return_to: str,
        key: IdempotencyKey,
    ) -> ChangeOutcome:
        return await self._client.run(
            "buy",
            lambda call: purchases.buy(
                call, self._shop, request, quote=quote, card=payment_method, return_to=return_to, key=key
            ),
        )

    # --- subscriptions ---

    async def get_subscription(self, ref: SubscriptionRef) -> SubscriptionSnapshot:
        return await self._client.run("get_subscription", lambda call: subscriptions.read(call, self._shop, ref))

    async def list_subscriptions(self, customer: CustomerRef) -> tuple[SubscriptionSnapshot, ...]:
        return await self._client.run(
            "list_subscriptions", lambda call: subscriptions.list_of(call, self._shop, customer)
        )

    async def quote_change(self, ref: SubscriptionRef, *, change: Change, as_of: datetime) -> Quote:
        return await self._client.run(
            "quote_change", lambda call: changes.quote_change(call, self._shop, ref, change, as_of)
        )

    async def apply_change(
        self, ref: SubscriptionRef, *, change: Change, quote: Quote, return_to: str, order: OrderId, key: IdempotencyKey
    ) -> ChangeOutcome:
        return await self._client.run(
            "apply_change",
            lambda call: changes.apply_change(
                call, self._shop, ref, change=change, quote=quote, return_to=return_to, order=order, key=key
            ),
        )

    async def set_renewal(
        self, ref: SubscriptionRef, *, decision: RenewalDecision, key: IdempotencyKey
    ) -> SubscriptionSnapshot:
        return await self._client.run(
            "set_renewal", lambda call: decisions.set_renewal(call, self._shop, ref, decision, key)
        )

    # --- billing ---

    async def ensure_customer(self, profile: CustomerProfile, *, key: IdempotencyKey) -> CustomerRef:
        return await self._client.run("ensure_customer", lambda call: customers.ensure(call, profile, key))

    async def list_invoices(self, customer: CustomerRef, *, cursor: str = "") -> Page[InvoiceSummary]:
        return await self._client.run(
            "list_invoices", lambda call: billing.list_invoices(call, self._shop, customer, cursor)
        )

    async def get_invoice(self, ref: InvoiceRef) -> InvoiceSummary:
        return await self._client.run("get_invoice", lambda call: billing.get_invoice(call, self._shop, ref))

    async def payment_methods(self, customer: CustomerRef) -> tuple[PaymentMethodSummary, ...]:
        return await self._client.run("payment_methods", lambda call: billing.payment_methods(call, customer))

    async def set_default_payment_method(
        self, customer: CustomerRef, *, ref: PaymentMethodRef, key: IdempotencyKey
    ) -> None:
        await self._client.run("set_default_payment_method", lambda call: billing.set_default(call, customer, ref, key))

    async def get_charge(self, ref: ChargeRef) -> ChargeSummary:
        return await self._client.run("get_charge", lambda call: charges.read(call, ref))

    async def refund(self, charge: ChargeRef, *, amount: Money, reason: str, key: IdempotencyKey) -> RefundRef:
        return await self._client.run("refund", lambda call: billing.refund(call, charge, amount, reason, key))

    async def portal_page(self, customer: CustomerRef, *, purpose: PortalPurpose, return_to: str) -> str:
        return await self._client.run(
            "portal_page", lambda call: billing.portal_page(call, customer, purpose, return_to)
        )

    # --- discounts ---

    async def materialise_discount(self, terms: DiscountTerms, *, key: IdempotencyKey) -> DiscountRef:
        return await self._client.run("materialise_discount", lambda call: discounts.materialise(call, terms, key))

    async def revoke_discount(self, ref: DiscountRef, *, key: IdempotencyKey) -> None:
        await self._client.run("revoke_discount", lambda call: discounts.revoke(call, ref, key))

    # --- notifications ---

    def read_notification(self, headers: Mapping[str, str], *, body: bytes, received_at: datetime) -> Notification:
        return notifications.read(
            self._keys.webhook_secrets,
            is_live=self._client.is_live,
            headers=headers,
            body=body,
            received_at=received_at,
        )

    async def changes_since(self, cursor: str) -> Page[Notification]:
        return await self._client.run("changes_since", lambda call: notifications.changes_since(call, cursor))

    # --- upkeep ---

    async def sync_catalog(self, *, apply: bool) -> tuple[CatalogStep, ...]:
        async def sync(call: Call) -> tuple[CatalogStep, ...]:
            if apply:
                return await catalog_sync.apply(call, self._shop)
            return (await catalog_sync.plan(call, self._shop)).steps

        return await self._client.run("sync_catalog", sync, seconds=UPKEEP_SECONDS)

    async def checkup(self, *, webhook_url: str) -> tuple[SetupFault, ...]:
        return await self._client.run(
            "checkup",
            lambda call: checkup.checkup(call, self._shop, self._keys, webhook_url=webhook_url),
            seconds=UPKEEP_SECONDS,
        )


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
