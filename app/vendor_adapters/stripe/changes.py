"""Changes of a running subscription: quoted by preview, made as pending updates, so that an unpaid one gives nothing.

Stripe has no way to say "only if it is still as I saw it". In its place stands the idempotency key of the update: it is
made of the subscription and of its latest invoice as the quote saw it, and every change makes an invoice. So of two
changes from one state Stripe lets one through and answers the other that the key is taken.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

import stripe

from app.core.clock import midnight
from app.vendor_adapters.capabilities import Capability
from app.vendor_adapters.errors import KeyReused, NotSupported, OutcomeUnknown, RejectReason, VendorRejected
from app.vendor_adapters.stripe import tokens
from app.vendor_adapters.stripe.bookings import book, book_again, put_aside
from app.vendor_adapters.stripe.catalog import prices as look_up
from app.vendor_adapters.stripe.change_plans import Plan, offers_of, plan_change
from app.vendor_adapters.stripe.change_tries import Try, settled, tried_before
from app.vendor_adapters.stripe.client import Call
from app.vendor_adapters.stripe.errors import rejected
from app.vendor_adapters.stripe.names import NAME, fingerprint, mark
from app.vendor_adapters.stripe.requests.subscriptions import change as change_params
from app.vendor_adapters.stripe.requests.subscriptions import change_preview, renewal_preview
from app.vendor_adapters.stripe.shop import Shop
from app.vendor_adapters.stripe.subscriptions import load, snapshot
from app.vendor_adapters.stripe.translate import quotes as translate
from app.vendor_adapters.stripe.translate.basics import instant, money, ref_of, whole
from app.vendor_adapters.stripe.translate.offers import Prices
from app.vendor_adapters.stripe.translate.subscriptions import key_of, our_items, set_aside
from app.vendor_adapters.types import (
    Change,
    ChangeOutcome,
    Done,
    IdempotencyKey,
    NextCharge,
    OrderId,
    Quote,
    SubscriptionRef,
    TaxIdStatus,
)

A_DAY = timedelta(days=1)
LOCKS = 3
"""Keys that an update is tried under: Stripe keeps a failure of its own for a key, and gives it to every repetition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """What a quote of a change holds still: the instant of proration, and the state that it saw."""

    at: datetime
    state: str


async def quote_change(call: Call, shop: Shop, ref: SubscriptionRef, change: Change, as_of: datetime) -> Quote:
    """Return what a change costs, prorated from the beginning of the day; a quote ends with its day."""
    _check_discounts(call, change)
    subscription, found = await asyncio.gather(load(call, ref), look_up(call, offers_of(change)))
    plan = plan_change(call.operation, subscription, change, found, shop.catalog)
    pinned = Pinned(at=_prorated_at(plan.main, as_of), state=ref_of(subscription.latest_invoice))
    now, renewal = await asyncio.gather(_now(call, ref, plan, pinned), _renewal(call, subscription, plan))
    prices = _prices(subscription, found, shop)
    expires_at = min(as_of + shop.quote_ttl, midnight(as_of) + A_DAY)
    token = _token(shop, ref, change, pinned)
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
    """Make a change at exactly ``quote``, or return what became of it when this call came before."""
    _check_discounts(call, change)
    pinned = _pinned(call, shop, ref, change, quote)
    marked = mark(key, (ref, change, quote.token, return_to, order))
    attempt = Try(shop=shop, ref=ref, order=order, mark=marked, at=pinned.at, quote=quote, return_to=return_to)
    subscription, found, before = await asyncio.gather(
        load(call, ref), look_up(call, offers_of(change)), tried_before(call, attempt)
    )
    if before is not None:
        return await _concluded(call, attempt, before, key, is_put_aside=set_aside(subscription) is not None)
    if ref_of(subscription.latest_invoice) != pinned.state:
        raise rejected(call.operation, RejectReason.STALE_STATE, "base", "it changed after it was quoted")
    if call.client.clock.now() >= quote.expires_at:
        raise rejected(call.operation, RejectReason.QUOTE_EXPIRED, detail="the quote is too old")
    plan = plan_change(call.operation, subscription, change, found, shop.catalog)
    if plan.item is None:
        await book(call, subscription, plan.main, plan.booking, str(key))
        fresh = snapshot(call, shop, await load(call, ref))
        return Done(checkout=None, subscription=fresh, invoice=None, charge=None)
    invoice = await _update(call, attempt, plan, pinned, subscription)
    return await _concluded(call, attempt, invoice, key, is_put_aside=plan.booking is not None)


async def _concluded(
    call: Call, attempt: Try, invoice: stripe.Invoice, key: IdempotencyKey, *, is_put_aside: bool
) -> ChangeOutcome:
    """Book again what was put aside, and return what became of the change.

    A paid change is claimed for its order after that: once it is claimed, nobody needs to ask for it again.
    """
    if not is_put_aside:
        return await settled(call, attempt, invoice)
    if invoice.status == "paid":
        await book_again(call, attempt.ref, attempt.shop.catalog, f"{key}:book")
        return await settled(call, attempt, invoice)
    outcome = await settled(call, attempt, invoice)
    await book_again(call, attempt.ref, attempt.shop.catalog, f"{key}:book")
    return outcome


async def _update(
    call: Call, attempt: Try, plan: Plan, pinned: Pinned, subscription: stripe.Subscription
) -> stripe.Invoice:
    """Ask for the change and return its invoice; nothing is asked when it would cost something else by now."""
    preview, customer = await asyncio.gather(
        _now(call, attempt.ref, plan, pinned),
        call.read(call.v1.customers.retrieve_async(ref_of(subscription.customer))),
    )
    if preview is None or plan.item is None or money(preview.total, preview.currency) != attempt.quote.due_now:
        return await _made_meanwhile(call, attempt, pinned)
    await put_aside(call, subscription, plan.booking)
    await _charge_to_default(call, subscription, customer)
    params, lock = change_params(plan.item, pinned.at), f"change:{attempt.ref}:{pinned.state}"
    for number in range(LOCKS):
        once: stripe.RequestOptions = {"idempotency_key": f"{lock}:{number}" if number else lock}
        try:
            updated = await call.write(call.v1.subscriptions.update_async(attempt.ref, params, once))
            return whole(updated.latest_invoice, stripe.Invoice)
        except KeyReused as error:
            if (before := await tried_before(call, attempt)) is not None:
                return before
            detail = "another change came first"
            raise rejected(call.operation, RejectReason.STALE_STATE, "base", detail) from error
        except OutcomeUnknown as error:
            if not call.has_kept_failure(error):
                raise
            if (before := await tried_before(call, attempt)) is not None:
                return before
    raise OutcomeUnknown(vendor=NAME, operation=call.operation, request_id=call.request_id, detail="it fails each time")


async def _made_meanwhile(call: Call, attempt: Try, pinned: Pinned) -> stripe.Invoice:
    """Return what the same call in parallel has just made; else say why the change costs something else by now."""
    if (before := await tried_before(call, attempt)) is not None:
        return before
    fresh = await load(call, attempt.ref)
    if ref_of(fresh.latest_invoice) != pinned.state:
        raise rejected(call.operation, RejectReason.STALE_STATE, "base", "another change came first")
    raise rejected(call.operation, RejectReason.QUOTE_EXPIRED, detail="it costs something else by now")


async def _charge_to_default(call: Call, subscription: stripe.Subscription, customer: stripe.Customer) -> None:
    """Have the subscription charge the card that the buyer is shown as the default: a page leaves it one of its own."""
    chosen = ref_of(customer.invoice_settings.default_payment_method if customer.invoice_settings else None)
    if chosen and ref_of(subscription.default_payment_method) not in ("", chosen):
        key: stripe.RequestOptions = {"idempotency_key": f"card:{subscription.id}:{chosen}:{call.client.stamp()}"}
        await call.write(call.v1.subscriptions.update_async(subscription.id, {"default_payment_method": chosen}, key))


async def _now(call: Call, ref: SubscriptionRef, plan: Plan, pinned: Pinned) -> stripe.Invoice | None:
    if plan.item is None:
        return None
    params = change_preview(ref, plan.item, pinned.at)
    preview = await call.read(call.v1.invoices.create_preview_async(params))
    translate.check_tax(preview, call.operation)
    return preview


async def _renewal(call: Call, subscription: stripe.Subscription, plan: Plan) -> stripe.Invoice | None:
    if subscription.cancel_at is not None:
        return None
    params = renewal_preview(subscription.id, *plan.renewed())
    return await call.read(call.v1.invoices.create_preview_async(params))


def _next_charges(renewal: stripe.Invoice | None, plan: Plan) -> tuple[NextCharge, ...]:
    return (translate.next_charge(renewal, instant(plan.main.current_period_end)),) if renewal else ()


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


def _token(shop: Shop, ref: SubscriptionRef, change: Change, pinned: Pinned) -> str:
    claims = {"of": fingerprint(ref, change), "at": pinned.at.isoformat(), "state": pinned.state}
    return tokens.seal(shop.secret, claims)


def _pinned(call: Call, shop: Shop, ref: SubscriptionRef, change: Change, quote: Quote) -> Pinned:
    try:
        claims = tokens.unseal(shop.secret, quote.token)
    except tokens.BadToken as error:
        raise _expired(call, "not a quote of this vendor") from error
    if claims.get("of") != fingerprint(ref, change):
        raise _expired(call, "a quote of something else")
    return Pinned(at=datetime.fromisoformat(claims["at"]), state=claims["state"])


def _expired(call: Call, detail: str) -> VendorRejected:
    return rejected(call.operation, RejectReason.QUOTE_EXPIRED, detail=detail)


def _check_discounts(call: Call, change: Change) -> None:
    """An update that waits for its payment takes no discounts."""
    if change.discounts:
        raise NotSupported(vendor=NAME, operation=call.operation, detail=Capability.DISCOUNTED_CHANGES.value)
