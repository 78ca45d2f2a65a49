"""Adapters that are wrong about keys, payment pages and cards (checks 5 to 9, 14 to 17, 20)."""

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import Any

from app.core.ids import new_id
from app.core.money import Money, zero
from app.vendor_adapters.conformance.buyer import new_key
from app.vendor_adapters.embedded import EmbeddedVendor
from app.vendor_adapters.errors import KeyReused, OutcomeUnknown, RejectReason, VendorRejected, VendorUnavailable
from app.vendor_adapters.types import (
    ChangeOutcome,
    ChargeRef,
    CheckoutRef,
    CheckoutSnapshot,
    CheckoutState,
    CustomerProfile,
    CustomerRef,
    Declined,
    DeclineReason,
    DiscountRef,
    DiscountTerms,
    Done,
    Handoff,
    IdempotencyKey,
    NeedsAction,
    OrderId,
    PaymentMethodRef,
    PurchaseItem,
    PurchaseRequest,
    Quote,
    RefundRef,
)


class RefusesWhileItIsBusy(EmbeddedVendor):
    """6: the second of two calls at once is told that its key is in use."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.busy: set[str] = set()

    async def refund(self, charge: ChargeRef, *, amount: Money, reason: str, key: IdempotencyKey) -> RefundRef:
        if key in self.busy:
            raise KeyReused(vendor=self.name, operation="refund")
        self.busy.add(key)
        try:
            return await super().refund(charge, amount=amount, reason=reason, key=key)
        finally:
            self.busy.discard(key)


class LooksBeforeItActs(EmbeddedVendor):
    """6: whether a key was used is looked up first and noted last; between the two, a second call comes through."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.made: dict[str, RefundRef] = {}

    async def refund(self, charge: ChargeRef, *, amount: Money, reason: str, key: IdempotencyKey) -> RefundRef:
        if key not in self.made:
            await asyncio.sleep(0)
            made = await super().refund(charge, amount=amount, reason=reason, key=new_key("refund"))
            self.made[key] = made
        return self.made[key]


class FailuresAreRefusals(EmbeddedVendor):
    """7: the vendor's own failure is told as the vendor's no."""

    async def start_checkout(
        self, request: PurchaseRequest, *, quote: Quote, return_to: str, cancel_to: str, key: IdempotencyKey
    ) -> Handoff:
        try:
            return await super().start_checkout(request, quote=quote, return_to=return_to, cancel_to=cancel_to, key=key)
        except (OutcomeUnknown, VendorUnavailable) as error:
            raise VendorRejected(vendor=self.name, operation="start_checkout", reason=RejectReason.OTHER) from error


class TriesAgainWithANewKey(EmbeddedVendor):
    """7: what got no answer is sent again under another key."""

    async def refund(self, charge: ChargeRef, *, amount: Money, reason: str, key: IdempotencyKey) -> RefundRef:
        try:
            return await super().refund(charge, amount=amount, reason=reason, key=key)
        except OutcomeUnknown:
            return await super().refund(charge, amount=amount, reason=reason, key=new_key("refund"))


class KnowsPeopleByName(EmbeddedVendor):
    """8: who has another name is another customer."""

    async def ensure_customer(self, profile: CustomerProfile, *, key: IdempotencyKey) -> CustomerRef:
        named = replace(profile, account_id=f"{profile.account_id} {profile.full_name}")
        return await super().ensure_customer(named, key=key)


class _Forgetful(EmbeddedVendor):
    """Keeps what it knows for as long as keys are kept, and no longer."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.first_seen: dict[str, datetime] = {}

    def is_forgotten(self, name: str) -> bool:
        now = self.calls.clock.wall()
        return now - self.first_seen.setdefault(name, now) > self.capabilities.idempotency_window


class ForgetsReservations(_Forgetful):
    """8: after the window a reservation gets a second discount."""

    async def materialise_discount(self, terms: DiscountTerms, *, key: IdempotencyKey) -> DiscountRef:
        if self.is_forgotten(terms.reservation):
            terms, key = replace(terms, reservation=new_id("res")), new_key("materialise_discount")
        return await super().materialise_discount(terms, key=key)


class RefundsAgainLater(_Forgetful):
    """8: after the window the same refund is another one."""

    async def refund(self, charge: ChargeRef, *, amount: Money, reason: str, key: IdempotencyKey) -> RefundRef:
        again = new_key("refund") if self.is_forgotten(key) else key
        return await super().refund(charge, amount=amount, reason=reason, key=again)


class ForgetsOrders(_Forgetful):
    """8: after the window an order is not found any more."""

    async def find_checkouts(self, order: OrderId) -> tuple[CheckoutSnapshot, ...]:
        found = await super().find_checkouts(order)
        return tuple(one for one in found if one.expires_at > self.calls.clock.wall())


class AsksTheBankAgain(EmbeddedVendor):
    """9: a card that was declined is charged once more."""

    async def buy(
        self,
        request: PurchaseRequest,
        *,
        quote: Quote,
        payment_method: PaymentMethodRef,
        return_to: str,
        key: IdempotencyKey,
    ) -> ChangeOutcome:
        outcome = await super().buy(request, quote=quote, payment_method=payment_method, return_to=return_to, key=key)
        if isinstance(outcome, Declined):
            await super().buy(
                request, quote=quote, payment_method=payment_method, return_to=return_to, key=new_key("buy")
            )
        return outcome


class DeclinesForGood(EmbeddedVendor):
    """9: a page on which one card was declined is over."""

    async def get_checkout(self, ref: CheckoutRef) -> CheckoutSnapshot:
        found = await super().get_checkout(ref)
        return replace(found, state=CheckoutState.EXPIRED) if found.declines else found


class LeadsBackToPaidPages(EmbeddedVendor):
    """14: a page that is paid has a way back."""

    async def get_checkout(self, ref: CheckoutRef) -> CheckoutSnapshot:
        found = await super().get_checkout(ref)
        return replace(found, url=f"{self.settings.origin}/pay/{ref}")


class ExpiresWhatIsPaid(EmbeddedVendor):
    """14: whatever is closed is told as expired, a paid page too."""

    async def expire_checkout(self, ref: CheckoutRef, *, key: IdempotencyKey) -> CheckoutSnapshot:
        return replace(await super().expire_checkout(ref, key=key), state=CheckoutState.EXPIRED)


class PagesNeverEnd(EmbeddedVendor):
    """14: a page whose time is up is still told as open."""

    async def get_checkout(self, ref: CheckoutRef) -> CheckoutSnapshot:
        found = await super().get_checkout(ref)
        return replace(found, state=CheckoutState.OPEN) if found.state is CheckoutState.EXPIRED else found


class ClosesPagesInWordsOnly(EmbeddedVendor):
    """15: a closed page can be paid, and nobody hears of it."""

    closed = CheckoutRef("")

    async def expire_checkout(self, ref: CheckoutRef, *, key: IdempotencyKey) -> CheckoutSnapshot:
        self.closed = ref
        return await self.get_checkout(ref)

    async def get_checkout(self, ref: CheckoutRef) -> CheckoutSnapshot:
        found = await super().get_checkout(ref)
        if ref != self.closed:
            return found
        return replace(found, state=CheckoutState.EXPIRED, url="", amount_paid=zero(found.total.currency))


class NeverHearsTheBank(EmbeddedVendor):
    """16: what was paid is being worked on for ever."""

    async def get_checkout(self, ref: CheckoutRef) -> CheckoutSnapshot:
        found = await super().get_checkout(ref)
        return replace(found, state=CheckoutState.PROCESSING) if found.state is CheckoutState.COMPLETE else found


class WaitsAfterANo(EmbeddedVendor):
    """Rule: what a bank refused is open for ever, and leads nowhere."""

    async def find_checkouts(self, order: OrderId) -> tuple[CheckoutSnapshot, ...]:
        found = await super().find_checkouts(order)
        return tuple(replace(one, state=CheckoutState.OPEN) if one.declines else one for one in found)


class TrustsAFailedCheck(EmbeddedVendor):
    """16: a payment that the bank did not believe counts as made."""

    async def get_checkout(self, ref: CheckoutRef) -> CheckoutSnapshot:
        found = await super().get_checkout(ref)
        return replace(found, state=CheckoutState.COMPLETE) if found.declines else found


class HasNoWayBack(EmbeddedVendor):
    """16: who closed the bank's window never finds the page again."""

    async def get_checkout(self, ref: CheckoutRef) -> CheckoutSnapshot:
        return replace(await super().get_checkout(ref), url="")


class TakesAQuestionForAYes(EmbeddedVendor):
    """16: a bank that wants to hear from the buyer has agreed."""

    async def buy(
        self,
        request: PurchaseRequest,
        *,
        quote: Quote,
        payment_method: PaymentMethodRef,
        return_to: str,
        key: IdempotencyKey,
    ) -> ChangeOutcome:
        outcome = await super().buy(request, quote=quote, payment_method=payment_method, return_to=return_to, key=key)
        if not isinstance(outcome, NeedsAction):
            return outcome
        return Done(checkout=outcome.checkout, subscription=None, invoice=None, charge=None)


class OneCartIsOnePage(EmbeddedVendor):
    """20: the same cart in another order is taken for the same purchase."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.pages: dict[tuple[PurchaseItem, ...], Handoff] = {}
        self.charged: dict[tuple[PurchaseItem, ...], ChangeOutcome] = {}

    async def start_checkout(
        self, request: PurchaseRequest, *, quote: Quote, return_to: str, cancel_to: str, key: IdempotencyKey
    ) -> Handoff:
        if request.items not in self.pages:
            self.pages[request.items] = await super().start_checkout(
                request, quote=quote, return_to=return_to, cancel_to=cancel_to, key=key
            )
        return self.pages[request.items]

    async def buy(
        self,
        request: PurchaseRequest,
        *,
        quote: Quote,
        payment_method: PaymentMethodRef,
        return_to: str,
        key: IdempotencyKey,
    ) -> ChangeOutcome:
        if request.items not in self.charged:
            self.charged[request.items] = await super().buy(
                request, quote=quote, payment_method=payment_method, return_to=return_to, key=key
            )
        return self.charged[request.items]


class TakesAnyQuote(EmbeddedVendor):
    """Rule: a quote is good for whatever is asked with it."""

    async def start_checkout(
        self, request: PurchaseRequest, *, quote: Quote, return_to: str, cancel_to: str, key: IdempotencyKey
    ) -> Handoff:
        anew = await self.quote_purchase(request)
        return await super().start_checkout(request, quote=anew, return_to=return_to, cancel_to=cancel_to, key=key)


class FindsTheNewestFirst(EmbeddedVendor):
    """Rule: an order's checkouts are listed backwards."""

    async def find_checkouts(self, order: OrderId) -> tuple[CheckoutSnapshot, ...]:
        return (await super().find_checkouts(order))[::-1]


class BlamesTheFunds(EmbeddedVendor):
    """Rule: whatever a bank refuses, it is for want of money."""

    async def get_checkout(self, ref: CheckoutRef) -> CheckoutSnapshot:
        found = await super().get_checkout(ref)
        return replace(
            found, declines=tuple(replace(decline, reason=DeclineReason.FUNDS) for decline in found.declines)
        )


class GivesNothingBack(EmbeddedVendor):
    """Rule: what was refunded is not told."""

    async def get_checkout(self, ref: CheckoutRef) -> CheckoutSnapshot:
        found = await super().get_checkout(ref)
        return replace(found, amount_refunded=zero(found.total.currency))


class ReservesTwice(EmbeddedVendor):
    """Rule: one reservation has a discount for each set of terms."""

    async def materialise_discount(self, terms: DiscountTerms, *, key: IdempotencyKey) -> DiscountRef:
        other = replace(terms, reservation=f"{terms.reservation} {terms.percent_bp}")
        return await super().materialise_discount(other, key=key)
