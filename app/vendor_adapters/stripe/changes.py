"""Changes of a running subscription: quoted by preview, made as pending updates, so that an unpaid one gives nothing.

Stripe has no way to say "only if it is still as I saw it". In its place stands the idempotency key of the update: it is
made of the subscription and of its latest invoice as the quote saw it, and every change makes an invoice. So of two
changes from one state Stripe lets one through and answers the other that the key is taken.
"""

import asyncio
from datetime import datetime, timedelta

import stripe

from app.core.clock import midnight
from app.vendor_adapters.capabilities import Capability
from app.vendor_adapters.errors import NotSupported, RejectReason, VendorRejected
from app.vendor_adapters.stripe import prepaid, resumed
from app.vendor_adapters.stripe.bookings import book, book_again, put_aside
from app.vendor_adapters.stripe.catalog import prices as look_up
from app.vendor_adapters.stripe.change_pins import Pinned, check_still, seal, state_of
from app.vendor_adapters.stripe.change_pins import read as read_pins
from app.vendor_adapters.stripe.change_plans import Plan, Running, offers_of, plan_change
from app.vendor_adapters.stripe.change_tries import (
    Try,
    charge_to_default,
    made_meanwhile,
    settled,
    tried_before,
    update_once,
    without_refused,
)
from app.vendor_adapters.stripe.client import Call
from app.vendor_adapters.stripe.customers import holder
from app.vendor_adapters.stripe.errors import rejected
from app.vendor_adapters.stripe.names import NAME, mark
from app.vendor_adapters.stripe.requests.subscriptions import change as change_params
from app.vendor_adapters.stripe.requests.subscriptions import change_preview, renewal_preview
from app.vendor_adapters.stripe.shop import Shop
from app.vendor_adapters.stripe.subscriptions import has_ended, load, snapshot
from app.vendor_adapters.stripe.translate import quotes as translate
from app.vendor_adapters.stripe.translate.basics import instant, money, ref_of
from app.vendor_adapters.stripe.translate.offers import Prices
from app.vendor_adapters.stripe.translate.subscriptions import billed_ahead, key_of, our_items, refusal_of, set_aside
from app.vendor_adapters.stripe.waiting import give_up_waiting
from app.vendor_adapters.types import (
    Change,
    ChangeOutcome,
    Declined,
    Done,
    IdempotencyKey,
    NextCharge,
    OrderId,
    Quote,
    Renew,
    SubscriptionRef,
    TaxIdStatus,
)

A_DAY = timedelta(days=1)


async def quote_change(call: Call, shop: Shop, ref: SubscriptionRef, change: Change, as_of: datetime) -> Quote:
    """Return what a change costs, prorated from the beginning of the day; a quote ends with its day."""
    _check_discounts(call, change)
    if isinstance(change, Renew):
        held = await load(call, ref)
        price = resumed.quote if has_ended(held) else prepaid.quote
        return await price(call, shop, held, change, as_of)
    subscription, found = await asyncio.gather(load(call, ref), look_up(call, offers_of(change)))
    plan = plan_change(call.operation, subscription, change, found, shop.catalog)
    pinned = Pinned(at=_prorated_at(plan.main, as_of), state=state_of(subscription))
    now, renewal = await asyncio.gather(_now(call, ref, plan, pinned), _renewal(call, subscription, plan))
    prices = _prices(subscription, found, shop)
    expires_at = min(as_of + shop.quote_ttl, midnight(as_of) + A_DAY)
    token = seal(shop, ref, change, pinned)
    if now is None:
        return _nothing_now(subscription, renewal, plan, priced_at=as_of, expires_at=expires_at, token=token)
    if now.subtotal < 0:
        raise rejected(call.operation, RejectReason.OTHER, "offer", "what costs less counts at renewal")
    return translate.quote(
        now,
        prices,
        tax_of_preview=translate.assessed(now, TaxIdStatus.NONE),
        next_charges=_next_charges(renewal, plan),
        priced_at=as_of,
        expires_at=expires_at,
        token=token,
    )


async def apply_change(
    call: Call,
    shop: Shop,
    ref: SubscriptionRef,
    *,
    change: Change,
    quote: Quote,
    return_to: str,
    order: OrderId,
    key: IdempotencyKey,
) -> ChangeOutcome:
    """Make a change at exactly ``quote``, or return what became of it when this call came before.

    A refusal leaves nothing put aside: nobody asks for a change again that was refused.
    """
    _check_discounts(call, change)
    pinned = read_pins(call, shop, ref, change, quote)
    marked = mark(key, (ref, change, quote.token, return_to, order))
    attempt = Try(
        shop=shop,
        ref=ref,
        order=order,
        mark=marked,
        at=pinned.at,
        quote=quote,
        return_to=return_to,
        is_renewal=isinstance(change, Renew),
    )
    try:
        if isinstance(change, Renew):
            return await _renew(call, attempt, change, pinned)
        return await _change(call, attempt, change, pinned, key)
    except VendorRejected:
        await book_again(call, ref, shop.catalog)
        raise


async def _change(call: Call, attempt: Try, change: Running, pinned: Pinned, key: IdempotencyKey) -> ChangeOutcome:
    subscription, before = await asyncio.gather(load(call, attempt.ref), tried_before(call, attempt))
    if before is not None:
        return await _concluded(call, attempt, before, is_put_aside=set_aside(subscription) is not None)
    check_still(call, subscription, pinned, attempt.quote)
    found = await look_up(call, offers_of(change))
    plan = plan_change(call.operation, subscription, change, found, attempt.shop.catalog)
    if plan.item is None:
        await book(call, subscription, plan.main, plan.booking, str(key))
        fresh = snapshot(call, attempt.shop, await load(call, attempt.ref))
        return Done(checkout=None, subscription=fresh, invoice=None, charge=None)
    invoice = await _update(call, attempt, plan, pinned, subscription)
    return await _concluded(call, attempt, invoice, is_put_aside=plan.booking is not None)


async def _renew(call: Call, attempt: Try, change: Renew, pinned: Pinned) -> ChangeOutcome:
    subscription, before = await asyncio.gather(load(call, attempt.ref), tried_before(call, attempt))
    if before is not None:
        return await prepaid.concluded(call, attempt, before)
    if has_ended(subscription):
        return await resumed.resume(call, attempt, subscription, change, pinned)
    if (refused := refusal_of(subscription, attempt.mark)) is not None:
        await book_again(call, attempt.ref, attempt.shop.catalog)
        return Declined(decline=refused)
    check_still(call, subscription, pinned, attempt.quote)
    return await prepaid.pay(call, attempt, subscription, change, pinned)


async def _concluded(call: Call, attempt: Try, invoice: stripe.Invoice, *, is_put_aside: bool) -> ChangeOutcome:
    """Book again what was put aside, and return what became of the change.

    It is claimed for its order after that, whatever became of it: once it is claimed, nobody needs to ask for it again.
    """
    if is_put_aside:
        invoice = await without_refused(call, invoice)
        await book_again(call, attempt.ref, attempt.shop.catalog)
    return await settled(call, attempt, invoice)


async def _update(
    call: Call, attempt: Try, plan: Plan, pinned: Pinned, subscription: stripe.Subscription
) -> stripe.Invoice:
    """Ask for the change and return its invoice; nothing is asked when it would cost something else by now."""
    preview, customer = await asyncio.gather(
        _now(call, attempt.ref, plan, pinned),
        holder(call, ref_of(subscription.customer)),
    )
    if preview is None or plan.item is None or money(preview.total, preview.currency) != attempt.quote.due_now:
        return await made_meanwhile(call, attempt, pinned)
    await give_up_waiting(call, subscription)
    await put_aside(call, subscription, plan.booking)
    await charge_to_default(call, subscription, customer)
    return await update_once(call, attempt, change_params(plan.item, pinned.at), pinned.state)


async def _now(call: Call, ref: SubscriptionRef, plan: Plan, pinned: Pinned) -> stripe.Invoice | None:
    if plan.item is None:
        return None
    params = change_preview(ref, plan.item, pinned.at)
    preview = await call.read(call.v1.invoices.create_preview_async(params))
    translate.check_chargeable(preview, call.operation)
    return preview


async def _renewal(call: Call, subscription: stripe.Subscription, plan: Plan) -> stripe.Invoice | None:
    if subscription.cancel_at is not None:
        return None
    params = renewal_preview(subscription.id, *plan.renewed())
    return await call.read(call.v1.invoices.create_preview_async(params))


def _next_charges(renewal: stripe.Invoice | None, plan: Plan) -> tuple[NextCharge, ...]:
    if renewal is None:
        return ()
    at = billed_ahead(plan.main) or instant(plan.main.current_period_end)
    return (translate.next_charge(renewal, at),)


def _nothing_now(
    subscription: stripe.Subscription,
    renewal: stripe.Invoice | None,
    plan: Plan,
    *,
    priced_at: datetime,
    expires_at: datetime,
    token: str,
) -> Quote:
    nothing = money(0, subscription.currency)
    tax = translate.assessed(renewal, TaxIdStatus.NONE) if renewal else None
    return Quote(
        lines=(),
        subtotal=nothing,
        discount=nothing,
        tax=translate.untaxed_now(tax, subscription.currency),
        due_now=nothing,
        next_charges=_next_charges(renewal, plan),
        priced_at=priced_at,
        expires_at=expires_at,
        token=token,
    )


def _prorated_at(main: stripe.SubscriptionItem, as_of: datetime) -> datetime:
    """The beginning of the day, as the store counts days; never before the term."""
    return max(instant(main.current_period_start), midnight(as_of))


def _prices(subscription: stripe.Subscription, found: Prices, shop: Shop) -> Prices:
    held = {key_of(item): item.price for item in our_items(subscription, shop.catalog)}
    return Prices({**found.by_key, **held})


def _check_discounts(call: Call, change: Change) -> None:
    """An update that waits for its payment takes no discounts."""
    if change.discounts:
        raise NotSupported(vendor=NAME, operation=call.operation, detail=Capability.DISCOUNTED_CHANGES.value)
