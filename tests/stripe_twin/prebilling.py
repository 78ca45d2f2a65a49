"""Terms that are billed before their day: a subscription's items say until when they are billed."""

from collections.abc import Mapping
from typing import Any

from tests.stripe_twin import invoices, payments
from tests.stripe_twin.bills import subscription_line
from tests.stripe_twin.books import Books, Obj
from tests.stripe_twin.refusals import Refusal, invalid
from tests.stripe_twin.subscriptions import card_of, discounts_at, items, paid, terms_between

NOT_WITH = {"items", "trial_end", "cancel_at_period_end", "billing_cycle_anchor", "default_payment_method"}


def until_of(books: Books, subscription: Obj, params: Mapping[str, Any]) -> int:
    """Return until when a request wants a subscription billed; refused where Stripe bills nothing in advance."""
    rows = params["billing_schedules"]
    if len(rows) != 1 or "applies_to" in rows[0] or rows[0]["bill_until"]["type"] != "timestamp":
        raise invalid("The twin bills all items until one instant.", param="billing_schedules")
    until = int(rows[0]["bill_until"]["timestamp"])
    if subscription.get("schedule"):
        raise invalid("Billing schedules cannot be used with a subscription schedule.", param="billing_schedules")
    if params.get("proration_behavior") == "none":
        raise invalid("Billing schedules need prorations.", param="proration_behavior")
    if any(until < item["current_period_end"] for item in items(subscription)):
        raise invalid("bill_until is before the end of a period.", param="billing_schedules")
    ends = int(params["cancel_at"]) if params.get("cancel_at") else subscription.get("cancel_at")
    if ends is not None and until > ends:
        raise invalid("The subscription ends before bill_until.", param="billing_schedules")
    for _, coupon in discounts_at(books, subscription, books.now):
        if coupon["percent_off"] is None or coupon["duration"] == "repeating":
            raise invalid("Only percentages, once or forever, go with billing schedules.", param="billing_schedules")
    return until


def lines(subscription: Obj, until: int) -> list[Obj]:
    """Return what bills every item from where it is billed so far."""
    return [
        subscription_line(item, start, end, item["price"]["unit_amount"] * item["quantity"])
        for item in items(subscription)
        for start, end in terms_between(item["billed_until"], until)
    ]


def bill(books: Books, subscription: Obj, params: Mapping[str, Any], origin: str) -> None:
    """Bill in advance at once; Refusal, and nothing is as it was not before, when that cannot be paid."""
    if params.get("payment_behavior") != "error_if_incomplete" or params.keys() & NOT_WITH:
        raise invalid("The twin bills in advance by itself, and only what is paid.", param="billing_schedules")
    until = until_of(books, subscription, params)
    billed, discounts = lines(subscription, until), list(discounts_at(books, subscription, books.now))
    if billed:
        _charge(books, subscription, billed, discounts, origin)
    for item in items(subscription):
        item["billed_until"] = max(until, item["billed_until"])
    if params.get("cancel_at"):
        subscription |= {"cancel_at": int(params["cancel_at"]), "cancel_at_period_end": False}
    bill_until = {"computed_timestamp": until, "duration": None, "timestamp": until, "type": "timestamp"}
    subscription["billing_schedules"] = [{"applies_to": None, "bill_until": bill_until, "key": f"until_{until}"}]


def begin(books: Books, subscription: Obj) -> None:
    """Begin a term that is billed."""
    if all(item["billed_until"] == item["current_period_end"] for item in items(subscription)):
        subscription["billing_schedules"] = []
    books.tell("customer.subscription.updated", subscription)


def _charge(books: Books, subscription: Obj, billed: list[Obj], discounts: list[tuple[str, Obj]], origin: str) -> None:
    customer, before = books.tables["customer"][subscription["customer"]], subscription["latest_invoice"]
    card = card_of(books, subscription)
    if card is None:
        message = "This customer has no attached payment source or default payment method."
        raise invalid(message, code="resource_missing")
    invoice = invoices.draft(
        books,
        customer,
        subscription["currency"],
        is_taxed=subscription["automatic_tax"]["enabled"],
        reason="subscription_update",
        subscription=subscription,
    )
    invoices.fill(books, invoice, billed, discounts)
    invoices.finalize(books, invoice, origin)
    subscription["latest_invoice"] = invoice["id"]
    payment = invoices.payment_of(books, invoice)
    try:
        if payment is not None:
            payments.attempt(books, payment, card, is_present=True, origin=origin)
            _check_paid(books, payment)
    except Refusal:
        subscription["latest_invoice"] = before
        if payment is not None and payment["status"] == "processing":
            payment["status"] = "requires_payment_method"
        invoices.void(books, invoice)
        raise
    paid(books, invoice)


def _check_paid(books: Books, payment: Obj) -> None:
    """What waits for the buyer or for a bank is as good as refused."""
    if payment["status"] == "succeeded":
        return
    is_asked = payment["status"] == "requires_action"
    raise Refusal(
        402,
        "card_error",
        is_kept=True,
        code="invoice_payment_intent_requires_action" if is_asked else "processing_error",
        message="Payment for this subscription requires additional user action before it can be completed.",
        payment_intent=books.shown(payment),
    )
