"""Changes of a running subscription: quoted by the day, honoured as quoted, and made once they are paid."""

from datetime import datetime, timedelta

from sqlalchemy import RowMapping, insert, select

from app.core.clock import midnight
from app.vendor_adapters.embedded import customers, discounts, lines, pins, prepaid, quotes, subscriptions, tokens
from app.vendor_adapters.embedded.change_plans import Plan, plan_change, renewed
from app.vendor_adapters.embedded.checkouts import Checkout
from app.vendor_adapters.embedded.desk import Desk
from app.vendor_adapters.embedded.model import Bill, Subscription, Term
from app.vendor_adapters.embedded.pricing import next_term, with_discounts
from app.vendor_adapters.embedded.schema import changes
from app.vendor_adapters.errors import RejectReason, VendorRejected
from app.vendor_adapters.types import (
    AddPack,
    Change,
    LineKind,
    NextCharge,
    OfferKey,
    PurchaseItem,
    Quote,
    Renew,
    SetSeats,
    SubscriptionStatus,
    SwitchOffer,
)


def quote_change(desk: Desk, ref: str, change: Change, as_of: datetime) -> Quote:
    """Return what ``change`` costs at ``as_of``; a quote ends with its day, because the next one costs less."""
    subscription = subscriptions.load(desk, ref)
    plan = _plan(desk.at(as_of), subscription, change)
    bill = _bill(desk, subscription, change, plan)
    return quotes.show(
        bill,
        next_charges=_next_charges(desk, subscription, change, plan, bill),
        priced_at=as_of,
        expires_at=_expiry(desk, as_of),
        token=pins.make(desk, "change", tokens.digest(ref, change), as_of, {_priced(change): plan.unit_price}),
    )


def honoured(desk: Desk, ref: str, change: Change, quote: Quote) -> tuple[Bill, pins.Pinned]:
    """Return the bill that ``quote`` showed and what it pins; refused when it is too old or its base has moved."""
    pinned = pins.read(desk, "change", tokens.digest(ref, change), quote.token)
    if desk.now >= _expiry(desk, pinned.at):
        raise desk.rejected(RejectReason.QUOTE_EXPIRED, detail="the quote is too old")
    subscription = subscriptions.load(desk, ref)
    plan = _plan(desk.at(pinned.at), subscription, change, pinned)
    try:
        bill = _bill(desk, subscription, change, plan)
    except VendorRejected as error:
        raise desk.rejected(RejectReason.QUOTE_EXPIRED, detail=error.detail) from error
    if bill.total and bill.tax_rule is None:
        raise desk.rejected(RejectReason.INVALID_ADDRESS, "address")
    return quotes.same_total(desk, bill, quote), pinned


def remember(desk: Desk, checkout: str, ref: str, change: Change, pinned: pins.Pinned) -> None:
    """Keep what a checkout will change once it is paid."""
    kind, base, quantity = _stored(change)
    desk.connection.execute(
        insert(changes).values(
            checkout=checkout,
            subscription=ref,
            kind=kind,
            offer=_priced(change),
            base=base,
            quantity=quantity,
            at_renewal=isinstance(change, SetSeats | SwitchOffer) and change.at_renewal,
            as_of=pinned.at,
            unit_price=pinned.unit_prices[_priced(change)],
            packs=_packed(change),
        )
    )


def take_effect(desk: Desk, checkout: Checkout) -> Term:
    """Make the change that ``checkout`` has paid for, and return the term that the money is for.

    STALE_STATE, and nothing done, when its base has moved.
    """
    row = desk.connection.execute(select(changes).where(changes.c.checkout == checkout.ref)).mappings().one()
    subscription = subscriptions.load(desk, row["subscription"])
    pinned = pins.Pinned(row["as_of"], {row["offer"]: row["unit_price"]})
    change = _restored(row)
    plan = _plan(desk.at(pinned.at), subscription, change, pinned)
    if plan.lines != tuple(line for line in checkout.bill.lines if line.kind is not LineKind.DISCOUNT):
        raise desk.rejected(RejectReason.STALE_STATE, "base", "it costs something else by now")
    if isinstance(change, Renew):
        return prepaid.paid(desk, subscription, checkout)
    subscriptions.save_items(desk, subscription.ref, plan.items)
    if plan.dropped:
        subscriptions.drop_reductions(desk, subscription.ref, plan.dropped)
    for line in checkout.bill.lines:
        if line.kind is LineKind.DISCOUNT:
            subscriptions.add_reduction(desk, subscription.ref, line)
    ahead = subscription.prepaid
    kept = prepaid.booked_beside(desk, ahead, plan.items[0]) if ahead else plan.renewal
    subscriptions.touch(desk, subscription, subscriptions.booked(kept), checkout.order)
    return subscription.term


def _plan(desk: Desk, subscription: Subscription, change: Change, pinned: pins.Pinned | None = None) -> Plan:
    if isinstance(change, Renew):
        return prepaid.plan(desk, subscription, change, pinned)
    return plan_change(desk, subscription, change, pinned)


def _bill(desk: Desk, subscription: Subscription, change: Change, plan: Plan) -> Bill:
    buyer = customers.get(desk, subscription.customer)
    used = discounts.usable(desk, change.discounts, subscription.currency)
    if isinstance(change, Renew):
        used = (*prepaid.lasting(desk, subscription), *used)
    return Bill(
        currency=subscription.currency,
        lines=with_discounts(plan.lines, used),
        tax_rule=quotes.tax_rule(desk, customers.address(buyer), customers.tax_id(buyer)),
    )


def _next_charges(
    desk: Desk, subscription: Subscription, change: Change, plan: Plan, bill: Bill
) -> tuple[NextCharge, ...]:
    if not _renews(desk, subscription):
        return ()
    main, *packs = plan.items
    items, term, terms_before = (renewed(main, plan.renewal), *packs), next_term(subscription.term), 1
    if isinstance(change, Renew):
        items, term, terms_before = plan.items, next_term(prepaid.to_pay(desk, subscription)), 2
    elif subscription.prepaid:
        items, term, terms_before = prepaid.items_of(lines.load(desk, subscription.prepaid)), next_term(term), 2
    later = [
        (discount, None if left is None else left - terms_before)
        for discount, left in discounts.lasting(desk, subscription.ref)
    ]
    return quotes.charges_to_come(items, term, later, bill)


def _renews(desk: Desk, subscription: Subscription) -> bool:
    """What has ended renews as usual once it is taken up again; the choice of a running one stands."""
    if subscription.status is SubscriptionStatus.CANCELLED:
        return desk.settings.renews
    return subscription.cancel_at is None


def _expiry(desk: Desk, as_of: datetime) -> datetime:
    return min(as_of + desk.settings.quote_ttl, midnight(as_of) + timedelta(days=1))


def _priced(change: Change) -> str:
    return "" if isinstance(change, SetSeats) else change.offer


def _stored(change: Change) -> tuple[str, str, int]:
    match change:
        case SetSeats():
            return "seats", str(change.base), change.seats
        case SwitchOffer():
            return "switch", change.base, change.seats
        case AddPack():
            return "pack", str(change.base), change.quantity
        case Renew():
            return "renew", change.base.isoformat(), change.seats


def _packed(change: Change) -> str:
    packs = change.packs if isinstance(change, Renew) else ()
    return "\n".join(f"{pack.offer} {pack.quantity}" for pack in packs)


def _unpacked(text: str) -> tuple[PurchaseItem, ...]:
    rows = (line.split(" ") for line in text.splitlines())
    return tuple(PurchaseItem(offer=OfferKey(offer), quantity=int(quantity)) for offer, quantity in rows)


def _restored(row: RowMapping) -> Change:
    match row["kind"]:
        case "seats":
            return SetSeats(base=int(row["base"]), seats=row["quantity"], at_renewal=row["at_renewal"])
        case "switch":
            return SwitchOffer(
                base=OfferKey(row["base"]),
                offer=OfferKey(row["offer"]),
                seats=row["quantity"],
                at_renewal=row["at_renewal"],
            )
        case "renew":
            return Renew(
                base=datetime.fromisoformat(row["base"]),
                offer=OfferKey(row["offer"]),
                seats=row["quantity"],
                packs=_unpacked(row["packs"]),
            )
        case _:
            return AddPack(offer=OfferKey(row["offer"]), base=int(row["base"]), quantity=row["quantity"])
