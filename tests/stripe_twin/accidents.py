"""Faults of the port's operations, as they befall the requests that an operation consists of."""

from app.vendor_adapters.world import ANY, PlannedFault
from app.vendor_adapters.world import Fault as Wanted
from tests.stripe_twin.api import Fault

TRIES = 2
"""Requests that the adapter makes before it gives up: it repeats one that got no answer once."""

_FIRST = {
    "list_offers": r"get /v1/prices",
    "get_offer": r"get /v1/prices",
    "sync_catalog": r"get /v1/prices",
    "quote_purchase": r"post /v1/invoices/create_preview",
    "get_checkout": r"get /v1/(checkout/sessions|invoices)/[^/]+",
    "find_checkouts": r"get /v1/(checkout/sessions|invoices)(/search)?",
    "get_subscription": r"get /v1/subscriptions/[^/]+",
    "list_subscriptions": r"get /v1/subscriptions",
    "quote_change": r"post /v1/invoices/create_preview",
    "list_invoices": r"get /v1/invoices",
    "get_invoice": r"get /v1/invoices/[^/]+",
    "payment_methods": r"get /v1/customers/[^/]+/payment_methods",
    "portal_page": r"post /v1/billing_portal/sessions",
    "changes_since": r"get /v1/events",
}
"""Reads: a request without which the operation has no answer."""
EFFECTS = {
    "ensure_customer": r"post /v1/customers(/[^/]+)?",
    "start_checkout": r"post /v1/checkout/sessions",
    "expire_checkout": r"post /v1/(checkout/sessions/[^/]+/expire|invoices/[^/]+/void)",
    "buy": r"post /v1/payment_intents/[^/]+/confirm",
    "apply_change": r"post /v1/subscriptions/[^/]+",
    "set_renewal": r"post /v1/subscriptions/[^/]+",
    "set_default_payment_method": r"post /v1/customers/[^/]+",
    "refund": r"post /v1/refunds",
    "materialise_discount": r"post /v1/coupons",
    "revoke_discount": r"delete /v1/coupons/[^/]+",
}
"""Writes: the one request that takes effect; what is lost around it is what a caller can least know."""
_KINDS = {
    Wanted.TIMEOUT_BEFORE: "lost_request",
    Wanted.TIMEOUT_AFTER: "lost_answer",
    Wanted.RESET_AFTER: "lost_answer",
    Wanted.HANG: "silent",
    Wanted.ERROR_500: "broken",
    Wanted.RATE_LIMIT: "rate_limit",
    Wanted.SLOW: "slow",
    Wanted.DOWN: "refused",
}
_TURNED_AWAY = ("rate_limit", "refused")
_BEGINS = {"buy": r"post /v1/(subscriptions|invoices)"}
"""Writes of several requests: the first that could do anything, where a call that is turned away ends."""
_ONCE = ("rate_limit", "slow")
"""What the adapter does not repeat a request for."""


def befalling(planned: PlannedFault) -> Fault:
    """Return the fault of requests that makes ``planned`` happen; ValueError for an operation that there is not."""
    kind = _KINDS[planned.fault]
    tries = 1 if kind in _ONCE else TRIES
    begins = _BEGINS.get(planned.op) if kind in _TURNED_AWAY else None
    return Fault(kind, begins or _pattern(planned.op), planned.times * tries)


def _pattern(op: str) -> str:
    if op == ANY:
        return ".*"
    pattern = _FIRST.get(op) or EFFECTS.get(op)
    if pattern is None:
        raise ValueError(f"no such operation: {op}")
    return pattern
