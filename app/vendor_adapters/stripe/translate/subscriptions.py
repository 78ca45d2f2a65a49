"""Subscriptions: what Stripe holds, as the port speaks of it."""

from dataclasses import dataclass
from datetime import datetime

import stripe

from app.catalog.model import Catalog
from app.core.clock import add_months
from app.core.money import Money
from app.vendor_adapters.stripe.names import (
    ARRANGEMENT,
    BOOKED,
    CHANNEL,
    OFFER,
    ORDER,
    REFUSED,
    RESUMES,
    SOLD_BY,
    SOLD_BY_CONTACT,
    SUBJECT,
    meta,
)
from app.vendor_adapters.stripe.translate.basics import instant, ref_of
from app.vendor_adapters.stripe.translate.offers import is_plan, rows
from app.vendor_adapters.stripe.translate.states import arrangement, sales_channel, subscription_status
from app.vendor_adapters.types import (
    CustomerRef,
    Decline,
    DeclineReason,
    OfferKey,
    OrderId,
    Period,
    PurchaseItem,
    SubscriptionRef,
    SubscriptionSnapshot,
)

_WORDS = 4
"""Of a note: price, quantity, offer, and a stamp by which one time is told from another."""
_WORDS_OF_REFUSAL = 4
"""Of a note: mark, Unix time, reason, the charge."""


def snapshot(
    subscription: stripe.Subscription, catalog: Catalog, *, version: int, observed_at: datetime
) -> SubscriptionSnapshot | None:
    """Return a subscription that came with its schedule; None when nothing in it is sold by us."""
    items = our_items(subscription, catalog)
    if not items:
        return None
    main, *packs = items
    return SubscriptionSnapshot(
        ref=SubscriptionRef(subscription.id),
        customer=CustomerRef(ref_of(subscription.customer)),
        order=OrderId(meta(subscription.metadata, ORDER)),
        subject=meta(subscription.metadata, SUBJECT),
        status=subscription_status(subscription.status),
        offer=key_of(main),
        seats=main.quantity or 0,
        unit_price=Money(main.price.unit_amount or 0, main.price.currency),
        period=Period(
            starts_at=_starts_at(subscription, main),
            ends_at=instant(main.current_period_end),
        ),
        cancel_at=ends(subscription),
        renews_as=booked(subscription, main),
        packs=tuple(PurchaseItem(offer=key_of(item), quantity=item.quantity or 0) for item in packs),
        channel=sales_channel(meta(subscription.metadata, CHANNEL)),
        sold_by=meta(subscription.metadata, SOLD_BY),
        sold_by_contact=meta(subscription.metadata, SOLD_BY_CONTACT),
        version=version,
        observed_at=observed_at,
        arrangement=arrangement(meta(subscription.metadata, ARRANGEMENT), subscription.collection_method),
        paid_until=None if subscription.ended_at else paid_until(subscription, main),
        resumes=SubscriptionRef(meta(subscription.metadata, RESUMES)) or None,
    )


def billed_ahead(main: stripe.SubscriptionItem) -> datetime | None:
    """Return until when an item is billed, None where that is the term that runs."""
    billed = getattr(main, "billed_until", None)
    return instant(billed) if billed and billed > main.current_period_end else None


def paid_until(subscription: stripe.Subscription, main: stripe.SubscriptionItem) -> datetime | None:
    """Return the same, None too where it ends before: the money of what is billed in advance went back."""
    ends_before = subscription.cancel_at is not None and subscription.cancel_at <= main.current_period_end
    return None if ends_before else billed_ahead(main)


def _starts_at(subscription: stripe.Subscription, main: stripe.SubscriptionItem) -> datetime:
    """Return when the term that runs began: the first one of what goes on without a gap, before it was made."""
    start, end = instant(subscription.start_date), instant(main.current_period_end)
    return start if add_months(start, 12) == end else instant(main.current_period_start)


def ends(subscription: stripe.Subscription) -> datetime | None:
    """Return when a subscription ends or has ended, None while it renews.

    One that was given up unpaid has ended in the middle of a term that nobody paid for.
    """
    at = subscription.ended_at or subscription.cancel_at
    return instant(at) if at else None


def our_items(subscription: stripe.Subscription, catalog: Catalog) -> list[stripe.SubscriptionItem]:
    """Return the items that are of our catalog, the plan first."""
    ours = [item for item in subscription.items.data if key_of(item) in rows(catalog)]
    return sorted(ours, key=lambda item: not is_plan(catalog, key_of(item)))


def key_of(item: stripe.SubscriptionItem) -> OfferKey:
    """Return our key of an item's price, empty where it has none."""
    return OfferKey(item.price.lookup_key or "")


def booked(subscription: stripe.Subscription, main: stripe.SubscriptionItem) -> PurchaseItem | None:
    """Return what the main item will be after its term, None when it stays as it is."""
    found = booking_of(subscription, main)
    return PurchaseItem(offer=found.offer, quantity=found.quantity) if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """What the main item will be after its term."""

    price: str
    offer: OfferKey
    quantity: int


def booking_of(subscription: stripe.Subscription, main: stripe.SubscriptionItem) -> Booking | None:
    """Return what a subscription's schedule changes at the renewal, or what was set aside for the time of a change.

    That is the phase which begins with the next term. The offer stands in the schedule's metadata, because a phase
    names its price by id alone.
    """
    if (noted := set_aside(subscription)) is not None:
        return noted
    schedule = subscription.schedule
    if not isinstance(schedule, stripe.SubscriptionSchedule) or schedule.status != "active":
        return None
    later = [phase for phase in schedule.phases if phase.start_date >= main.current_period_end]
    planned = later[0].items[0] if later and later[0].items else None
    if planned is None:
        return None
    price, quantity = ref_of(planned.price), planned.quantity or 0
    if (price, quantity) == (main.price.id, main.quantity):
        return None
    offer = key_of(main) if price == main.price.id else OfferKey(meta(schedule.metadata, OFFER))
    return Booking(price=price, offer=offer, quantity=quantity)


def set_aside(subscription: stripe.Subscription) -> Booking | None:
    """Return the booking that is noted on a subscription because its schedule was given up for a change."""
    words = meta(subscription.metadata, BOOKED).split(" ")
    if len(words) != _WORDS or not words[1].isdecimal():
        return None
    price, quantity, offer, _ = words
    return Booking(price=price, quantity=int(quantity), offer=OfferKey(offer))


def note_of(booking: Booking, stamp: int) -> str:
    """Return the note of a booking that is set aside."""
    return f"{booking.price} {booking.quantity} {booking.offer} {stamp}"


def note_of_refusal(mark: str, decline: Decline) -> str:
    """Return the note of a bank's no to the call with this mark."""
    return f"{mark} {int(decline.at.timestamp())} {decline.reason.value} {decline.ref}"


def refusal_of(subscription: stripe.Subscription, mark: str) -> Decline | None:
    """Return the bank's no that the call with this mark met before."""
    words = meta(subscription.metadata, REFUSED).split(" ")
    if len(words) != _WORDS_OF_REFUSAL or words[0] != mark:
        return None
    return Decline(ref=words[3], at=instant(int(words[1])), reason=DeclineReason(words[2]))
