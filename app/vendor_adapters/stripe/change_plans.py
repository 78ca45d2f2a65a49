"""What a change asks of a subscription's items, and whether the subscription is what the buyer was shown."""

from dataclasses import dataclass, replace

import stripe

from app.catalog.model import Catalog
from app.vendor_adapters.capabilities import Capability
from app.vendor_adapters.errors import NotSupported, RejectReason, VendorRejected
from app.vendor_adapters.stripe.errors import rejected
from app.vendor_adapters.stripe.names import CHANNEL, NAME, meta
from app.vendor_adapters.stripe.quotes import MAX_QUANTITY
from app.vendor_adapters.stripe.requests.subscriptions import NewItem
from app.vendor_adapters.stripe.translate.offers import Prices, is_plan, is_recurring
from app.vendor_adapters.stripe.translate.states import sales_channel, subscription_status
from app.vendor_adapters.stripe.translate.subscriptions import Booking, booking_of, key_of, our_items
from app.vendor_adapters.types import (
    AddPack,
    Change,
    OfferKey,
    Renew,
    SalesChannel,
    SetSeats,
    SubscriptionStatus,
    SwitchOffer,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A change worked out.

    Attributes:
        item: what it makes or changes now; None for a change at renewal. booking: what the main item will be after
            the term, None when it stays as it is then.
    """

    main: stripe.SubscriptionItem
    item: NewItem | None
    booking: Booking | None

    def renewed(self) -> tuple[NewItem, ...]:
        """Return the items that the renewal bills in another way than what is there now."""
        if self.booking is None:
            return (self.item,) if self.item else ()
        main = NewItem(item=self.main.id, price=self.booking.price, quantity=self.booking.quantity)
        is_pack = self.item is not None and self.item.item != self.main.id
        return (main, self.item) if is_pack and self.item else (main,)


def offers_of(change: Change) -> tuple[OfferKey, ...]:
    """Return the offers whose prices a change needs beside those that the subscription has."""
    return () if isinstance(change, SetSeats) else (change.offer,)


def plan_change(
    operation: str, subscription: stripe.Subscription, change: Change, prices: Prices, catalog: Catalog
) -> Plan:
    """Work a change out; STALE_STATE when the subscription is not what the buyer was shown."""
    items = our_items(subscription, catalog)
    if not items:
        raise rejected(operation, RejectReason.NOT_FOUND, "subscription", "not of our catalog")
    _check_open(operation, subscription)
    work = _Work(operation, subscription, items, prices, catalog)
    match change:
        case SetSeats():
            return work.set_seats(change)
        case SwitchOffer():
            return work.switch_offer(change)
        case AddPack():
            return work.add_pack(change)
        case Renew():
            raise NotSupported(vendor=NAME, operation=operation, detail=Capability.PAID_RENEWAL.value)


@dataclass(frozen=True, slots=True)
class _Work:
    operation: str
    subscription: stripe.Subscription
    items: list[stripe.SubscriptionItem]
    prices: Prices
    catalog: Catalog

    def set_seats(self, change: SetSeats) -> Plan:
        main = self.items[0]
        self._check_base(change.base == main.quantity)
        self._check_quantity(change.seats)
        booking = booking_of(self.subscription, main)
        if change.at_renewal:
            as_it_is = Booking(price=main.price.id, offer=key_of(main), quantity=main.quantity or 0)
            return self._booked(main, replace(booking or as_it_is, quantity=change.seats))
        if change.seats <= change.base:
            raise self._no(RejectReason.OTHER, "seats", "fewer seats count at renewal")
        item = NewItem(item=main.id, price=main.price.id, quantity=change.seats)
        return Plan(main=main, item=item, booking=booking)

    def switch_offer(self, change: SwitchOffer) -> Plan:
        main = self.items[0]
        self._check_base(change.base == key_of(main))
        self._check_quantity(change.seats)
        is_same = change.offer == key_of(main)
        price = main.price if is_same else self._sold(change.offer)
        if is_plan(self.catalog, change.offer) != is_plan(self.catalog, key_of(main)):
            raise self._no(RejectReason.NOT_SOLD, "offer", "a plan stays a plan")
        if change.at_renewal:
            return self._booked(main, Booking(price=price.id, offer=change.offer, quantity=change.seats))
        if is_same or change.seats < (main.quantity or 0):
            raise self._no(RejectReason.OTHER, "seats", "fewer seats count at renewal")
        return Plan(main=main, item=NewItem(item=main.id, price=price.id, quantity=change.seats), booking=None)

    def add_pack(self, change: AddPack) -> Plan:
        main, *packs = self.items
        held = next((pack for pack in packs if key_of(pack) == change.offer), None)
        self._check_base(change.base == (held.quantity if held else 0))
        if change.quantity < 1 or change.offer == key_of(main):
            raise self._no(RejectReason.OTHER, "quantity")
        self._check_quantity(change.base + change.quantity)
        if held is None and is_plan(self.catalog, change.offer):
            raise self._no(RejectReason.NOT_SOLD, "offer", "a plan is no pack")
        price = held.price if held else self._sold(change.offer)
        item = NewItem(item=held.id if held else "", price=price.id, quantity=change.base + change.quantity)
        return Plan(main=main, item=item, booking=booking_of(self.subscription, main))

    def _booked(self, main: stripe.SubscriptionItem, wanted: Booking) -> Plan:
        is_same = (wanted.price, wanted.quantity) == (main.price.id, main.quantity)
        return Plan(main=main, item=None, booking=None if is_same else wanted)

    def _sold(self, offer: OfferKey) -> stripe.Price:
        price = self.prices.by_key.get(offer)
        if price is None:
            raise self._no(RejectReason.NOT_FOUND, "offer")
        if price.currency != self.subscription.currency:
            raise self._no(RejectReason.CURRENCY, "offer")
        if not price.active or not is_recurring(price):
            raise self._no(RejectReason.NOT_SOLD, "offer")
        return price

    def _check_base(self, is_same: bool) -> None:
        if not is_same:
            raise self._no(RejectReason.STALE_STATE, "base")

    def _check_quantity(self, quantity: int) -> None:
        if not 1 <= quantity <= MAX_QUANTITY:
            raise self._no(RejectReason.OTHER, "quantity")

    def _no(self, reason: RejectReason, field: str, detail: str = "") -> VendorRejected:
        return rejected(self.operation, reason, field, detail)


def _check_open(operation: str, subscription: stripe.Subscription) -> None:
    if sales_channel(meta(subscription.metadata, CHANNEL)) is not SalesChannel.DIRECT:
        raise rejected(operation, RejectReason.NOT_SOLD, "channel", "its seller changes it")
    status = subscription_status(subscription.status)
    if status is not SubscriptionStatus.ACTIVE:
        raise rejected(operation, RejectReason.STALE_STATE, "status", f"it is {status.value}")
