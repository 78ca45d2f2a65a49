"""Adapters that are wrong about subscriptions and about what the vendor tells (checks 18, 21, 23, 24)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from app.core.clock import add_months
from app.vendor_adapters.conformance.buyer import new_key
from app.vendor_adapters.conformance.offers import MINUTES, OREGON
from app.vendor_adapters.embedded import EmbeddedVendor
from app.vendor_adapters.errors import RejectReason, VendorRejected
from app.vendor_adapters.types import (
    AddPack,
    Change,
    ChangeOutcome,
    CheckoutSnapshot,
    CheckoutState,
    CustomerRef,
    IdempotencyKey,
    NeedsAction,
    Notification,
    NotificationKind,
    OrderId,
    Page,
    Period,
    PurchaseItem,
    PurchaseRequest,
    Quote,
    SetSeats,
    SubscriptionRef,
    SubscriptionSnapshot,
)


class _Remembering(EmbeddedVendor):
    """Keeps what it saw first of each subscription, which an adapter must not."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.first: dict[SubscriptionRef, SubscriptionSnapshot] = {}

    async def get_subscription(self, ref: SubscriptionRef) -> SubscriptionSnapshot:
        found = await super().get_subscription(ref)
        return self.shown(found, self.first.setdefault(ref, found))

    def shown(self, found: SubscriptionSnapshot, first: SubscriptionSnapshot) -> SubscriptionSnapshot:
        """Return what is told."""
        return found


class SeatsWaitForRenewal(_Remembering):
    """18: seats that were paid for today count next year."""

    def shown(self, found: SubscriptionSnapshot, first: SubscriptionSnapshot) -> SubscriptionSnapshot:
        return replace(found, seats=first.seats)


class StartsTheTermAnew(_Remembering):
    """18: a higher plan begins a year of its own."""

    def shown(self, found: SubscriptionSnapshot, first: SubscriptionSnapshot) -> SubscriptionSnapshot:
        if found.offer == first.offer:
            return found
        now = found.observed_at
        return replace(found, period=Period(starts_at=now, ends_at=add_months(now, 13)))


class TakesAtOnce(_Remembering):
    """18: what was booked for the renewal is taken away today."""

    def shown(self, found: SubscriptionSnapshot, first: SubscriptionSnapshot) -> SubscriptionSnapshot:
        if found.renews_as is None:
            return found
        return replace(found, offer=found.renews_as.offer, seats=found.renews_as.quantity)


class ReplacesPacks(EmbeddedVendor):
    """18: the packs of today are all that there are."""

    latest: tuple[PurchaseItem, ...] = ()

    async def apply_change(
        self, ref: SubscriptionRef, *, change: Change, quote: Quote, return_to: str, order: OrderId, key: IdempotencyKey
    ) -> ChangeOutcome:
        outcome = await super().apply_change(ref, change=change, quote=quote, return_to=return_to, order=order, key=key)
        if isinstance(change, AddPack):
            self.latest = (PurchaseItem(offer=change.offer, quantity=change.quantity),)
        return outcome

    async def get_subscription(self, ref: SubscriptionRef) -> SubscriptionSnapshot:
        found = await super().get_subscription(ref)
        return replace(found, packs=self.latest or found.packs)


class OverrulesOthers(EmbeddedVendor):
    """18: who decided on what is not there any more is charged for what is."""

    async def apply_change(
        self, ref: SubscriptionRef, *, change: Change, quote: Quote, return_to: str, order: OrderId, key: IdempotencyKey
    ) -> ChangeOutcome:
        try:
            return await super().apply_change(
                ref, change=change, quote=quote, return_to=return_to, order=order, key=key
            )
        except VendorRejected as refused:
            is_moved = refused.reason in (RejectReason.STALE_STATE, RejectReason.QUOTE_EXPIRED)
            if not is_moved or not isinstance(change, SetSeats):
                raise
        there = await self.get_subscription(ref)
        anew = replace(change, base=there.seats)
        now = await self.quote_change(ref, change=anew, as_of=there.observed_at)
        return await super().apply_change(ref, change=anew, quote=now, return_to=return_to, order=order, key=key)


class GrantsWhileTheBankAsks(EmbeddedVendor):
    """16: seats count while the bank still wants to hear from the buyer."""

    granted = 0

    async def apply_change(
        self, ref: SubscriptionRef, *, change: Change, quote: Quote, return_to: str, order: OrderId, key: IdempotencyKey
    ) -> ChangeOutcome:
        outcome = await super().apply_change(ref, change=change, quote=quote, return_to=return_to, order=order, key=key)
        if isinstance(outcome, NeedsAction) and isinstance(change, SetSeats):
            self.granted = change.seats
        return outcome

    async def get_subscription(self, ref: SubscriptionRef) -> SubscriptionSnapshot:
        found = await super().get_subscription(ref)
        return replace(found, seats=self.granted or found.seats)


class TellsTheEventsName(EmbeddedVendor):
    """21: not what changed is told, but which event said so."""

    def read_notification(self, headers: Mapping[str, str], *, body: bytes, received_at: datetime) -> Notification:
        found = super().read_notification(headers, body=body, received_at=received_at)
        return replace(found, subject=found.id)


class ReadsFromACache(_Remembering):
    """23: what was seen once is told for ever."""

    def shown(self, found: SubscriptionSnapshot, first: SubscriptionSnapshot) -> SubscriptionSnapshot:
        return first


class HearsNothing(EmbeddedVendor):
    """23: every message is of a kind that does not matter."""

    def read_notification(self, headers: Mapping[str, str], *, body: bytes, received_at: datetime) -> Notification:
        found = super().read_notification(headers, body=body, received_at=received_at)
        return replace(found, kind=NotificationKind.IGNORED)


class ListsNothing(EmbeddedVendor):
    """24: the list of changes is empty."""

    async def changes_since(self, cursor: str) -> Page[Notification]:
        return Page(())


class ListsFromTheStart(EmbeddedVendor):
    """24: the list begins anew each time."""

    async def changes_since(self, cursor: str) -> Page[Notification]:
        return await super().changes_since("")


class FindsOpenPagesOnly(EmbeddedVendor):
    """24: an order whose payment was not heard of stays open for ever."""

    async def find_checkouts(self, order: OrderId) -> tuple[CheckoutSnapshot, ...]:
        found = await super().find_checkouts(order)
        return tuple(one for one in found if one.state is CheckoutState.OPEN)


class ForgetsTheSubject(EmbeddedVendor):
    """Rule: what a subscription is for is not told."""

    async def get_subscription(self, ref: SubscriptionRef) -> SubscriptionSnapshot:
        return replace(await super().get_subscription(ref), subject="")


class ForgetsTheOrder(EmbeddedVendor):
    """Rule: which order made a subscription is not told."""

    async def list_subscriptions(self, customer: CustomerRef) -> tuple[SubscriptionSnapshot, ...]:
        found = await super().list_subscriptions(customer)
        return tuple(replace(one, order=OrderId("")) for one in found)


class GrantsALateYes(EmbeddedVendor):
    """Rule: what was asked for first counts in the end, whatever came between."""

    asked = 0

    async def apply_change(
        self, ref: SubscriptionRef, *, change: Change, quote: Quote, return_to: str, order: OrderId, key: IdempotencyKey
    ) -> ChangeOutcome:
        outcome = await super().apply_change(ref, change=change, quote=quote, return_to=return_to, order=order, key=key)
        if isinstance(outcome, NeedsAction) and isinstance(change, SetSeats):
            self.asked = change.seats
        return outcome

    async def get_subscription(self, ref: SubscriptionRef) -> SubscriptionSnapshot:
        found = await super().get_subscription(ref)
        return replace(found, seats=self.asked if found.seats == 11 else found.seats)


class TakesALateYes(EmbeddedVendor):
    """Rule: what the bank asks about is a page of its own, which can be paid whatever came between."""

    async def apply_change(
        self, ref: SubscriptionRef, *, change: Change, quote: Quote, return_to: str, order: OrderId, key: IdempotencyKey
    ) -> ChangeOutcome:
        outcome = await super().apply_change(ref, change=change, quote=quote, return_to=return_to, order=order, key=key)
        if not isinstance(outcome, NeedsAction):
            return outcome
        request = PurchaseRequest(
            order=order,
            customer=(await self.get_subscription(ref)).customer,
            currency="usd",
            items=(PurchaseItem(offer=MINUTES, quantity=3),),
            address=OREGON,
        )
        price = await self.quote_purchase(request)
        page = await self.start_checkout(
            request, quote=price, return_to=return_to, cancel_to=return_to, key=new_key("start_checkout")
        )
        return NeedsAction(checkout=page.ref, url=page.url)
