"""Subscriptions: begun, changed, renewed, ended."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from app.core.clock import add_months
from tests.stripe_twin import invoices, payments
from tests.stripe_twin.bills import after_percentages, left_of, one_off_line, prorated, subscription_line
from tests.stripe_twin.books import Books, Obj
from tests.stripe_twin.invoices import Discounts
from tests.stripe_twin.refusals import Refusal, invalid, missing

PENDING_SECONDS = 23 * 3600
FOR_PENDING = {
    "expand",
    "payment_behavior",
    "proration_behavior",
    "proration_date",
    "billing_cycle_anchor",
    "items",
    "trial_end",
    "trial_from_plan",
    "add_invoice_items",
}
"""What the twin lets an update have which waits for its payment; Stripe takes metadata and discounts by now, too."""


def year_after(start: int) -> int:
    """Return when a year that begins at ``start`` ends."""
    return int(add_months(datetime.fromtimestamp(start, UTC), 12).timestamp())


def terms_between(start: int, end: int) -> list[tuple[int, int]]:
    """Return the years that follow one another from ``start`` to ``end``; the twin bills whole ones only."""
    found = []
    while start < end:
        found.append((start, year_after(start)))
        start = found[-1][1]
    if start != end:
        raise invalid("The twin bills whole terms in advance only.", param="billing_schedules")
    return found


def begin(
    books: Books,
    customer: Obj,
    wanted: Sequence[tuple[Obj, int]],
    *,
    is_taxed: bool,
    metadata: Obj,
    card: str | None,
    start: int | None = None,
) -> Obj:
    """Return a subscription that nobody has paid for yet; one that began at ``start`` is anchored to its first end."""
    now = books.now if start is None else start
    subscription = books.new(
        "subscription",
        automatic_tax={"enabled": is_taxed},
        billing_cycle_anchor=now if start is None else year_after(start),
        billing_mode={"type": "flexible"},
        billing_schedules=[],
        cancel_at_period_end=False,
        cancellation_details={},
        collection_method="charge_automatically",
        currency=wanted[0][0]["currency"],
        customer=customer["id"],
        default_payment_method=card,
        discounts=[],
        invoice_settings={"issuer": {"type": "self"}},
        items={"object": "list", "data": [], "has_more": False, "url": "/v1/subscription_items"},
        metadata=metadata,
        start_date=now,
        status="incomplete",
    )
    for price, quantity in wanted:
        add_item(books, subscription, price, quantity, now, year_after(now))
    customer["currency"] = subscription["currency"]
    return subscription


def add_item(books: Books, subscription: Obj, price: Obj, quantity: int, start: int, end: int) -> Obj:
    """Add an item for a term."""
    item = books.new(
        "subscription_item",
        billed_until=end,
        current_period_end=end,
        current_period_start=start,
        discounts=[],
        metadata={},
        plan=plan_of(price),
        price=price,
        quantity=quantity,
        subscription=subscription["id"],
        tax_rates=[],
        _net=price["unit_amount"] * quantity,
    )
    items(subscription).append(item)
    return item


def plan_of(price: Obj) -> Obj:
    """Return a price in its older form, which still stands beside it."""
    return {
        "id": price["id"],
        "object": "plan",
        "active": price["active"],
        "billing_scheme": "per_unit",
        "created": price["created"],
        "currency": price["currency"],
        "interval": "year",
        "interval_count": 1,
        "livemode": False,
        "usage_type": "licensed",
    }


def items(subscription: Obj) -> list[Obj]:
    """Return the items."""
    rows: list[Obj] = subscription["items"]["data"]
    return rows


def add_coupon(books: Books, subscription: Obj, coupon: Obj) -> None:
    """Let a coupon count for a subscription, for as long as it says."""
    start = books.now
    months = coupon["duration_in_months"]
    end = int(add_months(datetime.fromtimestamp(start, UTC), months).timestamp()) if months else None
    discount = books.new(
        "discount",
        source={"coupon": coupon["id"], "type": "coupon"},
        start=start,
        end=end,
        subscription=subscription["id"],
        customer=subscription["customer"],
        _coupon=coupon,
    )
    subscription["discounts"].append(discount["id"])
    coupon["times_redeemed"] += 1


def discounts_at(books: Books, subscription: Obj, at: int) -> Discounts:
    """Return the discounts that count at an instant; what lasts once counts until it was used."""
    held = [books.tables["discount"][ref] for ref in subscription["discounts"]]
    return [(one["id"], one["_coupon"]) for one in held if one["end"] is None or at < one["end"]]


def bill_term(books: Books, subscription: Obj, once: Sequence[tuple[Obj, int]], reason: str, origin: str) -> Obj:
    """Return the finalized invoice of the present term."""
    customer = books.tables["customer"][subscription["customer"]]
    lines = [
        subscription_line(
            item,
            item["current_period_start"],
            item["current_period_end"],
            item["price"]["unit_amount"] * item["quantity"],
        )
        for item in items(subscription)
    ]
    lines += [one_off_line(price, quantity, books.now, f"ii_{price['id']}") for price, quantity in once]
    used = discounts_at(books, subscription, items(subscription)[0]["current_period_start"])
    invoice = invoices.draft(
        books,
        customer,
        subscription["currency"],
        is_taxed=subscription["automatic_tax"]["enabled"],
        reason=reason,
        subscription=subscription,
    )
    invoices.fill(books, invoice, lines, used)
    for item, line in zip(items(subscription), lines, strict=False):
        item["_net"] = line["_net"]
    invoices.finalize(books, invoice, origin)
    subscription["latest_invoice"] = invoice["id"]
    _use_up(books, subscription, used)
    return invoice


def change_lines(
    books: Books, subscription: Obj, wanted: Sequence[Mapping[str, Any]], at: int
) -> list[tuple[Obj | None, Obj, list[Obj]]]:
    """Return for each wanted item what it was, what it is to be, and the lines of getting there."""
    coupons = [coupon for _, coupon in discounts_at(books, subscription, at)]
    found = []
    for each in wanted:
        was = _item(subscription, each["id"]) if each.get("id") else None
        to_be = _to_be(books, subscription, was, each)
        end = to_be["billed_until"]
        left = _left_of(to_be, at)
        lines = []
        if was is not None:
            lines.append(subscription_line(was, at, end, -prorated(was["_net"], left), proration=True))
        lines.append(subscription_line(to_be, at, end, prorated(_net_of(to_be, coupons), left), proration=True))
        to_be["_net"] = _net_of(to_be, coupons)
        found.append((was, to_be, lines))
    return found


def make_changes(books: Books, subscription: Obj, changes: Sequence[tuple[Obj | None, Obj]]) -> None:
    """Have the items be what they are to be."""
    for was, to_be in changes:
        if was is None:
            made = add_item(
                books,
                subscription,
                to_be["price"],
                to_be["quantity"],
                to_be["current_period_start"],
                to_be["current_period_end"],
            )
            made |= {"_net": to_be["_net"], "billed_until": to_be["billed_until"]}
        else:
            was |= {key: to_be[key] for key in ("price", "plan", "quantity", "_net")}
    subscription["pending_update"] = None
    books.tell("customer.subscription.updated", subscription)


def paid(books: Books, invoice: Obj) -> None:
    """Do what an invoice's payment is for."""
    invoices.mark_paid(books, invoice)
    details = (invoice["parent"] or {}).get("subscription_details")
    if not details:
        return
    subscription = books.tables["subscription"][details["subscription"]]
    if subscription["status"] in ("incomplete", "past_due"):
        subscription["status"] = "active"
        books.tell("customer.subscription.updated", subscription)
    if invoice["id"] == subscription.get("_pending_invoice"):
        subscription["_pending_invoice"] = None
        make_changes(books, subscription, subscription.pop("_pending"))


def drop_pending(subscription: Obj) -> None:
    """Forget an update that waits for its payment."""
    subscription |= {"pending_update": None, "_pending_invoice": None}
    subscription.pop("_pending", None)


def give_up_pending(books: Books, subscription: Obj) -> None:
    """Void the invoice of an update that waits, and forget the update."""
    invoice = books.find("invoice", subscription.get("_pending_invoice") or "")
    if invoice is not None and invoice["status"] == "open":
        invoices.void(books, invoice)
    drop_pending(subscription)


def charge(books: Books, subscription: Obj, invoice: Obj, *, is_present: bool, origin: str) -> bool:
    """Charge an invoice to the card that counts; whether it is paid."""
    if invoice["status"] == "paid":
        paid(books, invoice)
        return True
    payment = invoices.payment_of(books, invoice)
    card = card_of(books, subscription)
    invoice |= {"attempted": True, "attempt_count": invoice["attempt_count"] + 1}
    if payment is None or card is None:
        return False
    try:
        payments.attempt(books, payment, card, is_present=is_present, origin=origin)
    except Refusal:
        books.tell("invoice.payment_failed", invoice)
        return False
    if payment["status"] != "succeeded":
        return False
    paid(books, invoice)
    return True


def card_of(books: Books, subscription: Obj) -> Obj | None:
    """Return the card that a subscription is charged to."""
    customer = books.tables["customer"][subscription["customer"]]
    ref = subscription["default_payment_method"] or customer["invoice_settings"]["default_payment_method"]
    return books.find("payment_method", ref or "")


def end(books: Books, subscription: Obj) -> None:
    """End a subscription at once."""
    subscription |= {"status": "canceled", "canceled_at": books.now, "ended_at": books.now}
    drop_pending(subscription)
    books.tell("customer.subscription.deleted", subscription)


def check_for_pending(params: Mapping[str, Any]) -> None:
    """Refuse what an update cannot have that waits for its payment."""
    for name in sorted(params.keys() - FOR_PENDING):
        raise invalid(
            "When `payment_behavior` is set to `pending_if_incomplete`, you can only pass supported params. "
            f"`{name}` is not supported.",
            param=name,
        )


def _item(subscription: Obj, ref: str) -> Obj:
    found = next((item for item in items(subscription) if item["id"] == ref), None)
    if found is None:
        raise missing("subscription_item", ref, "items[0][id]")
    return found


def _to_be(books: Books, subscription: Obj, was: Obj | None, wanted: Mapping[str, Any]) -> Obj:
    price = books.find("price", wanted["price"]) if "price" in wanted else (was or {}).get("price")
    if price is None:
        raise missing("price", wanted.get("price", ""), "items[0][price]")
    is_new = was is None or was["price"]["id"] != price["id"]
    if is_new and not price["active"]:
        raise invalid("The price specified is inactive.", param="items[0][price]")
    first = items(subscription)[0]
    like = was or first
    return {
        "id": was["id"] if was else "si_new",
        "subscription": subscription["id"],
        "price": price,
        "plan": plan_of(price),
        "quantity": int(wanted.get("quantity", 1)),
        "current_period_start": like["current_period_start"],
        "current_period_end": like["current_period_end"],
        "billed_until": like["billed_until"],
    }


def _left_of(item: Mapping[str, Any], at: int) -> Fraction:
    """Return how many terms are billed and left at ``at``: a part of the one that runs, and those after it whole."""
    left = left_of(item["current_period_start"], item["current_period_end"], at)
    return left + len(terms_between(item["current_period_end"], item["billed_until"]))


def _net_of(item: Obj, coupons: Sequence[Obj]) -> int:
    gross = item["price"]["unit_amount"] * item["quantity"]
    return after_percentages(gross, item["price"]["product"], coupons)


def _use_up(books: Books, subscription: Obj, used: Discounts) -> None:
    for ref, coupon in used:
        if coupon["duration"] == "once" and ref in subscription["discounts"]:
            subscription["discounts"].remove(ref)
    ended = [
        ref for ref in subscription["discounts"] if (books.tables["discount"][ref]["end"] or books.now + 1) <= books.now
    ]
    for ref in ended:
        subscription["discounts"].remove(ref)
