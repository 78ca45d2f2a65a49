"""The arithmetic of changes: what a subscription would be, and the credit and the charge of getting there."""

from dataclasses import dataclass, replace

from app.vendor_adapters.embedded import discounts, invoices, mirror
from app.vendor_adapters.embedded.desk import Desk
from app.vendor_adapters.embedded.model import BillLine, Item, Price, Renewal, Subscription
from app.vendor_adapters.embedded.pins import Pinned
from app.vendor_adapters.embedded.pricing import after_percentages, change_lines, value_left
from app.vendor_adapters.embedded.quotes import MAX_QUANTITY
from app.vendor_adapters.errors import RejectReason
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
    """What a change bills and what the subscription is after it.

    ``lines`` are before discounts, none for a change at renewal; ``dropped`` is the offer that goes away.
    """

    lines: tuple[BillLine, ...]
    items: tuple[Item, ...]
    renewal: Renewal | None
    unit_price: int
    dropped: str = ""


def plan_change(desk: Desk, subscription: Subscription, change: Running, pinned: Pinned | None = None) -> Plan:
    """Work a change out at ``desk.now``; STALE_STATE when the subscription is not what the buyer was shown."""
    _check_open(desk, subscription, change)
    match change:
        case SetSeats():
            return _set_seats(desk, subscription, change)
        case SwitchOffer():
            return _switch_offer(desk, subscription, change, pinned)
        case AddPack():
            return _add_pack(desk, subscription, change, pinned)


def renewed(main: Item, renewal: Renewal | None) -> Item:
    """Return what the main item will be after its term."""
    if renewal is None:
        return main
    return Item(offer=renewal.offer, quantity=renewal.quantity, unit_price=renewal.unit_price, net=0)


def check_direct(desk: Desk, subscription: Subscription) -> None:
    """Refuse a subscription that somebody else sold."""
    if subscription.channel is not SalesChannel.DIRECT:
        raise desk.rejected(RejectReason.NOT_SOLD, "channel", "its seller changes it")


def check_quantity(desk: Desk, quantity: int) -> None:
    """Refuse a number of seats or packs that nobody can have."""
    if not 1 <= quantity <= MAX_QUANTITY:
        raise desk.rejected(RejectReason.OTHER, "quantity")


def sold(desk: Desk, subscription: Subscription, offer: OfferKey, pinned: Pinned | None) -> Price:
    """Return the price that an offer is sold at, or was when it was shown."""
    price = mirror.price(desk, offer)
    if price.currency != subscription.currency:
        raise desk.rejected(RejectReason.CURRENCY, "offer")
    if not price.is_yearly:
        raise desk.rejected(RejectReason.NOT_SOLD, "offer", "it does not renew")
    if pinned is not None:
        return replace(price, unit_price=pinned.unit_prices[offer])
    if not price.is_offered:
        raise desk.rejected(RejectReason.NOT_SOLD, "offer")
    return price


def _check_open(desk: Desk, subscription: Subscription, change: Running) -> None:
    check_direct(desk, subscription)
    if subscription.status is not SubscriptionStatus.ACTIVE:
        raise desk.rejected(RejectReason.STALE_STATE, "status", f"it is {subscription.status.value}")
    if desk.now >= subscription.term.ends_at:
        raise desk.rejected(RejectReason.STALE_STATE, "period", "its term is over")
    if subscription.prepaid is not None and not (isinstance(change, SetSeats) and not change.at_renewal):
        raise desk.rejected(RejectReason.STALE_STATE, "period", "its next term is paid: it changes when that begins")


def _set_seats(desk: Desk, subscription: Subscription, change: SetSeats) -> Plan:
    main = subscription.main
    _check_base(desk, change.base == main.quantity, f"it has {main.quantity} seats")
    check_quantity(desk, change.seats)
    if change.at_renewal:
        booked = subscription.renewal or Renewal(offer=main.offer, quantity=main.quantity, unit_price=main.unit_price)
        return _at_renewal(subscription, replace(booked, quantity=change.seats))
    if change.seats <= main.quantity:
        raise desk.rejected(RejectReason.OTHER, "seats", "fewer seats count at renewal")
    after = _grown(desk, subscription, main, change.seats)
    return _grow(desk, subscription, main, after, (after, *subscription.packs))


def _switch_offer(desk: Desk, subscription: Subscription, change: SwitchOffer, pinned: Pinned | None) -> Plan:
    main = subscription.main
    _check_base(desk, change.base == main.offer, f"it is {main.offer}")
    check_quantity(desk, change.seats)
    unit_price = main.unit_price if change.offer == main.offer else _switch_price(desk, subscription, change, pinned)
    if change.at_renewal:
        return _at_renewal(subscription, Renewal(offer=change.offer, quantity=change.seats, unit_price=unit_price))
    if change.offer == main.offer or change.seats < main.quantity:
        raise desk.rejected(RejectReason.OTHER, "seats", "fewer seats count at renewal")
    after = _priced_item(desk, subscription, change.offer, change.seats, unit_price)
    credit = _credit(desk, subscription, main)
    charge = value_left(after, (), subscription.term, desk.now)
    if charge < credit:
        raise desk.rejected(RejectReason.OTHER, "offer", "a cheaper plan counts at renewal")
    return Plan(
        lines=change_lines(main, after, credit=credit, charge=charge, term=subscription.term, at=desk.now),
        items=(after, *subscription.packs),
        renewal=None,
        unit_price=unit_price,
        dropped=main.offer,
    )


def _add_pack(desk: Desk, subscription: Subscription, change: AddPack, pinned: Pinned | None) -> Plan:
    held = subscription.item(change.offer)
    _check_base(desk, change.base == (held.quantity if held else 0), "it has another number of packs")
    if change.quantity < 1 or change.offer == subscription.main.offer:
        raise desk.rejected(RejectReason.OTHER, "quantity")
    check_quantity(desk, change.base + change.quantity)
    if held:
        after = _grown(desk, subscription, held, change.base + change.quantity)
    else:
        price = sold(desk, subscription, change.offer, pinned)
        if price.is_plan:
            raise desk.rejected(RejectReason.NOT_SOLD, "offer", "a plan is no pack")
        after = _priced_item(desk, subscription, change.offer, change.quantity, price.unit_price)
    packs = (*(pack for pack in subscription.packs if pack.offer != change.offer), after)
    return _grow(desk, subscription, held, after, (subscription.main, *packs))


def _grow(desk: Desk, subscription: Subscription, before: Item | None, after: Item, items: tuple[Item, ...]) -> Plan:
    credit = _credit(desk, subscription, before) if before else 0
    charge = value_left(after, subscription.reductions_of(after.offer), subscription.term, desk.now)
    return Plan(
        lines=change_lines(before, after, credit=credit, charge=charge, term=subscription.term, at=desk.now),
        items=items,
        renewal=subscription.renewal,
        unit_price=after.unit_price,
    )


def _at_renewal(subscription: Subscription, booked: Renewal) -> Plan:
    main = subscription.main
    is_same = (booked.offer, booked.quantity) == (main.offer, main.quantity)
    return Plan(lines=(), items=subscription.items, renewal=None if is_same else booked, unit_price=booked.unit_price)


def _credit(desk: Desk, subscription: Subscription, item: Item) -> int:
    worth = value_left(item, subscription.reductions_of(item.offer), subscription.term, desk.now)
    return min(worth, max(0, invoices.cash_of_term(desk, subscription)))


def _grown(desk: Desk, subscription: Subscription, item: Item, quantity: int) -> Item:
    after = _priced_item(desk, subscription, item.offer, quantity, item.unit_price)
    # shares of a discount over several lines may be a cent apart: more of something never costs less
    return replace(after, net=max(item.net, after.net))


def _priced_item(desk: Desk, subscription: Subscription, offer: str, quantity: int, unit_price: int) -> Item:
    item = Item(offer=offer, quantity=quantity, unit_price=unit_price, net=0)
    in_force = [discount for discount, _ in discounts.lasting(desk, subscription.ref)]
    return replace(item, net=after_percentages(item.gross(subscription.term.years), in_force, offer))


def _switch_price(desk: Desk, subscription: Subscription, change: SwitchOffer, pinned: Pinned | None) -> int:
    price = sold(desk, subscription, change.offer, pinned)
    if price.is_plan != mirror.price(desk, subscription.main.offer).is_plan:
        raise desk.rejected(RejectReason.NOT_SOLD, "offer", "a plan stays a plan")
    return price.unit_price


def _check_base(desk: Desk, is_same: bool, detail: str) -> None:
    if not is_same:
        raise desk.rejected(RejectReason.STALE_STATE, "base", detail)
