"""Terms that are paid before their day, by Stripe's billing in advance.

Stripe bills in advance what runs: the next term has the same plan, seats and packs. It takes no such request for a
subscription under a schedule, so what was booked is put aside for it, and none as an update that waits for its payment.
So a bank's no, or its wish to hear from the buyer, is an error that changes nothing: it is noted on the subscription,
because nothing else at Stripe tells of it, and the next try needs a key of its own.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

import stripe

from app.core.clock import add_months, midnight
from app.vendor_adapters.capabilities import Capability
from app.vendor_adapters.errors import NotSupported, RejectReason, VendorRejected
from app.vendor_adapters.stripe.bookings import book_again, forget, put_aside
from app.vendor_adapters.stripe.change_pins import Pinned, seal, state_of
from app.vendor_adapters.stripe.change_plans import check_not_paid_back, check_open
from app.vendor_adapters.stripe.change_tries import (
    Try,
    charge_to_default,
    made_meanwhile,
    settled,
    update_once,
)
from app.vendor_adapters.stripe.client import Call
from app.vendor_adapters.stripe.customers import holder
from app.vendor_adapters.stripe.errors import rejected
from app.vendor_adapters.stripe.names import NAME, REFUSED
from app.vendor_adapters.stripe.purchases import declined_by
from app.vendor_adapters.stripe.renewal_discounts import check_percentages
from app.vendor_adapters.stripe.requests.subscriptions import (
    NewItem,
    prebilling,
    prebilling_preview,
    renewal_preview,
)
from app.vendor_adapters.stripe.shop import Shop
from app.vendor_adapters.stripe.subscriptions import has_schedule, load
from app.vendor_adapters.stripe.translate import quotes as translate
from app.vendor_adapters.stripe.translate.basics import instant, money, ref_of
from app.vendor_adapters.stripe.translate.offers import Prices
from app.vendor_adapters.stripe.translate.subscriptions import (
    billed_ahead,
    booking_of,
    key_of,
    note_of_refusal,
    our_items,
)
from app.vendor_adapters.stripe.waiting import give_up_waiting
from app.vendor_adapters.types import (
    ChangeOutcome,
    Declined,
    NextCharge,
    Quote,
    Renew,
    SubscriptionRef,
    TaxIdStatus,
)

A_DAY = timedelta(days=1)
A_TERM = 12
"""Months."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """The next term: ``main`` is the plan's item, ``ends`` whether the subscription ends with what is paid."""

    main: stripe.SubscriptionItem
    items: tuple[stripe.SubscriptionItem, ...]
    starts_at: datetime
    ends_at: datetime
    ends: bool


async def quote(call: Call, shop: Shop, subscription: stripe.Subscription, change: Renew, as_of: datetime) -> Quote:
    """Return what the next term costs now; a quote ends with its day."""
    ref, term = SubscriptionRef(subscription.id), _term(call, shop, subscription, change)
    await asyncio.gather(check_percentages(call, subscription, term.starts_at), _payer(call, subscription))
    later = None if term.ends else await _renewal(call, ref, term)
    # under a schedule Stripe previews no billing in advance; the same term bills the same on its day
    now = later if later and has_schedule(subscription) else await _preview(call, ref, term)
    translate.check_chargeable(now, call.operation)
    return translate.quote(
        now,
        Prices({key_of(item): item.price for item in term.items}),
        tax_of_preview=translate.assessed(now, TaxIdStatus.NONE),
        next_charges=_next_charges(later, term),
        priced_at=as_of,
        expires_at=min(as_of + shop.quote_ttl, midnight(as_of) + A_DAY),
        token=seal(shop, ref, change, Pinned(at=term.starts_at, state=state_of(subscription))),
    )


async def pay(
    call: Call, attempt: Try, subscription: stripe.Subscription, change: Renew, pinned: Pinned
) -> ChangeOutcome:
    """Pay the next term at exactly the quote; what a bank refuses leaves everything as it was."""
    term = _term(call, attempt.shop, subscription, change)
    booking = booking_of(subscription, term.main)
    _, customer = await asyncio.gather(
        check_percentages(call, subscription, term.starts_at), _payer(call, subscription)
    )
    await give_up_waiting(call, subscription)
    await put_aside(call, subscription, booking)
    preview = await _preview(call, attempt.ref, term)
    if money(preview.total, preview.currency) != attempt.quote.due_now:
        await book_again(call, attempt.ref, attempt.shop.catalog)
        return await concluded(call, attempt, await made_meanwhile(call, attempt, pinned))
    await charge_to_default(call, subscription, customer)
    # a refusal changes nothing by which the state tells it: another card must not meet what is kept of this one's
    state = f"{pinned.state}:{_card(subscription, customer)}"
    params = prebilling(int(term.ends_at.timestamp()), ends=term.ends)
    try:
        invoice = await update_once(call, attempt, params, state)
    except stripe.CardError as error:
        declined = declined_by(error, call.client.clock.now())
        await _note(call, attempt, declined)
        await book_again(call, attempt.ref, attempt.shop.catalog)
        return declined
    return await concluded(call, attempt, invoice)


async def concluded(call: Call, attempt: Try, invoice: stripe.Invoice) -> ChangeOutcome:
    """Drop what was put aside, because what renews is paid, and claim the invoice."""
    await forget(call, await load(call, attempt.ref))
    return await settled(call, attempt, invoice)


def _term(call: Call, shop: Shop, subscription: stripe.Subscription, change: Renew) -> Term:
    """Return the term to be paid; STALE_STATE when that is not the one which the buyer was shown."""
    check_open(call.operation, subscription)
    items = our_items(subscription, shop.catalog)
    if not items:
        raise rejected(call.operation, RejectReason.NOT_FOUND, "subscription", "not of our catalog")
    main = items[0]
    starts_at = instant(main.current_period_end)
    check_not_paid_back(call.operation, subscription, main)
    if billed_ahead(main) is not None:
        raise rejected(call.operation, RejectReason.STALE_STATE, "base", "the next term is paid")
    if change.base != starts_at:
        raise rejected(call.operation, RejectReason.STALE_STATE, "base", f"it is paid until {starts_at.isoformat()}")
    held = {key_of(item): item.quantity or 0 for item in items}
    wanted = {change.offer: change.seats} | {pack.offer: pack.quantity for pack in change.packs}
    if wanted != held or change.offer != key_of(main):
        raise NotSupported(vendor=NAME, operation=call.operation, detail=Capability.RESHAPED_RENEWAL.value)
    return Term(
        main=main,
        items=tuple(items),
        starts_at=starts_at,
        ends_at=_year_after(subscription, starts_at),
        ends=subscription.cancel_at is not None,
    )


def _year_after(subscription: stripe.Subscription, starts_at: datetime) -> datetime:
    """Return when a term ends: counted from the anchor, so that one of 29 February comes back to that day."""
    anchor = instant(subscription.billing_cycle_anchor)
    return add_months(anchor, A_TERM * (starts_at.year - anchor.year + 1))


async def _payer(call: Call, subscription: stripe.Subscription) -> stripe.Customer:
    """Return the customer; refused without a card: what is billed in advance is charged at once, and has no page."""
    customer = await holder(call, ref_of(subscription.customer))
    if not _card(subscription, customer):
        raise rejected(call.operation, RejectReason.NOT_FOUND, "payment_method", "no card on file")
    return customer


def _card(subscription: stripe.Subscription, customer: stripe.Customer) -> str:
    """Return the card that is charged, empty where there is none."""
    default = customer.invoice_settings.default_payment_method if customer.invoice_settings else None
    return ref_of(default) or ref_of(subscription.default_payment_method)


async def _renewal(call: Call, ref: SubscriptionRef, term: Term) -> stripe.Invoice:
    as_it_is = NewItem(item=term.main.id, price=term.main.price.id, quantity=term.main.quantity or 0)
    return await call.read(call.v1.invoices.create_preview_async(renewal_preview(ref, as_it_is)))


async def _preview(call: Call, ref: SubscriptionRef, term: Term) -> stripe.Invoice:
    params = prebilling_preview(ref, int(term.ends_at.timestamp()), ends=term.ends)
    try:
        return await call.read(call.v1.invoices.create_preview_async(params))
    except VendorRejected as error:
        if "billing_schedules" in error.field:
            detail = f"not billed in advance: {error.detail}"
            raise rejected(call.operation, RejectReason.NOT_SOLD, "billing_schedules", detail) from error
        raise


def _next_charges(later: stripe.Invoice | None, term: Term) -> tuple[NextCharge, ...]:
    return (translate.next_charge(later, term.ends_at),) if later else ()


async def _note(call: Call, attempt: Try, declined: Declined) -> None:
    note = note_of_refusal(attempt.mark, declined.decline)
    params: stripe.params.SubscriptionUpdateParams = {"metadata": {REFUSED: note}}
    key: stripe.RequestOptions = {"idempotency_key": f"refused:{attempt.ref}:{attempt.mark}"}
    await call.write(call.v1.subscriptions.update_async(attempt.ref, params, key))
