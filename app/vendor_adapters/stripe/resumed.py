"""What has ended, taken up again without a gap.

Stripe brings no subscription back that has ended. So another one is made which begins, and is billed, from where the
old one ended, and which says so: the store goes on with it as with the one before. It waits for its first invoice to be
paid like any purchase with a stored card. Two buyers cannot both resume one: the request's key is made of the ended
subscription and of the last try.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

import stripe

from app.core.clock import add_months, midnight
from app.vendor_adapters.errors import KeyReused, OutcomeUnknown, RejectReason, VendorRejected, VendorUnavailable
from app.vendor_adapters.stripe.catalog import prices as look_up
from app.vendor_adapters.stripe.change_pins import Pinned, check_still, seal, state_of
from app.vendor_adapters.stripe.change_plans import check_direct, check_quantity
from app.vendor_adapters.stripe.change_tries import Try
from app.vendor_adapters.stripe.checkouts import TRIES
from app.vendor_adapters.stripe.client import Call
from app.vendor_adapters.stripe.customers import holder
from app.vendor_adapters.stripe.errors import rejected
from app.vendor_adapters.stripe.names import MARK, NAME, RESUMES, SUBJECT, meta
from app.vendor_adapters.stripe.orders import payment_with_charge, refuse_settled
from app.vendor_adapters.stripe.purchases import outcome, pay_invoice, void
from app.vendor_adapters.stripe.renewal_discounts import lasting
from app.vendor_adapters.stripe.requests.resumed import Resumption, preview, subscription_again
from app.vendor_adapters.stripe.shop import Shop
from app.vendor_adapters.stripe.translate import quotes as translate
from app.vendor_adapters.stripe.translate.basics import instant, money, payment_of, ref_of, whole
from app.vendor_adapters.stripe.translate.checkouts import direct_state, is_unasked
from app.vendor_adapters.stripe.translate.offers import Prices, is_plan, is_recurring
from app.vendor_adapters.stripe.translate.subscriptions import key_of, our_items
from app.vendor_adapters.types import (
    ChangeOutcome,
    PaymentMethodRef,
    PurchaseItem,
    Quote,
    Renew,
    SubscriptionRef,
    TaxIdStatus,
)

A_DAY = timedelta(days=1)
A_TERM = 12
"""Months."""
_NEVER_RAN = ("incomplete", "incomplete_expired")
_OF_THE_PURCHASE = "subscription_create"
_OF_TERMS = (_OF_THE_PURCHASE, "subscription_cycle")
"""Why an invoice was made that bills a whole term on its day."""


@dataclass(frozen=True, slots=True)
class Again:
    """A subscription that goes on from an ended one, with its latest invoice, or its first where that is asked for."""

    subscription: stripe.Subscription
    invoice: stripe.Invoice


async def quote(call: Call, shop: Shop, ended: stripe.Subscription, change: Renew, as_of: datetime) -> Quote:
    """Return what the term costs that begins where ``ended`` did; a quote ends with its day."""
    _check_base(call, shop, ended, change, await _paid_last(call, ended))
    if _taken(await _tries(call, ended)):
        raise rejected(call.operation, RejectReason.STALE_STATE, "status", "it was resumed")
    asked, prices = await _resumption(call, shop, ended, change)
    now = await call.read(call.v1.invoices.create_preview_async(preview(asked)))
    translate.check_chargeable(now, call.operation)
    return translate.quote(
        now,
        prices,
        tax_of_preview=translate.assessed(now, TaxIdStatus.NONE),
        next_charges=(translate.next_charge(now, asked.ends_at),),
        priced_at=as_of,
        expires_at=min(as_of + shop.quote_ttl, midnight(as_of) + A_DAY),
        token=seal(shop, SubscriptionRef(ended.id), change, Pinned(at=change.base, state=state_of(ended))),
    )


async def resume(call: Call, attempt: Try, ended: stripe.Subscription, change: Renew, pinned: Pinned) -> ChangeOutcome:
    """Charge exactly the quote for the term, or return what became of it when this call came before."""
    card, tries = await asyncio.gather(_card(call, ended), _tries(call, ended))
    known = await _own(call, attempt, tries)
    try:
        check_still(call, ended, pinned, attempt.quote)
    except VendorRejected:
        if known is None:
            raise
        payment = await payment_with_charge(call, payment_of(known.invoice))
        if card and is_unasked(known.invoice, payment):
            await void(call, known.invoice.id)  # begun at a price that is over, and no bank was asked
            raise
        return await outcome(call, attempt.shop, known.invoice)
    again = known or await _made(call, attempt, ended, change, card)
    if money(again.invoice.total, again.invoice.currency) != attempt.quote.due_now:
        await void(call, again.invoice.id)
        raise rejected(call.operation, RejectReason.QUOTE_EXPIRED, detail="the invoice is over another sum")
    if not card:
        return await outcome(call, attempt.shop, again.invoice)
    return await pay_invoice(call, attempt.shop, again.invoice, card=card, return_to=attempt.return_to)


def _check_base(call: Call, shop: Shop, ended: stripe.Subscription, change: Renew, was_paid: bool) -> None:
    """Refuse unless the term begins where what was paid has ended."""
    check_direct(call.operation, ended)
    items = our_items(ended, shop.catalog)
    if not items:
        raise rejected(call.operation, RejectReason.NOT_FOUND, "subscription", "not of our catalog")
    main, ended_at = items[0], ended.ended_at or 0
    base = main.current_period_end
    if ended_at < main.current_period_end:
        if was_paid:
            raise rejected(call.operation, RejectReason.STALE_STATE, "status", "it was ended early")
        base = main.current_period_start
    if change.base != instant(base):
        detail = f"it is paid until {instant(base).isoformat()}"
        raise rejected(call.operation, RejectReason.STALE_STATE, "base", detail)
    if add_months(change.base, A_TERM) <= call.client.clock.now():
        raise rejected(call.operation, RejectReason.STALE_STATE, "base", "that term is over, too")


async def _paid_last(call: Call, ended: stripe.Subscription) -> bool:
    """Whether the last term was paid: one that was given up was not. Invoices of changes within it say nothing."""
    page = await call.read(call.v1.invoices.list_async({"subscription": ended.id, "limit": 100}))
    last = next((invoice for invoice in page.data if invoice.billing_reason in _OF_TERMS), None)
    return last is None or last.status == "paid"


async def _resumption(call: Call, shop: Shop, ended: stripe.Subscription, change: Renew) -> tuple[Resumption, Prices]:
    wanted = (PurchaseItem(offer=change.offer, quantity=change.seats), *change.packs)
    found, coupons = await asyncio.gather(
        look_up(call, tuple(item.offer for item in wanted)), lasting(call, ended, change.base)
    )
    main, *packs = our_items(ended, shop.catalog)
    held = {key_of(pack) for pack in packs}
    if any(pack.offer not in held for pack in change.packs) or len({item.offer for item in wanted}) < len(wanted):
        raise rejected(call.operation, RejectReason.NOT_SOLD, "packs", "it has no such add-on to renew")
    if is_plan(shop.catalog, change.offer) != is_plan(shop.catalog, key_of(main)):
        raise rejected(call.operation, RejectReason.NOT_SOLD, "offer", "a plan stays a plan")
    lines = []
    for item in wanted:
        check_quantity(call.operation, item.quantity)
        price = found.by_key.get(item.offer)
        if price is None or not price.active or not is_recurring(price) or price.currency != ended.currency:
            raise rejected(call.operation, RejectReason.NOT_SOLD, "offer")
        lines.append((price.id, item.quantity))
    asked = Resumption(
        ended=ended.id,
        customer=ref_of(ended.customer),
        subject=meta(ended.metadata, SUBJECT),
        starts_at=change.base,
        ends_at=add_months(change.base, A_TERM),
        lines=tuple(lines),
        coupons=coupons,
        is_taxed=shop.is_taxed,
    )
    return asked, found


async def _card(call: Call, ended: stripe.Subscription) -> PaymentMethodRef | None:
    """Return the card that the buyer is shown as the default, else the one that paid before; None without any."""
    customer = await holder(call, ref_of(ended.customer))
    default = ref_of(customer.invoice_settings.default_payment_method if customer.invoice_settings else None)
    found = default or ref_of(ended.default_payment_method)
    return PaymentMethodRef(found) if found else None


async def _tries(call: Call, ended: stripe.Subscription) -> tuple[Again, ...]:
    """Return what was made to go on from ``ended``, oldest first, by a list that is never behind."""
    page = await call.read(
        call.v1.subscriptions.list_async(
            {
                "customer": ref_of(ended.customer),
                "status": "all",
                "limit": 100,
                "created": {"gte": ended.ended_at or ended.created},
                "expand": ["data.latest_invoice.payments"],
            }
        )
    )
    mine = [one for one in page.data if meta(one.metadata, RESUMES) == ended.id]
    return tuple(Again(one, whole(one.latest_invoice, stripe.Invoice)) for one in reversed(mine))


def _taken(tries: tuple[Again, ...]) -> bool:
    return any(again.subscription.status not in _NEVER_RAN for again in tries)


async def _own(call: Call, attempt: Try, tries: tuple[Again, ...]) -> Again | None:
    """Return what this very call made, with its first invoice; KeyReused when its key came with other arguments."""
    key = attempt.mark.partition(".")[0]
    for again in reversed(tries):
        made_by = meta(again.subscription.metadata, MARK)
        if made_by.partition(".")[0] == key:
            if made_by != attempt.mark:
                raise KeyReused(vendor=NAME, operation=call.operation, request_id=call.request_id)
            return Again(again.subscription, await _first_invoice(call, again))
    return None


async def _first_invoice(call: Call, again: Again) -> stripe.Invoice:
    """Return the invoice of the purchase: the latest may be one of a change that came after it."""
    if again.invoice.billing_reason == _OF_THE_PURCHASE:
        return again.invoice
    page = await call.read(
        call.v1.invoices.list_async({"subscription": again.subscription.id, "limit": 100, "expand": ["data.payments"]})
    )
    return next(invoice for invoice in page.data if invoice.billing_reason == _OF_THE_PURCHASE)


async def _made(
    call: Call, attempt: Try, ended: stripe.Subscription, change: Renew, card: PaymentMethodRef | None
) -> Again:
    _check_base(call, attempt.shop, ended, change, await _paid_last(call, ended))
    asked, _ = await _resumption(call, attempt.shop, ended, change)
    params, again = subscription_again(asked, attempt.order, attempt.mark, card), ""
    for number in range(TRIES):
        tries = await _tries(call, ended)
        if (known := await _own(call, attempt, tries)) is not None:
            return known
        await _make_way(call, tries)
        last = tries[-1].subscription.id if tries else ""
        once: stripe.RequestOptions = {"idempotency_key": f"resume:{ended.id}:{last}{again}"}
        try:
            made = await call.write(call.v1.subscriptions.create_async(params, once))
            return Again(made, whole(made.latest_invoice, stripe.Invoice))
        except KeyReused:
            continue
        except OutcomeUnknown as error:
            if not call.has_kept_failure(error):
                raise
            again = f":{number}"
    raise VendorUnavailable(vendor=NAME, operation=call.operation, detail="others are resuming it")


async def _make_way(call: Call, tries: tuple[Again, ...]) -> None:
    """Close what somebody else has begun; STALE_STATE when it is resumed, or a bank is being asked."""
    if _taken(tries):
        raise rejected(call.operation, RejectReason.STALE_STATE, "status", "it was resumed")
    for again in tries:
        if again.invoice.status == "open":
            payment = await payment_with_charge(call, payment_of(again.invoice))
            refuse_settled(call, direct_state(again.invoice, payment))
            await void(call, again.invoice.id)
