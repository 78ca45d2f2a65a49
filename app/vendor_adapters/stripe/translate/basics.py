"""Instants, amounts, refs and the order that a thing belongs to."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar

import stripe
from stripe import StripeObject

from app.core.money import Money
from app.vendor_adapters.stripe.names import ORDER, meta
from app.vendor_adapters.types import OrderId

R = TypeVar("R", bound=StripeObject)


def instant(seconds: int) -> datetime:
    """Return the instant of a Unix time."""
    return datetime.fromtimestamp(seconds, UTC)


def money(amount: int | None, currency: str | None) -> Money:
    """Return an amount; Stripe counts in minor units as we do, and writes currencies in lower case."""
    return Money(amount or 0, currency or "")


def total_of(amounts: Iterable[int], currency: str) -> Money:
    """Return the sum of ``amounts``."""
    return Money(sum(amounts), currency)


def ref_of(value: StripeObject | str | None) -> str:
    """Return the id of what is either an id or the thing itself; empty where there is none."""
    if value is None or isinstance(value, str):
        return value or ""
    return str(value["id"])


def whole(value: R | str | None, kind: type[R]) -> R:
    """Return what was asked to come whole; LookupError when only its id came."""
    if not isinstance(value, kind):
        raise LookupError(f"a whole {kind.__name__} was asked for")
    return value


def order_of(invoice: stripe.Invoice) -> OrderId:
    """Return the order that an invoice was made for, empty for renewals.

    A subscription's metadata lie beside each of its invoices, but only the first one is that order's. A field that an
    event leaves out is as good as empty: what is told is a hint, and the invoice itself is read afterwards.
    """
    own = meta(_field(invoice, "metadata"), ORDER)
    if own or _field(invoice, "billing_reason") != "subscription_create":
        return OrderId(own)
    details = _field(_field(invoice, "parent"), "subscription_details")
    return OrderId(meta(_field(details, "metadata"), ORDER))


def subscription_of(invoice: stripe.Invoice) -> str:
    """Return the subscription that an invoice bills, empty where there is none."""
    details = invoice.parent.subscription_details if invoice.parent else None
    return ref_of(details.subscription) if details else ""


def payment_of(invoice: stripe.Invoice) -> str:
    """Return the payment (``pi_…``) that an invoice was or is to be paid with; empty where nothing is due.

    The invoice must have come with its payments.
    """
    rows = invoice.payments.data if invoice.payments else []
    ordered = sorted(rows, key=lambda row: not row.is_default)
    return next((ref_of(row.payment.payment_intent) for row in ordered if row.payment.payment_intent), "")


def _field(thing: StripeObject | None, name: str) -> Any:
    return thing[name] if thing is not None and name in thing else None
