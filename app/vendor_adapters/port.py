"""The port: what Kassa asks of a headless commerce vendor, in Kassa's own words.

Rules that the conformance kit proves for every adapter:
- Every write takes an idempotency ``key``: the same key with the same arguments has one effect and one answer; with
  other arguments it is KeyReused. Reads never write.
- An adapter holds no state but its client, never sees the store's database and never renders a page.
- A call ends within its deadline, retries included: 5 s for a buyer, 8 s for the worker. A write whose answer did not
  come is OutcomeUnknown; a call that surely had no effect is VendorUnavailable.
- A declined payment is an outcome, not an error.
- Logs name operation, duration, outcome and the vendor's request id, and no bodies.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from app.core.money import Money
from app.vendor_adapters.capabilities import Capabilities
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


class Catalog(Protocol):
    """Prices, which the vendor holds."""

    async def list_offers(self) -> tuple[Offer, ...]:
        """Return every price row that the vendor knows by our key, retired ones included."""
        ...

    async def get_offer(self, key: OfferKey) -> Offer:
        """Return one price row; VendorRejected(NOT_FOUND) when the vendor has none by that key."""
        ...


class Carts(Protocol):
    """Buying something new."""

    async def quote_purchase(self, request: PurchaseRequest) -> Quote:
        """Return the true price of ``request`` now; a failed preview is an error, never a default of 0.

        A tax id that the vendor refuses does not fail the quote: ``tax.tax_id_status`` says so and tax is charged.
        """
        ...

    async def start_checkout(
        self, request: PurchaseRequest, *, quote: Quote, return_to: str, cancel_to: str, key: IdempotencyKey
    ) -> Handoff:
        """Open the vendor's payment page for exactly ``quote``; the page sends the buyer to one of the two addresses.

        Raises VendorRejected(QUOTE_EXPIRED) when that price cannot be charged any more. ``request.customer`` is set; it
        is NOT_FOUND with the field ``customer``, here and in ``buy``, when the vendor knows it no more.
        """
        ...

    async def get_checkout(self, ref: CheckoutRef) -> CheckoutSnapshot:
        """Return a checkout, or a purchase made by ``buy``, as it is now."""
        ...

    async def find_checkouts(self, order: OrderId) -> tuple[CheckoutSnapshot, ...]:
        """Return every checkout and purchase that carries our order's id, oldest first.

        The way back when a key's window has passed, or a stored failure answers for it (reliability.md F5).
        """
        ...

    async def expire_checkout(self, ref: CheckoutRef, *, key: IdempotencyKey) -> CheckoutSnapshot:
        """Close an open checkout, so that it can never be paid, and return what it is then (it may be COMPLETE)."""
        ...

    async def buy(
        self,
        request: PurchaseRequest,
        *,
        quote: Quote,
        payment_method: PaymentMethodRef,
        return_to: str,
        key: IdempotencyKey,
    ) -> ChangeOutcome:
        """Charge a stored card for exactly ``quote`` without a hand-off; NeedsAction comes back to ``return_to``.

        Once a bank that was asked there said no, nothing is bought. The purchase is EXPIRED then, or OPEN where the
        vendor's page takes another card; ``url`` leads there, and ``expire_checkout`` closes it. So with a change.
        """
        ...


class Subscriptions(Protocol):
    """What was bought and goes on."""

    async def get_subscription(self, ref: SubscriptionRef) -> SubscriptionSnapshot:
        """Return a subscription as it is now; VendorRejected(NOT_FOUND) when there is none."""
        ...

    async def list_subscriptions(self, customer: CustomerRef) -> tuple[SubscriptionSnapshot, ...]:
        """Return all subscriptions of a customer, ended ones included."""
        ...

    async def quote_change(self, ref: SubscriptionRef, *, change: Change, as_of: datetime) -> Quote:
        """Return what ``change`` costs at ``as_of``; VendorRejected(STALE_STATE) when its base is not what is there."""
        ...

    async def apply_change(
        self, ref: SubscriptionRef, *, change: Change, quote: Quote, return_to: str, order: OrderId, key: IdempotencyKey
    ) -> ChangeOutcome:
        """Make ``change`` at exactly ``quote``, charged to the default card; unpaid, it changes nothing.

        It takes the place of an earlier change that waits for its payment: a bank's yes that comes later undoes
        nothing, and takes nothing or is given back. Where a payment that a bank works on cannot be called back, it is
        STALE_STATE until the bank has answered.
        """
        ...

    async def set_renewal(
        self, ref: SubscriptionRef, *, decision: RenewalDecision, key: IdempotencyKey
    ) -> SubscriptionSnapshot:
        """Let it renew, end with its term, or end now, and with it a change that waits for its payment."""
        ...


class Billing(Protocol):
    """The customer, the invoices and the cards."""

    async def ensure_customer(self, profile: CustomerProfile, *, key: IdempotencyKey) -> CustomerRef:
        """Return the customer of ``profile.account_id``, found by that id first, made or brought up to date."""
        ...

    async def list_invoices(self, customer: CustomerRef, *, cursor: str = "") -> Page[InvoiceSummary]:
        """Return a page of invoices, newest first."""
        ...

    async def get_invoice(self, ref: InvoiceRef) -> InvoiceSummary:
        """Return one invoice with its lines and the address of its document."""
        ...

    async def payment_methods(self, customer: CustomerRef) -> tuple[PaymentMethodSummary, ...]:
        """Return the stored cards, the default first."""
        ...

    async def set_default_payment_method(
        self, customer: CustomerRef, *, ref: PaymentMethodRef, key: IdempotencyKey
    ) -> None:
        """Charge renewals to this card from now on."""
        ...

    async def get_charge(self, ref: ChargeRef) -> ChargeSummary:
        """Return a charge that went through, with what was given back of it and how a dispute about it stands."""
        ...

    async def refund(self, charge: ChargeRef, *, amount: Money, reason: str, key: IdempotencyKey) -> RefundRef:
        """Give ``amount`` of a charge back."""
        ...

    async def portal_page(self, customer: CustomerRef, *, purpose: PortalPurpose, return_to: str) -> str:
        """Return the address of the vendor's own page for ``purpose``."""
        ...


class Discounts(Protocol):
    """Promotions made real."""

    async def materialise_discount(self, terms: DiscountTerms, *, key: IdempotencyKey) -> DiscountRef:
        """Make a discount for one reservation."""
        ...

    async def revoke_discount(self, ref: DiscountRef, *, key: IdempotencyKey) -> None:
        """Make sure that it can be used no more; what used it keeps it."""
        ...


class Notifications(Protocol):
    """What the vendor tells us."""

    def read_notification(self, headers: Mapping[str, str], *, body: bytes, received_at: datetime) -> Notification:
        """Verify the raw bytes and reduce them to a hint; pure, no I/O. Raises NotificationRejected.

        ``headers`` have lower-case names; ``received_at`` is wall time, against which both a stale and a future
        signature are refused.
        """
        ...

    async def changes_since(self, cursor: str) -> Page[Notification]:
        """Return what changed after ``cursor``, oldest first.

        ``cursor`` is a page's ``next_cursor`` or the id of the last notification seen; empty is all that is listed.
        What is too much for one page may come with its newest part first, as long as all of it comes, and after it
        what changed meanwhile. One that cannot be read is IGNORED, and holds no other up.
        """
        ...


class Upkeep(Protocol):
    """Setting the vendor up: asked by commands, never by a page. Both may take a minute."""

    async def sync_catalog(self, *, apply: bool) -> tuple[CatalogStep, ...]:
        """Return what the vendor's prices lack by the catalog; with ``apply`` it is mended, conflicts aside.

        Known by our keys, so that it takes no key of its own: done again, there is nothing to do. Prices are made and
        retired, never changed and never deleted. NotSupported where prices are made by hand at the vendor.
        """
        ...

    async def checkup(self, *, webhook_url: str) -> tuple[SetupFault, ...]:
        """Return what is wrong with keys, rights, tax, notifications to ``webhook_url`` and the clock, prices aside.

        Nothing when all is well, or when there is nothing to set up.
        """
        ...


class VendorAdapter(Catalog, Carts, Subscriptions, Billing, Discounts, Notifications, Upkeep, Protocol):
    """One vendor."""

    @property
    def name(self) -> str:
        """The adapter's name in settings and in the webhook address."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What this vendor can do."""
        ...

    @property
    def origins(self) -> tuple[str, ...]:
        """The origins that our pages must allow for its redirects and frames."""
        ...

    async def close(self) -> None:
        """Give up connections."""
        ...
