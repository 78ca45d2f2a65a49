"""What Stripe tells: verified on the raw bytes, and reduced to a hint at what to look at again."""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import stripe

from app.vendor_adapters.errors import NotificationRejected, RejectReason, VendorRejected
from app.vendor_adapters.stripe.client import Call
from app.vendor_adapters.stripe.names import API_VERSION, NAME
from app.vendor_adapters.stripe.translate.basics import instant
from app.vendor_adapters.stripe.translate.events import notification
from app.vendor_adapters.types import Notification, NotificationKind, OrderId, Page

HEADER = "stripe-signature"
TOLERANCE = timedelta(seconds=300)
LARGEST = 1_000_000
EVENTS_A_PAGE = 100
MOST_PAGES = 20
_LONGEST_HEADER = 2_000
_THIN = "v2.core.event"


def read(
    secrets: Sequence[str], *, is_live: bool, headers: Mapping[str, str], body: bytes, received_at: datetime
) -> Notification:
    """Return a message's hint; NotificationRejected for what is not Stripe's, not for us, too old or too new.

    Every secret is tried, so that one can be rotated. A thin event and a kind that is not known are IGNORED.
    """
    if len(body) > LARGEST:
        raise _rejected("the body is too large")
    _verify(secrets, headers.get(HEADER, ""), body, received_at)
    try:
        event = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _rejected("the body cannot be read") from error
    if not isinstance(event, dict):
        raise _rejected("the body is no event")
    if event.get("object") == _THIN:
        return _thin(event, received_at)
    return _snapshot(event, is_live=is_live)


async def changes_since(call: Call, cursor: str) -> Page[Notification]:
    """Return what changed after the event ``cursor``, oldest first.

    An event that Stripe lists no more counts as none: then all that is listed is returned, the latest thousands.
    """
    if not cursor:
        return await _all(call)
    try:
        page = await call.read(call.v1.events.list_async({"ending_before": cursor, "limit": EVENTS_A_PAGE}))
    except VendorRejected as error:
        if error.reason is not RejectReason.NOT_FOUND:
            raise
        return await _all(call)
    rows = tuple(notification(event) for event in reversed(page.data))
    return Page(rows, next_cursor=rows[-1].id if page.has_more and rows else "")


async def _all(call: Call) -> Page[Notification]:
    events = await call.pages(call.v1.events.list_async({"limit": EVENTS_A_PAGE}), MOST_PAGES)
    return Page(tuple(notification(event) for event in reversed(events)))


def _verify(secrets: Sequence[str], header: str, body: bytes, received_at: datetime) -> None:
    stamp, given = _signatures(header)
    signed = stamp.encode() + b"." + body
    expected = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets if secret]
    # all are compared, so that the time taken tells nothing of which secret it was
    matches = [hmac.compare_digest(one, signature) for one in expected for signature in given]
    if not any(matches):
        raise _rejected("the signature is another one")
    if abs(received_at - instant(int(stamp))) > TOLERANCE:
        raise _rejected("it is too old or from the future")


def _signatures(header: str) -> tuple[str, list[str]]:
    parts = header[:_LONGEST_HEADER].split(",")
    stamps = [part[2:] for part in parts if re.fullmatch("t=[0-9]{1,11}", part)]
    given = [part[3:] for part in parts if re.fullmatch("v1=[0-9a-f]{64}", part)]
    if len(stamps) != 1 or not given:
        raise _rejected("no signature")
    return stamps[0], given


def _snapshot(event: Mapping[str, object], *, is_live: bool) -> Notification:
    if event.get("object") != "event":
        raise _rejected("the body is no event")
    if event.get("api_version") != API_VERSION:
        raise _rejected(f"the endpoint's API version is not {API_VERSION}")
    if event.get("livemode") is not is_live or event.get("account"):
        raise _rejected("of another account or mode")
    try:
        found = stripe.Event.construct_from(dict(event), None)
        return notification(found)
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError, OSError) as error:
        raise _rejected("the body is no event") from error


def _thin(event: Mapping[str, object], received_at: datetime) -> Notification:
    """A thin event only names what changed; the endpoint that the store asks for sends whole ones."""
    return Notification(
        id=str(event.get("id", "")),
        kind=NotificationKind.IGNORED,
        subject="",
        order=OrderId(""),
        occurred_at=received_at,
    )


def _rejected(detail: str) -> NotificationRejected:
    return NotificationRejected(vendor=NAME, operation="read_notification", detail=detail)
