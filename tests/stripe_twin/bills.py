"""The arithmetic of invoices: lines, what coupons take off, tax. Whole minor units, one rounding for each rule."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from app.core.money import half_up
from app.vendor_adapters.embedded.pricing import share_out
from tests.stripe_twin.books import Obj
from tests.stripe_twin.taxes import Rule


def subscription_line(item: Mapping[str, Any], start: int, end: int, subtotal: int, *, proration: bool = False) -> Obj:
    """Return a line that bills an item for a time."""
    details = {
        "invoice_item": None,
        "proration": proration,
        "proration_details": {"credited_items": None} if proration else None,
        "subscription": item["subscription"] or None,
        "subscription_item": item["id"],
    }
    parent = {
        "invoice_item_details": None,
        "subscription_item_details": details,
        "type": "subscription_item_details",
    }
    return _line(item["price"], item["quantity"], subtotal, start, end, parent, discountable=not proration)


def one_off_line(price: Obj, quantity: int, at: int, ref: str) -> Obj:
    """Return a line that bills something once."""
    details = {"invoice_item": ref, "proration": False, "proration_details": None, "subscription": None}
    parent = {"invoice_item_details": details, "subscription_item_details": None, "type": "invoice_item_details"}
    return _line(price, quantity, price["unit_amount"] * quantity, at, at, parent, discountable=True)


def totals(lines: list[Obj], discounts: Sequence[tuple[str, Obj]], tax: Rule | None) -> Obj:
    """Write discounts and taxes on ``lines`` and return an invoice's sums; ``discounts`` are ids with coupons."""
    remaining = [line["subtotal"] if line["discountable"] else 0 for line in lines]
    taken: list[Obj] = []
    for line in lines:
        line["discount_amounts"], line["discounts"] = [], []
    for ref, coupon in discounts:
        shares = _shares(lines, remaining, coupon)
        remaining = [left - share for left, share in zip(remaining, shares, strict=True)]
        taken.append({"amount": sum(shares), "discount": ref})
        for line, share in zip(lines, shares, strict=True):
            if share:
                line["discount_amounts"].append({"amount": share, "discount": ref})
                line["discounts"].append(ref)
    nets = [line["subtotal"] - sum(each["amount"] for each in line["discount_amounts"]) for line in lines]
    for line, net in zip(lines, nets, strict=True):
        line["amount"] = line["subtotal"]
        line["_net"] = net
    subtotal, net = sum(line["subtotal"] for line in lines), sum(nets)
    total_taxes = _taxes(lines, nets, tax)
    return {
        "subtotal": subtotal,
        "subtotal_excluding_tax": subtotal,
        "total_discount_amounts": taken,
        "total_excluding_tax": net,
        "total_taxes": total_taxes,
        "total": net + sum(each["amount"] for each in total_taxes),
    }


def left_of(start: int, end: int, at: int) -> Fraction:
    """Return the part of a term that is left at ``at``, to the second."""
    return Fraction(end - min(max(at, start), end), end - start)


def prorated(amount: int, left: Fraction) -> int:
    """Return ``amount`` for the part of a term, rounded once."""
    return half_up(amount * left)


def after_percentages(amount: int, product: str, coupons: Sequence[Obj]) -> int:
    """Return a full term's amount after the percentages that apply to a product."""
    for coupon in coupons:
        if coupon["percent_off"] is not None and applies(coupon, product):
            amount -= half_up(Fraction(amount * round(coupon["percent_off"] * 100), 10_000))
    return amount


def applies(coupon: Obj, product: str) -> bool:
    """Whether a coupon takes something off a product."""
    limited = coupon.get("_products")
    return not limited or product in limited


def _line(price: Obj, quantity: int, subtotal: int, start: int, end: int, parent: Obj, *, discountable: bool) -> Obj:
    return {
        "object": "line_item",
        "currency": price["currency"],
        "description": None,
        "discountable": discountable,
        "invoice": None,
        "livemode": False,
        "metadata": {},
        "parent": parent,
        "period": {"start": start, "end": end},
        "pretax_credit_amounts": [],
        "pricing": {
            "price_details": {"price": price["id"], "product": price["product"]},
            "type": "price_details",
            "unit_amount_decimal": str(price["unit_amount"]),
        },
        "quantity": quantity,
        "quantity_decimal": str(quantity),
        "subscription": None,
        "subtotal": subtotal,
    }


def _shares(lines: Sequence[Obj], remaining: Sequence[int], coupon: Obj) -> list[int]:
    weights = [
        left if applies(coupon, line["pricing"]["price_details"]["product"]) else 0
        for line, left in zip(lines, remaining, strict=True)
    ]
    base = sum(weights)
    if coupon["percent_off"] is None:
        return share_out(min(base, coupon["amount_off"]), weights)
    off = half_up(Fraction(base * round(coupon["percent_off"] * 100), 10_000))
    return share_out(min(base, off), weights)


def _taxes(lines: Sequence[Obj], nets: Sequence[int], tax: Rule | None) -> list[Obj]:
    if tax is None or tax.status != "complete":
        for line in lines:
            line["taxes"] = []
        return []
    net = sum(nets)
    amount = half_up(Fraction(net * tax.rate_ppm, 1_000_000))
    positive = [max(0, each) for each in nets]
    shares = share_out(amount, positive)
    for line, share, own in zip(lines, shares, nets, strict=True):
        line["taxes"] = [_tax(share, own, tax)]
    return [_tax(amount, net, tax)]


def _tax(amount: int, taxable: int, tax: Rule) -> Obj:
    return {
        "amount": amount,
        "tax_behavior": "exclusive",
        "tax_rate_details": {"tax_rate": "txr_twin"},
        "taxability_reason": tax.reason,
        "taxable_amount": taxable,
        "type": "tax_rate_details",
    }
