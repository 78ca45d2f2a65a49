"""Every body that the adapter can be answered with, each with its translation."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any

import stripe

from app.catalog.model import PriceRow
from app.vendor_adapters.conformance import kit_catalog
from app.vendor_adapters.conformance.offers import TEAM
from app.vendor_adapters.conformance.wire import Reading
from app.vendor_adapters.errors import VendorError
from app.vendor_adapters.stripe.errors import translated
from app.vendor_adapters.stripe.translate import cards, checkouts, events, invoices, offers, quotes, subscriptions
from app.vendor_adapters.stripe.translate.offers import Prices
from app.vendor_adapters.stripe.translate.states import decline_reason, sales_channel
from app.vendor_adapters.types import TaxIdStatus
from tests.stripe_twin.samples import body, error_codes, event_types, made_of, values_of

NOBODY_KNOWS = "eclipsed"
NOW = datetime(2026, 11, 23, tzinfo=UTC)
NO_PRICES = Prices({})
STATUSES = {400: "invalid_request_error", 402: "card_error", 404: "invalid_request_error", 429: "invalid_request_error"}


@cache
def readings() -> list[Reading]:
    """Return every published body, each enum in each of its values."""
    return [*_subscriptions(), *_sessions(), *_invoices(), *_payments(), *_others(), *_events(), *_errors()]


@cache
def unheard_of() -> list[Reading]:
    """Return bodies whose enums have a value that nobody knows yet."""
    return [
        _reading("subscription.status", _of_subscription(status=NOBODY_KNOWS)),
        _reading("session.status", _of_session(status=NOBODY_KNOWS)),
        _reading("session.payment_status", _of_session(status="complete", payment_status=NOBODY_KNOWS)),
        _reading("invoice.status", _of_invoice(status=NOBODY_KNOWS)),
        _reading("direct invoice.status", _of_direct(status=NOBODY_KNOWS)),
        _reading("event.type", _of_event(NOBODY_KNOWS, body(stripe.Subscription))),
        _reading(
            "event.data.object", _of_event("customer.subscription.updated", {"object": NOBODY_KNOWS, "id": "x_1"})
        ),
    ]


def _subscriptions() -> Iterator[Reading]:
    for status in values_of(stripe.Subscription, "status"):
        yield _reading(f"subscription {status}", _of_subscription(status=status))
    for status in values_of(stripe.SubscriptionSchedule, "status"):
        schedule = body(stripe.SubscriptionSchedule, status=status, phases=[])
        yield _reading(f"schedule {status}", _of_subscription(status="active", schedule=schedule))
    yield _reading("channel", lambda: sales_channel("reseller").value)


def _sessions() -> Iterator[Reading]:
    for status in values_of(stripe.checkout.Session, "status"):
        for paid in values_of(stripe.checkout.Session, "payment_status"):
            yield _reading(f"session {status} {paid}", _of_session(status=status, payment_status=paid))


def _invoices() -> Iterator[Reading]:
    for status in values_of(stripe.Invoice, "status"):
        yield _reading(f"invoice {status}", _of_invoice(status=status))
        yield _reading(f"direct invoice {status}", _of_direct(status=status))
    for reason in values_of(stripe.Invoice, "billing_reason"):
        yield _reading(f"invoice of {reason}", _of_invoice(billing_reason=reason))
    for reason in values_of(stripe.Invoice.TotalTax, "taxability_reason"):
        yield _reading(f"tax {reason}", _of_preview(reason))
    for status in values_of(stripe.Invoice.AutomaticTax, "status"):
        yield _reading(f"automatic tax {status}", _of_tax_status(status))


def _payments() -> Iterator[Reading]:
    for status in values_of(stripe.PaymentIntent, "status"):
        payment = made_of(stripe.PaymentIntent, status=status)
        yield _reading(f"payment {status}", _of_direct(payment, status="open"))
    for code in error_codes():
        error = body(stripe.PaymentIntent.LastPaymentError, code=code, type="card_error")
        payment = made_of(stripe.PaymentIntent, last_payment_error=error, status="requires_payment_method")
        yield _reading(f"decline {code}", _of_direct(payment, status="void"))
        yield _reading(f"decline code {code}", partial(_decline, code))


def _others() -> Iterator[Reading]:
    row = next(row for row in kit_catalog().prices if row.id == TEAM)
    for scheme in values_of(stripe.Price, "billing_scheme"):
        price = made_of(stripe.Price, billing_scheme=scheme, lookup_key=TEAM, unit_amount=1, recurring=None)
        yield _reading(f"price {scheme}", partial(_offer, price, row))
    card = made_of(stripe.PaymentMethod, type="card", card=body(stripe.PaymentMethod.Card, brand="visa", exp_month=1))
    yield _reading("card", lambda: cards.summaries([card], ""))
    for status in values_of(stripe.TaxId.Verification, "status"):
        yield _reading(f"tax id {status}", partial(quotes.VERIFICATIONS.__getitem__, status))


def _events() -> Iterator[Reading]:
    things = (
        stripe.checkout.Session,
        stripe.Subscription,
        stripe.SubscriptionSchedule,
        stripe.Invoice,
        stripe.PaymentIntent,
        stripe.Charge,
        stripe.Refund,
        stripe.Dispute,
        stripe.Customer,
        stripe.TaxId,
        stripe.PaymentMethod,
        stripe.Product,
    )
    bodies = [body(thing) for thing in things]
    for i, event_type in enumerate(event_types()):
        yield _reading(f"event {event_type}", _of_event(event_type, bodies[i % len(bodies)]))
    for thing in things:
        for event_type in ("customer.subscription.updated", "charge.refunded"):
            yield _reading(f"{event_type} with {thing.OBJECT_NAME}", _of_event(event_type, body(thing)))


def _errors() -> Iterator[Reading]:
    for status, kind in STATUSES.items():
        for code in error_codes():
            yield _reading(f"error {status} {code}", _of_error(status, kind, code))
    for status in (401, 403, 409, 500, 502, 503, 504):
        yield _reading(f"error {status}", _of_error(status, "api_error", ""))


def _of_subscription(**fields: Any) -> Callable[[], object]:
    price = body(stripe.Price, id="price_1", lookup_key=TEAM, unit_amount=34_800, currency="usd", active=True)
    item = body(stripe.SubscriptionItem, price=price, quantity=10, current_period_end=1_827_000_000)
    rows = {"object": "list", "data": [item], "has_more": False, "url": "/v1/subscription_items"}
    subscription = made_of(stripe.Subscription, items=rows, customer="cus_1", **fields)
    return lambda: subscriptions.snapshot(subscription, kit_catalog(), version=1, observed_at=NOW)


def _of_session(**fields: Any) -> Callable[[], object]:
    session = made_of(stripe.checkout.Session, **{"currency": "usd", "amount_total": 1, **fields})
    return lambda: checkouts.of_session(session, None)


def _of_invoice(**fields: Any) -> Callable[[], object]:
    invoice = made_of(stripe.Invoice, **{"currency": "usd", "status": "paid", **fields})
    return lambda: invoices.summary(invoice, NO_PRICES)


def _of_direct(payment: Any = None, **fields: Any) -> Callable[[], object]:
    invoice = made_of(stripe.Invoice, **{"currency": "usd", **fields})
    return lambda: checkouts.of_invoice(invoice, payment)


def _of_preview(reason: str) -> Callable[[], object]:
    tax = body(stripe.Invoice.TotalTax, taxability_reason=reason, amount=1)
    state = body(stripe.Invoice.AutomaticTax, enabled=True, status="complete")
    preview = made_of(stripe.Invoice, total_taxes=[tax], currency="usd", automatic_tax=state)
    return lambda: quotes.assessed(preview, TaxIdStatus.NONE)


def _of_tax_status(status: str) -> Callable[[], object]:
    state = body(stripe.Invoice.AutomaticTax, enabled=True, status=status)
    preview = made_of(stripe.Invoice, automatic_tax=state, currency="usd")

    def read() -> str:
        quotes.check_tax(preview, "quote_purchase")
        return "complete"

    return read


def _of_event(event_type: str, carried: dict[str, Any]) -> Callable[[], object]:
    event = stripe.Event.construct_from(body(stripe.Event, type=event_type, data={"object": carried}, created=1), None)
    return lambda: events.notification(event)


def _of_error(status: int, kind: str, code: str) -> Callable[[], object]:
    answer = json.dumps({"error": {"type": kind, "code": code, "message": "no"}})

    def read() -> VendorError | str:
        try:
            _library()._requestor._interpret_response(answer, status, {"Request-Id": "req_1"}, "V1")
        except stripe.CardError as declined:
            return decline_reason(declined.code).value
        except stripe.StripeError as error:
            return translated(error, "buy", is_write=True, has_written=False)
        raise AssertionError("no error")

    return read


def _reading(name: str, read: Callable[[], object]) -> Reading:
    return Reading(name=name, read=read)


@cache
def _library() -> stripe.StripeClient:
    return stripe.StripeClient("sk_test_readings")


def _decline(code: str) -> object:
    return decline_reason(None, code)


def _offer(price: stripe.Price, row: PriceRow) -> object:
    return offers.offer(price, row) or "left out"
