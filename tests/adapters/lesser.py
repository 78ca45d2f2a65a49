"""The embedded vendor where it can do less: it declares so, and what it does not declare it does not do."""

from dataclasses import replace
from datetime import datetime, timedelta

from app.core.money import Money
from app.vendor_adapters.capabilities import Capabilities, Capability
from app.vendor_adapters.embedded import EmbeddedVendor
from app.vendor_adapters.errors import NotSupported, RejectReason, VendorRejected
from app.vendor_adapters.types import (
    Change,
    ChangeOutcome,
    ChargeRef,
    ChargeSummary,
    CustomerRef,
    Fidelity,
    IdempotencyKey,
    OrderId,
    PortalPurpose,
    Quote,
    RefundRef,
    SubscriptionRef,
)

QUOTE_LASTS = timedelta(minutes=30)
LACKS = frozenset(
    {
        Capability.CHANGE_PREVIEW,
        Capability.PINNED_PRORATION,
        Capability.CHANGE_WAITS_FOR_PAYMENT,
        Capability.REFUNDS,
        Capability.PORTAL_INVOICES,
    }
)


class LesserVendor(EmbeddedVendor):
    """An embedded vendor without ``lacks``, which a test may widen or narrow before it is asked for anything."""

    lacks: frozenset[Capability] = LACKS

    @property
    def capabilities(self) -> Capabilities:
        whole = super().capabilities
        return replace(whole, has=whole.has - self.lacks)

    async def quote_change(self, ref: SubscriptionRef, *, change: Change, as_of: datetime) -> Quote:
        quote = await super().quote_change(ref, change=change, as_of=as_of)
        if Capability.PINNED_PRORATION in self.lacks:
            quote = replace(quote, expires_at=as_of + QUOTE_LASTS)  # nothing at this vendor ends with the day
        return _estimated(quote) if Capability.CHANGE_PREVIEW in self.lacks else quote

    async def apply_change(
        self, ref: SubscriptionRef, *, change: Change, quote: Quote, return_to: str, order: OrderId, key: IdempotencyKey
    ) -> ChangeOutcome:
        if quote.due_now.minor and Capability.CHANGE_WAITS_FOR_PAYMENT in self.lacks:
            await self._check_card(ref)
        quote = _exact(quote) if quote.fidelity is Fidelity.ESTIMATED else quote
        return await super().apply_change(ref, change=change, quote=quote, return_to=return_to, order=order, key=key)

    async def get_charge(self, ref: ChargeRef) -> ChargeSummary:
        self._check("get_charge", Capability.REFUNDS)
        return await super().get_charge(ref)

    async def refund(self, charge: ChargeRef, *, amount: Money, reason: str, key: IdempotencyKey) -> RefundRef:
        self._check("refund", Capability.REFUNDS)
        return await super().refund(charge, amount=amount, reason=reason, key=key)

    async def portal_page(self, customer: CustomerRef, *, purpose: PortalPurpose, return_to: str) -> str:
        self._check("portal_page", _PAGES[purpose])
        return await super().portal_page(customer, purpose=purpose, return_to=return_to)

    async def _check_card(self, ref: SubscriptionRef) -> None:
        """It would make the change and leave its invoice unpaid: what nobody can pay for is refused here."""
        running = await self.get_subscription(ref)
        if not await self.payment_methods(running.customer):
            raise VendorRejected(
                vendor=self.name, operation="apply_change", reason=RejectReason.NOT_FOUND, field="payment_method"
            )

    def _check(self, operation: str, needed: Capability) -> None:
        if needed in self.lacks:
            raise NotSupported(vendor=self.name, operation=operation, detail=needed.value)


def _estimated(quote: Quote) -> Quote:
    """Return it with the tax guessed, so that the sum is a round one; the true sum goes along in its token."""
    guess = quote.due_now.minor // 100 * 100
    return _with_total(quote, guess, token=f"{quote.due_now.minor} {quote.token}", fidelity=Fidelity.ESTIMATED)


def _exact(quote: Quote) -> Quote:
    total, _, token = quote.token.partition(" ")
    return _with_total(quote, int(total), token=token, fidelity=Fidelity.EXACT)


def _with_total(quote: Quote, total: int, *, token: str, fidelity: Fidelity) -> Quote:
    due, tax = Money(total, quote.due_now.currency), quote.tax
    if tax is not None:
        tax = replace(tax, amount=tax.amount + due - quote.due_now)
    return replace(quote, due_now=due, tax=tax, token=token, fidelity=fidelity)


_PAGES = {
    PortalPurpose.PAYMENT_METHODS: Capability.PORTAL_PAYMENT_METHODS,
    PortalPurpose.INVOICES: Capability.PORTAL_INVOICES,
}
