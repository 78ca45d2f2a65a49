"""Quotes of purchases: the one price, and the proof that what is charged later is what was shown."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from app.core.money import Money
from app.vendor_adapters.embedded import discounts, mirror, pins, tokens
from app.vendor_adapters.embedded.desk import Desk
from app.vendor_adapters.embedded.model import Bill, Discount, Item, Price, TaxRule, Term
from app.vendor_adapters.embedded.pins import Pinned
from app.vendor_adapters.embedded.pricing import first_term, next_term, purchase_lines, renewal_lines, with_discounts
from app.vendor_adapters.embedded.tax import BadAddress, assess
from app.vendor_adapters.errors import RejectReason, VendorRejected
from app.vendor_adapters.types import Address, LineKind, NextCharge, PurchaseRequest, Quote, TaxId

MAX_QUANTITY = 100_000
MAX_DISCOUNTS = 10
# How far ahead a quote looks for a change of the yearly sum when discounts run out.
_TERMS_AHEAD = 10


def quote_purchase(desk: Desk, request: PurchaseRequest) -> Quote:
    """Return the price of ``request`` at this instant."""
    bill = _bill(desk, request, None)
    at = desk.now
    return show(
        bill,
        next_charges=_next_charges(desk, request, bill),
        priced_at=at,
        expires_at=at + desk.settings.quote_ttl,
        token=pins.make(desk, "purchase", fingerprint(request), at, _unit_prices(bill)),
    )


def honoured(desk: Desk, request: PurchaseRequest, quote: Quote) -> Bill:
    """Return the bill that ``quote`` showed; QUOTE_EXPIRED unless it is this vendor's, of this request and in time.

    Prices that changed or were retired after it was shown do not matter; a discount revoked since then does.
    """
    pinned = pins.read(desk, "purchase", fingerprint(request), quote.token)
    if desk.now >= pinned.at + desk.settings.quote_ttl:
        raise desk.rejected(RejectReason.QUOTE_EXPIRED, detail="the quote is too old")
    try:
        bill = _bill(desk.at(pinned.at), request, pinned)
    except VendorRejected as error:
        raise desk.rejected(RejectReason.QUOTE_EXPIRED, detail=error.detail) from error
    return same_total(desk, bill, quote)


def same_total(desk: Desk, bill: Bill, quote: Quote) -> Bill:
    """Return ``bill``, or refuse when it is not what ``quote`` showed to the cent."""
    if Money(bill.total, bill.currency) != quote.due_now:
        raise desk.rejected(RejectReason.QUOTE_EXPIRED, detail="the price is another one now")
    return bill


def show(
    bill: Bill, *, next_charges: tuple[NextCharge, ...], priced_at: datetime, expires_at: datetime, token: str
) -> Quote:
    """Return ``bill`` as a quote."""
    return Quote(
        lines=tuple(line.shown(bill.currency) for line in bill.lines),
        subtotal=Money(bill.subtotal, bill.currency),
        discount=Money(bill.discount, bill.currency),
        tax=bill.shown_tax(),
        due_now=Money(bill.total, bill.currency),
        next_charges=next_charges,
        priced_at=priced_at,
        expires_at=expires_at,
        token=token,
    )


def tax_rule(desk: Desk, address: Address | None, tax_id: TaxId | None) -> TaxRule | None:
    """Return the tax at ``address``, None while it is not known."""
    if address is None:
        return None
    try:
        return assess(address, tax_id)
    except BadAddress as error:
        raise desk.rejected(RejectReason.INVALID_ADDRESS, error.field) from error


def next_charge(bill: Bill, at: datetime) -> NextCharge:
    """Return ``bill`` as a charge to come."""
    is_known = bill.tax_rule is not None
    return NextCharge(
        at=at,
        subtotal=Money(bill.net, bill.currency),
        tax=Money(bill.tax, bill.currency) if is_known else None,
        total=Money(bill.total, bill.currency) if is_known else None,
    )


def charges_to_come(
    items: tuple[Item, ...], term: Term, active: Iterable[tuple[Discount, int | None]], template: Bill
) -> tuple[NextCharge, ...]:
    """Return the renewal of ``items`` at the start of ``term``, and each later one that differs from the one before.

    ``active`` are discounts with the terms that they will still last from then on; None is for ever.
    """
    active = tuple(active)
    charges: list[NextCharge] = []
    for years_on in range(_TERMS_AHEAD):
        lasting = [discount for discount, left in active if left is None or left > years_on]
        bill = replace(template, lines=with_discounts(renewal_lines(items, term), lasting))
        charge = next_charge(bill, term.starts_at)
        if not charges or charge.subtotal != charges[-1].subtotal:
            charges.append(charge)
        term = next_term(term)
    return tuple(charges)


def fingerprint(request: PurchaseRequest) -> str:
    """Return what of a request the price depends on; the order and the customer may become known later."""
    return tokens.digest(request.currency, request.items, request.address, request.tax_id, request.discounts)


def _bill(desk: Desk, request: PurchaseRequest, pinned: Pinned | None) -> Bill:
    _check(desk, request)
    wanted = [(_price(desk, request, item.offer, pinned), item.quantity) for item in request.items]
    if sum(price.is_plan for price, _ in wanted) > 1:
        raise desk.rejected(RejectReason.OTHER, "items", "one plan at a time")
    lines = with_discounts(
        purchase_lines(wanted, desk.now), discounts.usable(desk, request.discounts, request.currency)
    )
    return Bill(currency=request.currency, lines=lines, tax_rule=tax_rule(desk, request.address, request.tax_id))


def _check(desk: Desk, request: PurchaseRequest) -> None:
    keys = [item.offer for item in request.items]
    if not keys or len(set(keys)) < len(keys):
        raise desk.rejected(RejectReason.OTHER, "items", "one line for each offer")
    if any(not 1 <= item.quantity <= MAX_QUANTITY for item in request.items):
        raise desk.rejected(RejectReason.OTHER, "quantity")
    if len(request.discounts) > MAX_DISCOUNTS:
        raise desk.rejected(RejectReason.OTHER, "discounts")


def _price(desk: Desk, request: PurchaseRequest, offer: str, pinned: Pinned | None) -> Price:
    price = mirror.price(desk, offer)
    if price.currency != request.currency:
        raise desk.rejected(RejectReason.CURRENCY, "currency")
    if pinned is not None:
        return replace(price, unit_price=pinned.unit_prices[offer])
    if not price.is_offered:
        raise desk.rejected(RejectReason.NOT_SOLD, "offer")
    return price


def _next_charges(desk: Desk, request: PurchaseRequest, bill: Bill) -> tuple[NextCharge, ...]:
    items = tuple(
        Item(offer=line.offer, quantity=line.quantity, unit_price=line.unit_price, net=line.amount)
        for line in bill.lines
        if line.kind is LineKind.PURCHASE and line.ends_at is not None
    )
    if not items or not desk.settings.renews:
        return ()
    effective = {line.discount for line in bill.lines if line.discount}
    later = [
        (discount, None if discount.periods is None else discount.periods - 1)
        for discount in discounts.usable(desk, request.discounts, request.currency)
        if discount.ref in effective
    ]
    return charges_to_come(items, next_term(first_term(desk.now)), later, bill)


def _unit_prices(bill: Bill) -> dict[str, int]:
    return {line.offer: line.unit_price for line in bill.lines if line.kind is LineKind.PURCHASE}
