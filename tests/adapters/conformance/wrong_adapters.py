"""Adapters that are wrong in one way each: what the kit is there to find."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from app.core.clock import add_months
from app.core.ids import new_id
from app.core.money import Money
from app.vendor_adapters.conformance import START
from app.vendor_adapters.conformance.buyer import new_key
from app.vendor_adapters.embedded import EmbeddedVendor
from app.vendor_adapters.errors import (
    NotificationRejected,
    OutcomeUnknown,
    RejectReason,
    VendorRejected,
    VendorUnavailable,
)
from app.vendor_adapters.types import (
    Change,
    ChangeOutcome,
    ChargeRef,
    CustomerRef,
    Declined,
    Done,
    Handoff,
    IdempotencyKey,
    Notification,
    Offer,
    OrderId,
    PaymentMethodSummary,
    PurchaseRequest,
    Quote,
    RefundRef,
    Renew,
    RenewalDecision,
    SetSeats,
    SubscriptionRef,
    SubscriptionSnapshot,
)
from tests.adapters.minimal.adapter import MinimalAdapter
from tests.adapters.minimal.harness import MinimalHarness
from tests.adapters.minimal.notifications import HEADER
from tests.adapters.minimal.vendor import Session, Vendor

T = TypeVar("T")
_CENT = Money(1, "usd")


class KeysMeanNothing(EmbeddedVendor):
    """5: each call is a new one."""

    async def refund(self, charge: ChargeRef, *, amount: Money, reason: str, key: IdempotencyKey) -> RefundRef:
        return await super().refund(charge, amount=amount, reason=reason, key=new_key("refund"))


class LostAnswersAreRefusals(EmbeddedVendor):
    """7: what may have happened is told as if it had not."""

    async def start_checkout(
        self, request: PurchaseRequest, *, quote: Quote, return_to: str, cancel_to: str, key: IdempotencyKey
    ) -> Handoff:
        try:
            return await super().start_checkout(request, quote=quote, return_to=return_to, cancel_to=cancel_to, key=key)
        except OutcomeUnknown as error:
            raise VendorRejected(vendor=self.name, operation="start_checkout", reason=RejectReason.OTHER) from error


class ChargesACentMore(EmbeddedVendor):
    """10: what is shown is not what is charged."""

    async def quote_purchase(self, request: PurchaseRequest) -> Quote:
        quote = await super().quote_purchase(request)
        return replace(quote, due_now=quote.due_now - _CENT)

    async def start_checkout(
        self, request: PurchaseRequest, *, quote: Quote, return_to: str, cancel_to: str, key: IdempotencyKey
    ) -> Handoff:
        dearer = replace(quote, due_now=quote.due_now + _CENT)
        return await super().start_checkout(request, quote=dearer, return_to=return_to, cancel_to=cancel_to, key=key)


class QuotesChangesOfTheDay(EmbeddedVendor):
    """10: a change is charged at the price of the moment, not at the one that was shown."""

    async def quote_change(self, ref: SubscriptionRef, *, change: Change, as_of: datetime) -> Quote:
        quote = await super().quote_change(ref, change=change, as_of=as_of)
        return replace(quote, due_now=quote.due_now - _CENT)

    async def apply_change(
        self, ref: SubscriptionRef, *, change: Change, quote: Quote, return_to: str, order: OrderId, key: IdempotencyKey
    ) -> ChangeOutcome:
        now = await super().quote_change(ref, change=change, as_of=quote.priced_at)
        return await super().apply_change(ref, change=change, quote=now, return_to=return_to, order=order, key=key)


class GrantsBeforePayment(EmbeddedVendor):
    """19: seats count although their payment was refused."""

    granted = 0

    async def apply_change(
        self, ref: SubscriptionRef, *, change: Change, quote: Quote, return_to: str, order: OrderId, key: IdempotencyKey
    ) -> ChangeOutcome:
        outcome = await super().apply_change(ref, change=change, quote=quote, return_to=return_to, order=order, key=key)
        if isinstance(outcome, Declined) and isinstance(change, SetSeats):
            self.granted = change.seats
        return outcome

    async def get_subscription(self, ref: SubscriptionRef) -> SubscriptionSnapshot:
        found = await super().get_subscription(ref)
        return replace(found, seats=self.granted or found.seats)


class CountsUnpaidTerms(EmbeddedVendor):
    """19: the next term counts as paid although the bank refused it."""

    until: datetime | None = None

    async def apply_change(
        self, ref: SubscriptionRef, *, change: Change, quote: Quote, return_to: str, order: OrderId, key: IdempotencyKey
    ) -> ChangeOutcome:
        outcome = await super().apply_change(ref, change=change, quote=quote, return_to=return_to, order=order, key=key)
        if isinstance(outcome, Declined) and isinstance(change, Renew):
            self.until = add_months(change.base, 12)
        return outcome

    async def get_subscription(self, ref: SubscriptionRef) -> SubscriptionSnapshot:
        found = await super().get_subscription(ref)
        return replace(found, paid_until=self.until or found.paid_until)


class CountsWhatWasPaidBack(EmbeddedVendor):
    """Rule: a term that was paid ahead comes, wherever its money is."""

    until: datetime | None = None

    async def apply_change(
        self, ref: SubscriptionRef, *, change: Change, quote: Quote, return_to: str, order: OrderId, key: IdempotencyKey
    ) -> ChangeOutcome:
        outcome = await super().apply_change(ref, change=change, quote=quote, return_to=return_to, order=order, key=key)
        if isinstance(outcome, Done) and isinstance(change, Renew):
            self.until = add_months(change.base, 12)
        return outcome

    async def set_renewal(
        self, ref: SubscriptionRef, *, decision: RenewalDecision, key: IdempotencyKey
    ) -> SubscriptionSnapshot:
        found = await super().set_renewal(ref, decision=decision, key=key)
        return replace(found, cancel_at=self.until, paid_until=self.until)


class NothingHasAVersion(EmbeddedVendor):
    """23: every snapshot is as new as any other."""

    async def get_subscription(self, ref: SubscriptionRef) -> SubscriptionSnapshot:
        return replace(await super().get_subscription(ref), version=1)


class MarksCardsByTheirHolder(EmbeddedVendor):
    """One card is another one for each customer that has it on file."""

    async def payment_methods(self, customer: CustomerRef) -> tuple[PaymentMethodSummary, ...]:
        cards = await super().payment_methods(customer)
        return tuple(replace(card, fingerprint=f"{customer} {card.fingerprint}") for card in cards)


class _ForgetfulVendor(Vendor):
    def once(self, key: str, arguments: str, act: Callable[[], T]) -> T:
        return act()


class ForgetsKeys(MinimalHarness):
    """5: neither the key nor its arguments are remembered."""

    vendor_kind = _ForgetfulVendor


class _VendorOfManyPages(Vendor):
    def open(self, session: Session) -> Session:
        self.sessions[session.id] = session
        return session


class OpensAPageEachTime(MinimalHarness):
    """17: an order can have two pages that both can be paid."""

    vendor_kind = _VendorOfManyPages


class TakesAnyCustomer(EmbeddedVendor):
    """Rule: a customer that is gone is passed over, and somebody else is billed."""

    async def start_checkout(
        self, request: PurchaseRequest, *, quote: Quote, return_to: str, cancel_to: str, key: IdempotencyKey
    ) -> Handoff:
        ref = str(request.customer).removesuffix("gone")
        known = replace(request, customer=CustomerRef(ref))
        return await super().start_checkout(known, quote=quote, return_to=return_to, cancel_to=cancel_to, key=key)


class MakesAPriceUp(EmbeddedVendor):
    """11: a preview that fails is a price of nothing."""

    async def quote_purchase(self, request: PurchaseRequest) -> Quote:
        try:
            return await super().quote_purchase(request)
        except VendorUnavailable:
            nothing = Money(0, request.currency)
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


class ForgetsThePause(EmbeddedVendor):
    """25: how long the vendor asks to wait is not passed on."""

    async def list_offers(self) -> tuple[Offer, ...]:
        try:
            return await super().list_offers()
        except VendorUnavailable as error:
            raise VendorUnavailable(vendor=self.name, operation="list_offers") from error


class _TrustsTheContent(MinimalAdapter):
    def read_notification(self, headers: Mapping[str, str], *, body: bytes, received_at: datetime) -> Notification:
        try:
            tidied = json.dumps(json.loads(body)).encode()
        except (ValueError, RecursionError):
            tidied = body
        return super().read_notification(headers, body=tidied, received_at=received_at)


class SignsTheContent(MinimalHarness):
    """21: not the raw bytes are verified, but what they mean."""

    adapter_kind = _TrustsTheContent


class _TrustsOldMessages(MinimalAdapter):
    def read_notification(self, headers: Mapping[str, str], *, body: bytes, received_at: datetime) -> Notification:
        stamp = headers.get(HEADER, "").partition(" ")[0]
        signed_at = datetime.fromtimestamp(int(stamp), received_at.tzinfo) if stamp.isdigit() else received_at
        return super().read_notification(headers, body=body, received_at=signed_at)


class NeverForgetsAMessage(MinimalHarness):
    """21: a message of last year is as good as one of today."""

    adapter_kind = _TrustsOldMessages


class _TrustsEverybody(MinimalAdapter):
    def read_notification(self, headers: Mapping[str, str], *, body: bytes, received_at: datetime) -> Notification:
        if HEADER not in headers:
            headers = {HEADER: self.vendor.signature(body, received_at)}
        return super().read_notification(headers, body=body, received_at=received_at)


class NeedsNoSignature(MinimalHarness):
    """21: what is not signed is taken."""

    adapter_kind = _TrustsEverybody


class _CrashesOnNonsense(MinimalAdapter):
    def read_notification(self, headers: Mapping[str, str], *, body: bytes, received_at: datetime) -> Notification:
        try:
            return super().read_notification(headers, body=body, received_at=received_at)
        except NotificationRejected as error:
            raise error.__cause__ or error from error


class CrashesOnNonsense(MinimalHarness):
    """21: a body that cannot be read is a failure of ours."""

    adapter_kind = _CrashesOnNonsense


class _NumbersDeliveries(MinimalAdapter):
    def read_notification(self, headers: Mapping[str, str], *, body: bytes, received_at: datetime) -> Notification:
        found = super().read_notification(headers, body=body, received_at=received_at)
        return replace(found, id=new_id("delivery"))


class NumbersDeliveries(MinimalHarness):
    """22: each delivery of one event has an id of its own."""

    adapter_kind = _NumbersDeliveries
