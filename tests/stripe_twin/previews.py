"""Previews: invoices that nobody keeps, of a cart, of a change, of a renewal."""

from typing import Any

from tests.stripe_twin import invoices, prebilling, subscriptions
from tests.stripe_twin.bills import one_off_line, subscription_line
from tests.stripe_twin.books import Obj
from tests.stripe_twin.endpoints import Request
from tests.stripe_twin.reading import get
from tests.stripe_twin.refusals import invalid
from tests.stripe_twin.taxes import Rule, rule_at, verification


def preview(request: Request) -> Obj:
    """Return the invoice that is asked for."""
    if "subscription" in request.params:
        return _of_subscription(request)
    return _of_cart(request)


def _of_cart(request: Request) -> Obj:
    params, now = request.params, request.books.now
    details = params.get("subscription_details", {})
    if "customer" in params and "start_date" not in details:
        raise invalid("The twin previews carts of described customers only.", param="customer")
    rows, start = details.get("items", []), now
    if "start_date" in details:
        start = int(details["start_date"])
        check_dates(now, start, int(details.get("billing_cycle_anchor", {}).get("timestamp", 0)), "start_date")
    lines = []
    for price, quantity in _priced(request, rows, "subscription_details[items]"):
        item = {"id": "si_preview", "subscription": "", "price": price, "quantity": quantity}
        end = subscriptions.year_after(start)
        lines.append(subscription_line(item, start, end, price["unit_amount"] * quantity))
    for price, quantity in _priced(request, params.get("invoice_items", []), "invoice_items"):
        lines.append(one_off_line(price, quantity, now, f"ii_{price['id']}"))
    if not lines:
        raise invalid("Nothing to invoice.", code="invoice_upcoming_none")
    discounts = [("di_preview", coupon)] if (coupon := _coupon(request)) else []
    if "customer" in params:
        return _of_customer(request, lines, discounts)
    return invoices.preview(params["currency"], lines, discounts, _described_tax(params), now, None)


def check_dates(now: int, start: int, anchor: int, param: str) -> None:
    """Refuse a start that is not past, and an anchor that is not the end of the first whole term."""
    if start >= now or anchor <= now:
        raise invalid("A start is in the past, and an anchor in the future.", param=param)
    if anchor != subscriptions.year_after(start):
        raise invalid("The twin begins subscriptions with one whole term only.", param="billing_cycle_anchor")


def _of_customer(request: Request, lines: list[Obj], discounts: list[tuple[str, Obj]]) -> Obj:
    customer = get(request, "customer", ref=request.params["customer"], param="customer")
    is_taxed = request.params.get("automatic_tax", {}).get("enabled") == "true"
    tax = invoices.tax_rule(request.books, customer, is_taxed)
    currency = customer["currency"] or "usd"
    return invoices.preview(currency, lines, discounts, tax, request.books.now, customer)


def _of_subscription(request: Request) -> Obj:
    books, held = request.books, get(request, "subscription", ref=request.params["subscription"], param="subscription")
    if held["status"] == "canceled":
        raise invalid("No upcoming invoices for a canceled subscription.", code="invoice_upcoming_none")
    details = request.params.get("subscription_details", {})
    first = subscriptions.items(held)[0]
    at = int(details.get("proration_date", books.now))
    changes = subscriptions.change_lines(books, held, details.get("items", []), at)
    if "billing_schedules" in details:
        until = prebilling.until_of(books, held, details)
        lines, discounts = prebilling.lines(held, until), list(subscriptions.discounts_at(books, held, at))
    elif details.get("proration_behavior") == "always_invoice":
        lines, discounts = [line for _, _, each in changes for line in each], []
    else:
        start = first["billed_until"]
        if held.get("cancel_at") and held["cancel_at"] <= start:
            raise invalid("The subscription ends before its next invoice.", code="invoice_upcoming_none")
        lines = [
            subscription_line(
                item, start, subscriptions.year_after(start), item["price"]["unit_amount"] * item["quantity"]
            )
            for item in _items_then(subscriptions.items(held), changes)
        ]
        discounts = list(subscriptions.discounts_at(books, held, start))
    customer = books.tables["customer"][held["customer"]]
    tax = invoices.tax_rule(books, customer, held["automatic_tax"]["enabled"])
    return invoices.preview(held["currency"], lines, discounts, tax, books.now, customer)


def _items_then(held: list[Obj], changes: list[tuple[Obj | None, Obj, list[Obj]]]) -> list[Obj]:
    changed = {was["id"]: to_be for was, to_be, _ in changes if was is not None}
    return [*(changed.get(item["id"], item) for item in held), *(to_be for was, to_be, _ in changes if was is None)]


def _described_tax(params: Any) -> Rule | None:
    if params.get("automatic_tax", {}).get("enabled") != "true":
        return None
    described = params.get("customer_details")
    if described is None:
        raise invalid("Automatic tax needs a customer.", param="customer_details")
    numbers = described.get("tax_ids", [])
    for number in numbers:
        verification(number["type"], number["value"])
    return rule_at(described.get("address"), numbers)


def _priced(request: Request, rows: Any, where: str) -> list[tuple[Obj, int]]:
    found = []
    for i, row in enumerate(rows):
        price = get(request, "price", ref=row["price"], param=f"{where}[{i}][price]")
        if not price["active"]:
            raise invalid("The price specified is inactive.", param=f"{where}[{i}][price]")
        found.append((price, int(row.get("quantity", 1))))
    return found


def _coupon(request: Request) -> Obj | None:
    rows = request.params.get("discounts")
    return get(request, "coupon", ref=rows[0]["coupon"], param="discounts[0][coupon]") if rows else None
