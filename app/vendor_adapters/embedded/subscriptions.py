"""Subscriptions: what was bought and goes on, with a version that every change moves on."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import RowMapping, delete, insert, select, update

from app.core.ids import new_id
from app.core.money import Money
from app.vendor_adapters.embedded import discounts, events, mirror
from app.vendor_adapters.embedded.desk import Desk
from app.vendor_adapters.embedded.model import BillLine, Item, Reduction, Renewal, Subscription, Term
from app.vendor_adapters.embedded.pricing import next_term
from app.vendor_adapters.embedded.schema import items, reductions, subscription_discounts, subscriptions
from app.vendor_adapters.errors import RejectReason
from app.vendor_adapters.types import (
    Arrangement,
    CustomerRef,
    LineKind,
    NotificationKind,
    OfferKey,
    OrderId,
    Period,
    PurchaseItem,
    SalesChannel,
    SubscriptionRef,
    SubscriptionSnapshot,
    SubscriptionStatus,
)

Value = str | int | datetime | None


def load(desk: Desk, ref: str) -> Subscription:
    """Return a subscription, or say that there is none."""
    row = desk.connection.execute(select(subscriptions).where(subscriptions.c.ref == ref)).mappings().one_or_none()
    if row is None:
        raise desk.rejected(RejectReason.NOT_FOUND, "subscription")
    return _subscription(desk, row)


def list_of(desk: Desk, customer: str) -> tuple[Subscription, ...]:
    """Return all subscriptions of a customer, oldest first."""
    query = select(subscriptions).where(subscriptions.c.customer == customer).order_by(subscriptions.c.id)
    return tuple(_subscription(desk, row) for row in desk.connection.execute(query).mappings().all())


def snapshot(desk: Desk, subscription: Subscription) -> SubscriptionSnapshot:
    """Return a subscription as the port speaks of it."""
    renewal = subscription.renewal
    return SubscriptionSnapshot(
        ref=SubscriptionRef(subscription.ref),
        customer=CustomerRef(subscription.customer),
        order=OrderId(subscription.order),
        subject=subscription.subject,
        status=subscription.status,
        offer=OfferKey(subscription.main.offer),
        seats=subscription.main.quantity,
        unit_price=Money(subscription.main.unit_price, subscription.currency),
        period=Period(starts_at=subscription.term.starts_at, ends_at=subscription.term.ends_at),
        cancel_at=subscription.cancel_at,
        renews_as=PurchaseItem(offer=OfferKey(renewal.offer), quantity=renewal.quantity) if renewal else None,
        packs=tuple(PurchaseItem(offer=OfferKey(item.offer), quantity=item.quantity) for item in subscription.packs),
        channel=subscription.channel,
        sold_by=subscription.sold_by,
        sold_by_contact=subscription.sold_by_contact,
        version=subscription.version,
        observed_at=desk.now,
        arrangement=subscription.arrangement,
        paid_until=next_term(subscription.term).ends_at if subscription.prepaid else None,
    )


def add(
    desk: Desk,
    *,
    order: str,
    customer: str,
    subject: str,
    currency: str,
    term: Term,
    lines: Iterable[BillLine],
    renews: bool,
    channel: SalesChannel = SalesChannel.DIRECT,
    sold_by: str = "",
    sold_by_contact: str = "",
    arrangement: Arrangement = Arrangement.CARD,
) -> str:
    """Begin a subscription with the yearly items that ``lines`` bill for ``term``, and return its ref."""
    ref = new_id("sub")
    lines = tuple(lines)
    desk.connection.execute(
        insert(subscriptions).values(
            ref=ref,
            order_id=order,
            customer=customer,
            subject=subject,
            status=SubscriptionStatus.ACTIVE.value,
            currency=currency,
            starts_at=term.starts_at,
            ends_at=term.ends_at,
            years=term.years,
            cancel_at=None if renews else term.ends_at,
            channel=channel.value,
            sold_by=sold_by,
            sold_by_contact=sold_by_contact,
            arrangement=arrangement.value,
            version=1,
            made_at=desk.now,
            tries=0,
            **booked(None),
        )
    )
    _attach_discounts(desk, ref, lines)
    bill_term(desk, ref, lines)
    events.record(desk, NotificationKind.SUBSCRIPTION, ref, order)
    return ref


def bill_term(desk: Desk, ref: str, lines: Iterable[BillLine]) -> None:
    """Keep what ``lines`` bill for a whole term as the subscription's items, with what was taken off each."""
    lines = tuple(line for line in lines if line.ends_at is not None)
    bought = sorted(
        (line for line in lines if line.kind is LineKind.PURCHASE),
        key=lambda line: not mirror.price(desk, line.offer).is_plan,
    )
    taken = [line for line in lines if line.kind is LineKind.DISCOUNT]
    fixed = [line for line in taken if not discounts.is_percentage(desk, line.discount)]
    save_items(desk, ref, [_billed(line, [off for off in taken if off not in fixed]) for line in bought])
    desk.connection.execute(delete(reductions).where(reductions.c.subscription == ref))
    for line in fixed:
        add_reduction(desk, ref, line)


def save_items(desk: Desk, ref: str, kept: Iterable[Item]) -> None:
    """Have exactly these items, the plan first."""
    desk.connection.execute(delete(items).where(items.c.subscription == ref))
    for position, item in enumerate(kept):
        desk.connection.execute(
            insert(items).values(
                subscription=ref,
                offer=item.offer,
                position=position,
                quantity=item.quantity,
                unit_price=item.unit_price,
                net=item.net,
            )
        )


def add_reduction(desk: Desk, ref: str, line: BillLine) -> None:
    """Remember a fixed sum off, so that what it saved is never credited."""
    desk.connection.execute(
        insert(reductions).values(subscription=ref, offer=line.offer, amount=-line.amount, since=line.starts_at)
    )


def drop_reductions(desk: Desk, ref: str, offer: str) -> None:
    """Forget the fixed sums off an offer that the subscription no longer has."""
    desk.connection.execute(delete(reductions).where(reductions.c.subscription == ref, reductions.c.offer == offer))


def touch(desk: Desk, subscription: Subscription, values: Mapping[str, Value], order: str = "") -> None:
    """Change columns of a subscription, move its version on and tell the store."""
    desk.connection.execute(
        update(subscriptions)
        .where(subscriptions.c.ref == subscription.ref)
        .values(version=subscriptions.c.version + 1, **values)
    )
    events.record(desk, NotificationKind.SUBSCRIPTION, subscription.ref, order or subscription.order)


def change(desk: Desk, ref: str, values: Mapping[str, Value]) -> None:
    """Change columns in the course of a larger step, whose end will ``touch`` the subscription."""
    desk.connection.execute(update(subscriptions).where(subscriptions.c.ref == ref).values(**values))


def owed_checkout(desk: Desk, ref: str) -> str | None:
    """Return the checkout of an unpaid renewal."""
    found = select(subscriptions.c.owed_checkout).where(subscriptions.c.ref == ref)
    checkout: str | None = desk.connection.execute(found).scalar_one()
    return checkout


def dunning(desk: Desk, ref: str) -> tuple[int, datetime]:
    """Return how often an unpaid renewal was tried again, and since when it is owed."""
    found = select(subscriptions.c.tries, subscriptions.c.owed_since).where(subscriptions.c.ref == ref)
    tries, since = desk.connection.execute(found).one()
    return tries, since


def booked(renewal: Renewal | None) -> dict[str, Value]:
    """Return the columns that say what it will be after its term."""
    return {
        "renews_offer": renewal.offer if renewal else "",
        "renews_quantity": renewal.quantity if renewal else 0,
        "renews_unit_price": renewal.unit_price if renewal else 0,
    }


def _attach_discounts(desk: Desk, ref: str, lines: Iterable[BillLine]) -> None:
    used = dict.fromkeys(line.discount for line in lines if line.discount and line.ends_at is not None)
    for position, discount in enumerate(used):
        desk.connection.execute(
            insert(subscription_discounts).values(
                subscription=ref,
                position=position,
                discount=discount,
                terms_left=discounts.periods(desk, discount),
            )
        )


def _billed(line: BillLine, percentages: list[BillLine]) -> Item:
    off = sum(taken.amount for taken in percentages if taken.offer == line.offer)
    return Item(offer=line.offer, quantity=line.quantity, unit_price=line.unit_price, net=line.amount + off)


def _subscription(desk: Desk, row: RowMapping) -> Subscription:
    main, *packs = _items(desk, row["ref"])
    return Subscription(
        ref=row["ref"],
        order=row["order_id"],
        customer=row["customer"],
        subject=row["subject"],
        status=SubscriptionStatus(row["status"]),
        currency=row["currency"],
        term=Term(starts_at=row["starts_at"], ends_at=row["ends_at"], years=row["years"]),
        cancel_at=row["cancel_at"],
        renewal=_renewal(row),
        channel=SalesChannel(row["channel"]),
        sold_by=row["sold_by"],
        sold_by_contact=row["sold_by_contact"],
        arrangement=Arrangement(row["arrangement"]),
        version=row["version"],
        prepaid=row["prepaid_checkout"],
        main=main,
        packs=tuple(packs),
        reductions=_reductions(desk, row["ref"]),
    )


def _renewal(row: RowMapping) -> Renewal | None:
    if not row["renews_offer"]:
        return None
    return Renewal(offer=row["renews_offer"], quantity=row["renews_quantity"], unit_price=row["renews_unit_price"])


def _items(desk: Desk, ref: str) -> tuple[Item, ...]:
    query = select(items).where(items.c.subscription == ref).order_by(items.c.position)
    return tuple(
        Item(offer=row["offer"], quantity=row["quantity"], unit_price=row["unit_price"], net=row["net"])
        for row in desk.connection.execute(query).mappings()
    )


def _reductions(desk: Desk, ref: str) -> tuple[Reduction, ...]:
    query = select(reductions).where(reductions.c.subscription == ref).order_by(reductions.c.id)
    return tuple(
        Reduction(offer=row["offer"], amount=row["amount"], since=row["since"])
        for row in desk.connection.execute(query).mappings()
    )
