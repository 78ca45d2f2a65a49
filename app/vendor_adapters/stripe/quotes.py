"""Quotes of purchases: Stripe's preview of the first invoice and of those to come, and what holds them still."""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime

import stripe

from app.core.clock import add_months
from app.vendor_adapters.errors import RejectReason, VendorRejected
from app.vendor_adapters.stripe import tokens
from app.vendor_adapters.stripe.catalog import prices as look_up
from app.vendor_adapters.stripe.client import Call
from app.vendor_adapters.stripe.errors import rejected
from app.vendor_adapters.stripe.names import fingerprint
from app.vendor_adapters.stripe.requests.carts import Cart, CartLine, cart_lines, purchase_preview
from app.vendor_adapters.stripe.requests.discounts import MONTHS, periods
from app.vendor_adapters.stripe.shop import Shop
from app.vendor_adapters.stripe.translate import quotes as translate
from app.vendor_adapters.stripe.translate.offers import Prices, is_plan
from app.vendor_adapters.types import CustomerRef, NextCharge, PurchaseRequest, Quote, TaxId, TaxIdStatus

MAX_QUANTITY = 100_000
MAX_DISCOUNTS = 1
"""A hosted payment page takes one coupon."""
_PRICE = "price "


@dataclass(frozen=True, slots=True)
class _Previewed:
    preview: stripe.Invoice
    with_tax_id: bool


async def quote_purchase(call: Call, shop: Shop, request: PurchaseRequest) -> Quote:
    """Return the price of a cart now, with what its token pins: the prices by Stripe's ids."""
    _check(call, shop, request)
    keys = tuple(item.offer for item in request.items)
    held, coupon, tax_id_status = await asyncio.gather(
        look_up(call, keys), _coupon(call, request), _known_status(call, request.customer, request.tax_id)
    )
    cart = Cart(request=request, lines=_priced(call, request, held), is_taxed=shop.is_taxed)
    now = await _preview(call, cart, coupon.id if coupon else "")
    status = tax_id_status if now.with_tax_id else TaxIdStatus.REFUSED
    at = call.client.clock.now()
    return translate.quote(
        now.preview,
        held,
        tax_of_preview=translate.assessed(now.preview, status),
        next_charges=await _next_charges(call, cart, coupon, now),
        priced_at=at,
        expires_at=at + shop.quote_ttl,
        token=_token(shop, request, cart, at),
    )


def pinned(call: Call, shop: Shop, request: PurchaseRequest, quote: Quote, mark: str) -> Cart:
    """Return the cart that ``quote`` priced; QUOTE_EXPIRED unless the quote is this adapter's and of this request."""
    claims = _claims(call, shop, quote)
    if claims.get("of") != _subject(request):
        raise rejected(call.operation, RejectReason.QUOTE_EXPIRED, detail="a quote of something else")
    yearly = claims["yearly"].split()
    pinned_prices = [(claims[f"{_PRICE}{item.offer}"], item.quantity) for item in request.items]
    lines = tuple(
        CartLine(price=price, quantity=quantity, is_recurring=price in yearly) for price, quantity in pinned_prices
    )
    return Cart(request=request, lines=lines, is_taxed=shop.is_taxed, mark=mark)


def check_age(call: Call, shop: Shop, quote: Quote) -> None:
    """Refuse a quote that is too old."""
    priced_at = datetime.fromisoformat(_claims(call, shop, quote)["at"])
    if call.client.clock.now() >= priced_at + shop.quote_ttl:
        raise rejected(call.operation, RejectReason.QUOTE_EXPIRED, detail="the quote is too old")


def _check(call: Call, shop: Shop, request: PurchaseRequest) -> None:
    keys = [item.offer for item in request.items]
    if not keys or len(set(keys)) < len(keys):
        raise rejected(call.operation, RejectReason.OTHER, "items", "one line for each offer")
    if sum(is_plan(shop.catalog, key) for key in keys) > 1:
        raise rejected(call.operation, RejectReason.OTHER, "items", "one plan at a time")
    if any(not 1 <= item.quantity <= MAX_QUANTITY for item in request.items):
        raise rejected(call.operation, RejectReason.OTHER, "quantity")
    if len(request.discounts) > MAX_DISCOUNTS:
        raise rejected(call.operation, RejectReason.OTHER, "discounts", "one discount at a time")


def _priced(call: Call, request: PurchaseRequest, held: Prices) -> tuple[CartLine, ...]:
    found = [held.by_key.get(item.offer) for item in request.items]
    wanted = [price for price in found if price is not None]
    if len(wanted) < len(found):
        raise rejected(call.operation, RejectReason.NOT_FOUND, "offer")
    if any(price.currency != request.currency for price in wanted):
        raise rejected(call.operation, RejectReason.CURRENCY, "currency")
    if not all(price.active for price in wanted):
        raise rejected(call.operation, RejectReason.NOT_SOLD, "offer")
    return cart_lines(request, wanted)


async def _coupon(call: Call, request: PurchaseRequest) -> stripe.Coupon | None:
    if not request.discounts:
        return None
    coupon = await call.read(call.v1.coupons.retrieve_async(request.discounts[0]))
    if not coupon.valid:
        raise rejected(call.operation, RejectReason.NOT_FOUND, "discounts")
    if coupon.currency and coupon.currency != request.currency:
        raise rejected(call.operation, RejectReason.CURRENCY, "discounts")
    return coupon


async def _known_status(call: Call, customer: CustomerRef | None, tax_id: TaxId | None) -> TaxIdStatus:
    """Return what Stripe found out about a tax id; it looks into those of customers only, and takes its time."""
    if tax_id is None:
        return TaxIdStatus.NONE
    if customer is None:
        return TaxIdStatus.PENDING
    try:
        page = await call.read(call.v1.customers.tax_ids.list_async(customer, {"limit": 100}))
    except VendorRejected as error:
        if error.reason is not RejectReason.NOT_FOUND:
            raise
        return TaxIdStatus.PENDING  # the customer was deleted; a price needs none
    held = next((one for one in page.data if (one.type, one.value) == (tax_id.kind, tax_id.value)), None)
    verification = held.verification if held else None
    status = verification.status if verification else ""
    return translate.VERIFICATIONS.get(status, TaxIdStatus.PENDING)


async def _preview(call: Call, cart: Cart, coupon: str) -> _Previewed:
    """Return the preview; a tax id that Stripe refuses is left out, and tax is charged."""
    try:
        preview = await call.read(call.v1.invoices.create_preview_async(purchase_preview(cart, coupon=coupon)))
        kept = True
    except VendorRejected as error:
        if error.reason is not RejectReason.INVALID_TAX_ID:
            raise
        params = purchase_preview(cart, coupon=coupon, with_tax_id=False)
        preview, kept = await call.read(call.v1.invoices.create_preview_async(params)), False
    translate.check_chargeable(preview, call.operation)
    return _Previewed(preview, kept)


async def _next_charges(
    call: Call, cart: Cart, coupon: stripe.Coupon | None, now: _Previewed
) -> tuple[NextCharge, ...]:
    """Return the renewal, and the later one from which a discount has run out."""
    ends_at = translate.term_end(now.preview)
    if ends_at is None:
        return ()
    lasting = periods(coupon) if coupon else 0
    is_same = coupon is None and not cart.once
    again = replace(cart, lines=cart.recurring)
    full = now.preview if is_same else await _renewal(call, again, "", now)
    if coupon is None or lasting == 1:
        return (translate.next_charge(full, ends_at),)
    discounted = translate.next_charge(await _renewal(call, again, coupon.id, now), ends_at)
    if lasting is None or discounted.subtotal.minor == full.subtotal:
        return (discounted,)
    return discounted, translate.next_charge(full, add_months(ends_at, MONTHS * (lasting - 1)))


async def _renewal(call: Call, cart: Cart, coupon: str, now: _Previewed) -> stripe.Invoice:
    params = purchase_preview(cart, coupon=coupon, with_tax_id=now.with_tax_id)
    return await call.read(call.v1.invoices.create_preview_async(params))


def _token(shop: Shop, request: PurchaseRequest, cart: Cart, at: datetime) -> str:
    claims = {"of": _subject(request), "at": at.isoformat()}
    claims["yearly"] = " ".join(line.price for line in cart.recurring)
    claims |= {f"{_PRICE}{item.offer}": line.price for item, line in zip(request.items, cart.lines, strict=True)}
    return tokens.seal(shop.secret, claims)


def _claims(call: Call, shop: Shop, quote: Quote) -> dict[str, str]:
    try:
        return tokens.unseal(shop.secret, quote.token)
    except tokens.BadToken as error:
        raise rejected(call.operation, RejectReason.QUOTE_EXPIRED, detail="not a quote of this vendor") from error


def _subject(request: PurchaseRequest) -> str:
    """What of a request the price depends on; the order and the customer may become known later."""
    return fingerprint(request.currency, request.items, request.address, request.tax_id, request.discounts)
