"""Schedules: what a subscription will be from its next term on."""

from collections.abc import Mapping
from typing import Any

from tests.stripe_twin.books import Books, Obj
from tests.stripe_twin.refusals import invalid, missing
from tests.stripe_twin.subscriptions import items, plan_of, year_after


def begin(books: Books, subscription: Obj) -> Obj:
    """Put a subscription under a schedule, which begins as the subscription is."""
    if subscription.get("schedule"):
        raise invalid("This subscription already has a schedule.", param="from_subscription")
    first = items(subscription)[0]
    if first["billed_until"] > first["current_period_end"]:
        raise invalid("A subscription that is billed in advance takes no schedule.", param="from_subscription")
    held = [{"price": item["price"]["id"], "quantity": item["quantity"]} for item in items(subscription)]
    as_it_is = {
        "automatic_tax": {"enabled": str(subscription["automatic_tax"]["enabled"]).lower()},
        "default_payment_method": subscription["default_payment_method"],
    }
    phase = _phase(subscription, held, first["current_period_start"], first["current_period_end"], as_it_is)
    schedule = books.new(
        "subscription_schedule",
        billing_mode={"type": "flexible"},
        current_phase={"start_date": phase["start_date"], "end_date": phase["end_date"]},
        customer=subscription["customer"],
        default_settings={"billing_cycle_anchor": "automatic", "invoice_settings": {"issuer": {"type": "self"}}},
        end_behavior="release",
        metadata={},
        pause_schedules=[],
        phases=[phase],
        status="active",
        subscription=subscription["id"],
    )
    subscription["schedule"] = schedule["id"]
    books.tell("subscription_schedule.created", schedule)
    return schedule


def plan(books: Books, schedule: Obj, params: Mapping[str, Any]) -> None:
    """Have these phases."""
    subscription = books.tables["subscription"][schedule["subscription"]]
    phases: list[Obj] = []
    for given in params.get("phases", []):
        for item in given["items"]:
            if books.find("price", item["price"]) is None:
                raise missing("price", item["price"], "phases[0][items][0][price]")
        start = int(given.get("start_date") or phases[-1]["end_date"])
        end = int(given["end_date"]) if "end_date" in given else year_after(start)
        phases.append(_phase(subscription, given["items"], start, end, given))
    schedule |= {"phases": phases or schedule["phases"], "end_behavior": params.get("end_behavior", "release")}
    schedule["metadata"] |= params.get("metadata", {})
    _settle(subscription, schedule["phases"][0])
    books.tell("subscription_schedule.updated", schedule)


def release(books: Books, schedule: Obj) -> None:
    """Leave a subscription to itself."""
    if schedule["status"] != "active":
        raise invalid("You cannot release a schedule that is not active.", code="status_transition_invalid")
    books.tables["subscription"][schedule["subscription"]]["schedule"] = None
    schedule |= {"status": "released", "released_at": books.now, "released_subscription": schedule["subscription"]}
    schedule |= {"subscription": None, "current_phase": None}
    books.tell("subscription_schedule.released", schedule)


def enter(books: Books, subscription: Obj, at: int) -> None:
    """Let the phase begin that is due, and the schedule go when it has come to its end."""
    schedule = books.find("subscription_schedule", subscription.get("schedule") or "")
    if schedule is None:
        return
    phase = next((one for one in schedule["phases"] if one["start_date"] == at), None)
    if phase is None:
        if at >= schedule["phases"][-1]["end_date"]:
            release(books, schedule)
        return
    schedule["current_phase"] = {"start_date": phase["start_date"], "end_date": phase["end_date"]}
    _settle(subscription, phase)
    wanted = {one["price"]: one["quantity"] for one in phase["items"]}
    held = {item["price"]["id"] for item in items(subscription)}
    switched = [price for price in wanted if price not in held]
    for item in items(subscription):
        if item["price"]["id"] not in wanted:
            item["price"] = books.tables["price"][switched.pop(0)]
            item["plan"] = plan_of(item["price"])
        item["quantity"] = wanted[item["price"]["id"]]


def _settle(subscription: Obj, phase: Obj) -> None:
    """Have a subscription be taxed and charged as its phase says, and by nothing else."""
    subscription["automatic_tax"] = {"enabled": phase["automatic_tax"]["enabled"]}
    subscription["default_payment_method"] = phase["default_payment_method"]


def _phase(subscription: Obj, wanted: list[Any], start: int, end: int, given: Mapping[str, Any]) -> Obj:
    return {
        "add_invoice_items": [],
        "automatic_tax": {"enabled": given.get("automatic_tax", {}).get("enabled") == "true"},
        "default_payment_method": given.get("default_payment_method"),
        "currency": subscription["currency"],
        "discounts": [{"discount": each["discount"]} for each in given.get("discounts", [])],
        "end_date": end,
        "items": [
            {"discounts": [], "plan": one["price"], "price": one["price"], "quantity": int(one["quantity"])}
            for one in wanted
        ],
        "proration_behavior": given.get("proration_behavior", "create_prorations"),
        "start_date": start,
    }
