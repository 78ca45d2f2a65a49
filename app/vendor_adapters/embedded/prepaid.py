"""Terms that are paid by hand: before their day they wait for it, and after the last term has ended they begin at once
and without a gap."""

from dataclasses import replace

from app.vendor_adapters.embedded import checkouts, discounts, invoices, lines, mirror, subscriptions
from app.vendor_adapters.embedded.change_plans import Plan, check_direct, check_quantity, sold
from app.vendor_adapters.embedded.checkouts import Checkout
from app.vendor_adapters.embedded.desk import Desk
from app.vendor_adapters.embedded.model import BillLine, Discount, Item, Renewal, Subscription, Term
from app.vendor_adapters.embedded.pins import Pinned
from app.vendor_adapters.embedded.pricing import next_term, renewal_lines
from app.vendor_adapters.embedded.subscriptions import Value
from app.vendor_adapters.errors import RejectReason
from app.vendor_adapters.types import LineKind, PurchaseItem, Renew, SubscriptionStatus


def plan(desk: Desk, subscription: Subscription, change: Renew, pinned: Pinned | None = None) -> Plan:
    """Work out what the next term costs; STALE_STATE when that term is not the one that the buyer was shown."""
    term = to_pay(desk, subscription)
    if change.base != term.starts_at:
        raise desk.rejected(RejectReason.STALE_STATE, "base", f"it is paid until {term.starts_at.isoformat()}")
    main = _main(desk, subscription, change, pinned)
    packs = tuple(_pack(desk, subscription, pack) for pack in change.packs)
    items = (main, *packs)
    if len({item.offer for item in items}) < len(items):
        raise desk.rejected(RejectReason.OTHER, "packs", "one line for each add-on")
    return Plan(lines=renewal_lines(items, term), items=items, renewal=None, unit_price=main.unit_price)


def to_pay(desk: Desk, subscription: Subscription) -> Term:
    """Return the term that can be paid next; refused while nothing can be paid, because it is paid or owed already."""
    check_direct(desk, subscription)
    term = subscription.term
    if subscription.prepaid is not None:
        raise desk.rejected(RejectReason.STALE_STATE, "base", "the next term is paid")
    if subscription.status is SubscriptionStatus.ACTIVE:
        return next_term(term)
    if subscription.status is not SubscriptionStatus.CANCELLED:
        raise desk.rejected(RejectReason.STALE_STATE, "status", f"it is {subscription.status.value}")
    if invoices.is_given_up(desk, subscription):
        return term
    if subscription.cancel_at is not None and subscription.cancel_at < term.ends_at:
        raise desk.rejected(RejectReason.STALE_STATE, "status", "it was ended early")
    return next_term(term)


def lasting(desk: Desk, subscription: Subscription) -> tuple[Discount, ...]:
    """Return the discounts that are still in force in the next term."""
    return tuple(discount for discount, left in discounts.lasting(desk, subscription.ref) if left is None or left > 1)


def paid(desk: Desk, subscription: Subscription, checkout: Checkout) -> Term:
    """Let a term that was paid count, on its day or at once; return it."""
    term = to_pay(desk, subscription)
    if subscription.status is SubscriptionStatus.CANCELLED:
        _begin(desk, subscription, checkout.bill.lines, term, renews=desk.settings.renews)
        return term
    waits: dict[str, Value] = {"prepaid_checkout": checkout.ref}
    if subscription.cancel_at is not None:
        waits["cancel_at"] = term.ends_at
    booked = _booked(subscription.main, checkout.bill.lines)
    subscriptions.touch(desk, subscription, waits | subscriptions.booked(booked), checkout.order)
    return term


def booked_beside(desk: Desk, checkout: str, main: Item) -> Renewal | None:
    """Return what a term that ``checkout`` has paid will be, None where that is the same as ``main``."""
    return _booked(main, lines.load(desk, checkout))


def begin(desk: Desk, subscription: Subscription) -> None:
    """Begin the term that was paid before its day."""
    bill_lines = lines.load(desk, subscription.prepaid or "")
    _begin(desk, subscription, bill_lines, next_term(subscription.term), renews=subscription.cancel_at is None)


def give_back(desk: Desk, checkout: str) -> None:
    """Take back a term that was paid before its day, because all of it was refunded."""
    ref = checkouts.load(desk, checkout).subscription
    subscription = subscriptions.load(desk, ref) if ref else None
    if subscription is None or subscription.prepaid != checkout:
        return
    taken: dict[str, Value] = {"prepaid_checkout": None}
    if subscription.cancel_at is not None:
        taken["cancel_at"] = subscription.term.ends_at
    subscriptions.touch(desk, subscription, taken | subscriptions.booked(None))


def items_of(bill_lines: tuple[BillLine, ...]) -> tuple[Item, ...]:
    """Return what the lines of a paid term bill, the plan first."""
    return tuple(
        Item(offer=line.offer, quantity=line.quantity, unit_price=line.unit_price, net=line.amount)
        for line in bill_lines
        if line.kind is LineKind.PURCHASE
    )


def _begin(
    desk: Desk, subscription: Subscription, bill_lines: tuple[BillLine, ...], term: Term, *, renews: bool
) -> None:
    discounts.spend_term(desk, subscription.ref)
    subscriptions.bill_term(desk, subscription.ref, bill_lines)
    begun: dict[str, Value] = {
        "status": SubscriptionStatus.ACTIVE.value,
        "starts_at": term.starts_at,
        "ends_at": term.ends_at,
        "cancel_at": None if renews else term.ends_at,
        "prepaid_checkout": None,
    }
    subscriptions.touch(desk, subscription, begun | subscriptions.booked(None))


def _main(desk: Desk, subscription: Subscription, change: Renew, pinned: Pinned | None) -> Item:
    main = subscription.main
    check_quantity(desk, change.seats)
    if change.offer == main.offer:
        return replace(main, quantity=change.seats)
    price = sold(desk, subscription, change.offer, pinned)
    if price.is_plan != mirror.price(desk, main.offer).is_plan:
        raise desk.rejected(RejectReason.NOT_SOLD, "offer", "a plan stays a plan")
    return Item(offer=change.offer, quantity=change.seats, unit_price=price.unit_price, net=0)


def _pack(desk: Desk, subscription: Subscription, wanted: PurchaseItem) -> Item:
    held = next((pack for pack in subscription.packs if pack.offer == wanted.offer), None)
    if held is None:
        raise desk.rejected(RejectReason.NOT_SOLD, "packs", "it has no such add-on to renew")
    check_quantity(desk, wanted.quantity)
    return replace(held, quantity=wanted.quantity)


def _booked(main: Item, bill_lines: tuple[BillLine, ...]) -> Renewal | None:
    paid_for = items_of(bill_lines)[0]
    if (paid_for.offer, paid_for.quantity) == (main.offer, main.quantity):
        return None
    return Renewal(offer=paid_for.offer, quantity=paid_for.quantity, unit_price=paid_for.unit_price)
