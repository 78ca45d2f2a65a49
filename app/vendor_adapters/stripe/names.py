"""Names that stand in more than one module: the adapter's own, and those under which our facts lie at Stripe."""

import hashlib

from stripe import StripeObject

NAME = "stripe"
API_VERSION = "2026-10-28.endive"
"""The version that requests ask for and that notifications must have; the tests compare it with the library's."""

# keys of metadata
ACCOUNT = "kassa_account"
CURRENCY = "kassa_currency"
KEYS = "kassa_keys"
ORDER = "kassa_order"
SUBJECT = "kassa_subject"
CHANNEL = "kassa_channel"
SOLD_BY = "kassa_sold_by"
SOLD_BY_CONTACT = "kassa_sold_by_contact"
ARRANGEMENT = "kassa_arrangement"
MARK = "kassa_key"
DIRECT = "kassa_direct"
"""On what was bought without a payment page: a purchase with a stored card, or a change."""
OFFER = "kassa_offer"
ITEM = "kassa_item"
BOOKED = "kassa_booked"
"""On a subscription that was taken out of its schedule for a change: what is to be booked again after it."""
REFUSED = "kassa_refused"
"""On a subscription whose next term a bank refused to pay before its day: which call that was, and what came of it."""
DECIDED = "kassa_decided"
"""On a subscription: which call decided last about its renewal."""
RESUMES = "kassa_resumes"
"""On a subscription that goes on from one that has ended: which one."""
DEPLOYMENT = "kassa_deployment"


def fingerprint(*values: object) -> str:
    """Return a short fingerprint of frozen values, so that two calls can be told apart."""
    return hashlib.sha256(repr(values).encode()).hexdigest()[:16]


def mark(key: str, arguments: object) -> str:
    """Return what is left at Stripe to know a call by: which key it had, and which arguments."""
    return f"{fingerprint(key)}.{fingerprint(arguments)}"


def meta(metadata: StripeObject | None, key: str) -> str:
    """Return one of our facts, empty where it is not there."""
    return str(metadata[key]) if metadata is not None and key in metadata else ""
