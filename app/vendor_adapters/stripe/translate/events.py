"""Events: which thing each is about, and where our order stands in it."""

import stripe
from stripe import StripeObject

from app.vendor_adapters.stripe.names import ORDER, meta
from app.vendor_adapters.stripe.translate.basics import instant, order_of, ref_of
from app.vendor_adapters.types import Notification, NotificationKind, OrderId

KINDS = {
    "checkout.session": (NotificationKind.CHECKOUT, "id"),
    "subscription": (NotificationKind.SUBSCRIPTION, "id"),
    "subscription_schedule": (NotificationKind.SUBSCRIPTION, "subscription"),
    "invoice": (NotificationKind.INVOICE, "id"),
    "payment_intent": (NotificationKind.CHARGE, "id"),
    "charge": (NotificationKind.CHARGE, "payment_intent"),
    "refund": (NotificationKind.CHARGE, "payment_intent"),
    "dispute": (NotificationKind.CHARGE, "payment_intent"),
    "customer": (NotificationKind.CUSTOMER, "id"),
    "tax_id": (NotificationKind.CUSTOMER, "customer"),
    "payment_method": (NotificationKind.CUSTOMER, "customer"),
}
"""By the kind of thing that an event carries: what to look at again, and which field names it."""
FAMILIES = (
    "checkout.session.",
    "customer.",
    "subscription_schedule.",
    "invoice.",
    "payment_intent.",
    "charge.",
    "refund.",
    "payment_method.",
)
"""Types of events that are looked into; one of another family is IGNORED, whatever it carries."""


def notification(event: stripe.Event) -> Notification:
    """Return an event as the port speaks of it: a hint, never a fact. ValueError for what is no event."""
    if not isinstance(event.id, str) or not isinstance(event.type, str):
        raise ValueError("no event")
    carried: object = event.data.object
    if not isinstance(carried, StripeObject):
        raise ValueError("it carries nothing")
    kind, subject = about(event.type, carried)
    return Notification(
        id=event.id,
        kind=kind,
        subject=subject,
        order=_order(carried) if subject else OrderId(""),
        occurred_at=instant(event.created),
    )


def about(event_type: str, carried: StripeObject) -> tuple[NotificationKind, str]:
    """Return what an event of this type, which carries this, is about; a preview of an invoice has no id."""
    name = str(carried["object"]) if "object" in carried else ""
    kind, field = KINDS.get(name, (NotificationKind.IGNORED, ""))
    subject = ref_of(carried[field]) if field in carried else ""
    if not subject or not event_type.startswith(FAMILIES):
        return NotificationKind.IGNORED, ""
    return kind, subject


def _order(carried: StripeObject) -> OrderId:
    if isinstance(carried, stripe.Invoice):
        return order_of(carried)
    return OrderId(meta(carried["metadata"], ORDER) if "metadata" in carried else "")
