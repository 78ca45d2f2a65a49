"""Requests with one planted mistake each, all of which the guard must notice; each begins as a right one."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import stripe

from app.vendor_adapters.conformance.wire import Planted
from tests.stripe_twin.guard import complaints

Params = dict[str, Any]
HEADERS = {
    "authorization": "Bearer sk_test_twin",
    "idempotency-key": "key",
    "stripe-version": str(stripe.api_version),
}
SESSION = "post /v1/checkout/sessions"
PREVIEW = "post /v1/invoices/create_preview"
CHANGE = "post /v1/subscriptions/sub_1"
SUBSCRIBE = "post /v1/subscriptions"
CUSTOMER = "post /v1/customers"
COUPON = "post /v1/coupons"
REFUND = "post /v1/refunds"
PHASES = "post /v1/subscription_schedules/sub_sched_1"
LINES = "post /v1/invoices/in_1/add_lines"
PRICES = "get /v1/prices"
EVENTS = "get /v1/events"
PORTAL = "post /v1/billing_portal/sessions"
TAX_ID = "post /v1/customers/cus_1/tax_ids"

RIGHT: dict[str, Params] = {
    SESSION: {
        "mode": "subscription",
        "customer": "cus_1",
        "line_items": [{"price": "price_1", "quantity": "10"}],
        "success_url": "https://store.example/r",
        "automatic_tax": {"enabled": "true"},
        "adaptive_pricing": {"enabled": "false"},
        "allowed_payment_method_types": ["card"],
        "discounts": [{"coupon": "c"}],
        "metadata": {"kassa_order": "O-1"},
        "subscription_data": {"metadata": {"kassa_order": "O-1"}, "billing_mode": {"type": "flexible"}},
    },
    PREVIEW: {
        "currency": "usd",
        "automatic_tax": {"enabled": "true"},
        "customer_details": {
            "address": {"country": "US", "state": "NY"},
            "tax_ids": [{"type": "eu_vat", "value": "FR40303265045"}],
        },
        "subscription_details": {
            "items": [{"price": "price_1", "quantity": "3"}],
            "proration_behavior": "always_invoice",
            "proration_date": "1795392000",
        },
        "invoice_items": [{"price": "price_2", "quantity": "1"}],
    },
    CHANGE: {
        "items": [{"id": "si_1", "price": "price_1", "quantity": "13"}],
        "payment_behavior": "pending_if_incomplete",
        "proration_behavior": "always_invoice",
        "proration_date": "1795392000",
        "expand": ["latest_invoice.payments"],
    },
    SUBSCRIBE: {
        "customer": "cus_1",
        "items": [{"price": "price_1", "quantity": "3"}],
        "payment_behavior": "default_incomplete",
        "payment_settings": {"save_default_payment_method": "on_subscription"},
    },
    CUSTOMER: {
        "email": "ann@example.com",
        "address": {"country": "DE", "postal_code": "10115"},
        "tax_id_data": [{"type": "eu_vat", "value": "DE136695976"}],
    },
    COUPON: {"id": "c", "percent_off": "12.5", "duration": "repeating", "duration_in_months": "24"},
    REFUND: {"payment_intent": "pi_1", "amount": "100", "metadata": {"kassa_reason": "asked for"}},
    PHASES: {
        "end_behavior": "release",
        "phases": [
            {"items": [{"price": "price_1", "quantity": "8"}], "duration": {"interval": "year", "interval_count": "1"}}
        ],
    },
    LINES: {"lines": [{"pricing": {"price": "price_2"}, "quantity": "3"}]},
    PRICES: {"lookup_keys": ["team-hosted-usd-y-1"], "limit": "100"},
    EVENTS: {"limit": "100", "created": {"gte": "1795392000"}},
    PORTAL: {"customer": "cus_1", "flow_data": {"type": "payment_method_update"}},
    TAX_ID: {"type": "eu_vat", "value": "FR40303265045"},
}


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is done to a right request."""

    request: str
    name: str
    plant: Callable[[Params], object]


def _at(params: Params, path: str) -> tuple[Any, Any]:
    *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    node: Any = params
    for part in way:
        node = node[part]
    return node, last


def sets(request: str, path: str, value: Any) -> Mistake:
    """Return a mistake that puts a value there."""

    def plant(params: Params) -> None:
        node, last = _at(params, path)
        node[last] = value

    return Mistake(request, f"{path} = {value!r}", plant)


def lacks(request: str, path: str) -> Mistake:
    """Return a mistake that leaves something out."""

    def plant(params: Params) -> None:
        node, last = _at(params, path)
        del node[last]

    return Mistake(request, f"no {path}", plant)


def misspells(request: str, path: str, name: str) -> Mistake:
    """Return a mistake that calls something by another name."""

    def plant(params: Params) -> None:
        node, last = _at(params, path)
        node[name] = node.pop(last)

    return Mistake(request, f"{name} for {path}", plant)


MISTAKES = (
    # names that older versions had, or that nobody had
    sets(SESSION, "payment_method_types", ["card"]),
    misspells(SESSION, "line_items", "lineitems"),
    misspells(SESSION, "line_items.0.price", "prize"),
    misspells(SESSION, "automatic_tax.enabled", "enable"),
    misspells(SESSION, "subscription_data.billing_mode", "billingmode"),
    sets(SESSION, "coupon", "c"),
    misspells(PREVIEW, "currency", "curency"),
    misspells(PREVIEW, "subscription_details.proration_date", "prorationdate"),
    sets(PREVIEW, "subscription_items", [{"price": "price_1"}]),
    misspells(PREVIEW, "customer_details.address.state", "region"),
    sets(CHANGE, "promotion_code", "promo_1"),
    misspells(CHANGE, "items.0.quantity", "qty"),
    misspells(SUBSCRIBE, "payment_settings.save_default_payment_method", "save_default"),
    misspells(CUSTOMER, "tax_id_data", "tax_ids"),
    misspells(COUPON, "percent_off", "percentage"),
    misspells(REFUND, "payment_intent", "payment"),
    misspells(PHASES, "phases.0.duration.interval_count", "count"),
    sets(PHASES, "phases.0.iterations", "1"),
    misspells(LINES, "lines.0.pricing.price", "id"),
    misspells(PRICES, "lookup_keys", "lookup_key"),
    misspells(EVENTS, "created.gte", "since"),
    # values that are no such values
    sets(SESSION, "mode", "subscribe"),
    sets(SESSION, "ui_mode", "hosted"),
    sets(SESSION, "allowed_payment_method_types.0", "cards"),
    sets(PREVIEW, "subscription_details.proration_behavior", "invoice"),
    sets(CHANGE, "payment_behavior", "pending"),
    sets(CHANGE, "billing_cycle_anchor", "unchanged"),
    sets(COUPON, "duration", "thrice"),
    sets(PHASES, "end_behavior", "stop"),
    sets(PORTAL, "flow_data.type", "cards"),
    sets(TAX_ID, "type", "fr_vat"),
    sets(REFUND, "reason", "asked"),
    # values of another kind
    sets(SESSION, "line_items.0.quantity", "ten"),
    sets(SESSION, "line_items", "price_1"),
    sets(SESSION, "automatic_tax", "true"),
    sets(SESSION, "metadata", "O-1"),
    sets(SESSION, "metadata.kassa_order", ["O-1"]),
    sets(PREVIEW, "automatic_tax.enabled", "yes"),
    sets(PREVIEW, "subscription_details.proration_date", "2026-11-23"),
    sets(CHANGE, "items.0.quantity", "13.5"),
    sets(CHANGE, "expand", "latest_invoice"),
    sets(COUPON, "percent_off", "12,5"),
    sets(REFUND, "amount", "1.00"),
    sets(EVENTS, "created", "yesterday"),
    # what must be there
    lacks(SESSION, "automatic_tax.enabled"),
    lacks(PREVIEW, "customer_details.tax_ids.0.type"),
    lacks(PREVIEW, "automatic_tax.enabled"),
    lacks(CUSTOMER, "tax_id_data.0.value"),
    lacks(PHASES, "phases.0.items"),
    lacks(LINES, "lines"),
    lacks(PORTAL, "flow_data.type"),
    lacks(TAX_ID, "value"),
)
WRONG_HEADERS = (
    ("no key", {"authorization": ""}),
    ("another version", {"stripe-version": "2024-06-20"}),
    ("no idempotency key", {"idempotency-key": ""}),
    ("a key of the library's", {"idempotency-key": "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed"}),
    ("telemetry", {"x-stripe-client-telemetry": "{}"}),
)


def planted() -> list[Planted]:
    """Return each mistake with what the guard says of it; a right request that is complained about is an error."""
    for request, params in RIGHT.items():
        if found := _complaint(request, params, HEADERS):
            raise AssertionError(f"{request} is right: {found}")
    made = [_planted(mistake) for mistake in MISTAKES]
    made += [
        Planted(name=name, complaint=_complaint(REFUND, RIGHT[REFUND], {**HEADERS, **wrong}))
        for name, wrong in WRONG_HEADERS
    ]
    return [
        *made,
        Planted(name="no such operation", complaint=_complaint("post /v1/invoices/upcoming_x/y/z", {}, HEADERS)),
    ]


def _planted(mistake: Mistake) -> Planted:
    params = copy.deepcopy(RIGHT[mistake.request])
    mistake.plant(params)
    return Planted(name=f"{mistake.request}: {mistake.name}", complaint=_complaint(mistake.request, params, HEADERS))


def _complaint(request: str, params: Params, headers: dict[str, str]) -> str:
    verb, _, path = request.partition(" ")
    return "; ".join(complaints(verb, path, params, headers))
