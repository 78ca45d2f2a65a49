"""What a change asks of a subscription's items, and whether the subscription is what the buyer was shown."""

from dataclasses import dataclass, replace

import stripe

from app.catalog.model import Catalog
from app.vendor_adapters.errors import RejectReason, VendorRejected
from app.vendor_adapters.stripe.errors import rejected
from app.vendor_adapters.stripe.names import CHANNEL, meta
from app.vendor_adapters.stripe.quotes import MAX_QUANTITY
from app.vendor_adapters.stripe.requests.subscriptions import NewItem
from app.vendor_adapters.stripe.translate.offers import Prices, is_plan, is_recurring
from app.vendor_adapters.stripe.translate.states import sales_channel, subscription_status
from app.vendor_adapters.stripe.translate.subscriptions import (
    Booking,
    billed_ahead,
    booking_of,
    key_of,
    our_items,
    paid_until,
)
from app.vendor_adapters.types import (
    AddPack,
    OfferKey,
    SalesChannel,
    SetSeats,
    SubscriptionStatus,
    SwitchOffer,
)

Running = SetSeats | SwitchOffer | AddPack
"""Changes of the term that runs, or booked for its end; ``prepaid`` works out what is paid for the one after it."""


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


def offers_of(change: Running) -> tuple[OfferKey, ...]:
    """Return the offers whose prices a change needs beside those that the subscription has."""
    return () if isinstance(change, SetSeats) else (change.offer,)


def plan_change(
    operation: str, subscription: stripe.Subscription, change: Running, prices: Prices, catalog: Catalog
) -> Plan:
    """Work a change out; STALE_STATE when the subscription is not what the buyer was shown."""
    items = our_items(subscription, catalog)
    if not items:
        raise rejected(operation, RejectReason.NOT_FOUND, "subscription", "not of our catalog")
    check_open(operation, subscription)
    check_not_paid_back(operation, subscription, items[0])
    is_growth = isinstance(change, SetSeats) and not change.at_renewal
    if billed_ahead(items[0]) is not None and not is_growth:
        detail = "its next term is paid: it changes when that begins"
        raise rejected(operation, RejectReason.STALE_STATE, "period", detail)
    work = _Work(operation, subscription, items, prices, catalog)
    match change:
        case SetSeats():
            return work.set_seats(change)
        case SwitchOffer():
            return work.switch_offer(change)
        case AddPack():
            return work.add_pack(change)


def check_open(operation: str, subscription: stripe.Subscription) -> None:
    """Refuse what somebody else sold, and what does not run."""
    check_direct(operation, subscription)
    status = subscription_status(subscription.status)
    if status is not SubscriptionStatus.ACTIVE:
        raise rejected(operation, RejectReason.STALE_STATE, "status", f"it is {status.value}")


def check_not_paid_back(operation: str, subscription: stripe.Subscription, main: stripe.SubscriptionItem) -> None:
    """Refuse what was billed in advance and paid back: Stripe counts it as billed, and bills it no second time.

    It ends with the term that runs, and can be taken up again then.
    """
    if billed_ahead(main) is not None and paid_until(subscription, main) is None:
        raise rejected(operation, RejectReason.NOT_SOLD, "period", "its next term was paid back")


def check_direct(operation: str, subscription: stripe.Subscription) -> None:
    """Refuse a subscription that somebody else sold."""
    if sales_channel(meta(subscription.metadata, CHANNEL)) is not SalesChannel.DIRECT:
        raise rejected(operation, RejectReason.NOT_SOLD, "channel", "its seller changes it")


def check_quantity(operation: str, quantity: int) -> None:
    """Refuse a number of seats or packs that nobody can have."""
    if not 1 <= quantity <= MAX_QUANTITY:
        raise rejected(operation, RejectReason.OTHER, "quantity")


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
        check_quantity(self.operation, change.seats)
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
        check_quantity(self.operation, change.seats)
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
        check_quantity(self.operation, change.base + change.quantity)
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

    def _no(self, reason: RejectReason, field: str, detail: str = "") -> VendorRejected:
        return rejected(self.operation, reason, field, detail)
