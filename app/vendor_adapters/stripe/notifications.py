"""What Stripe tells: verified on the raw bytes, and reduced to a hint at what to look at again."""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import stripe
import structlog

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
MOST_PAGES = 5
"""In one look: more would not answer within the deadline."""
_LONGEST_HEADER = 2_000
_THIN = "v2.core.event"
_BACK = "<"
"""Between two events in a cursor: the newest that was read, and the oldest, before which there is more to read."""
_UNREADABLE = (AttributeError, KeyError, TypeError, ValueError, OverflowError, OSError)
"""What comes of an event that is none of Stripe's."""

log = structlog.get_logger()


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

    An event that Stripe lists no more counts as none: then all that is listed is returned. Stripe lists backwards, so
    what is too much for one look comes with its newest part first, and goes on with what was before that.
    """
    newest, _, oldest = cursor.partition(_BACK)
    if not newest or oldest:
        return await _back(call, newest, oldest)
    try:
        page = await call.read(call.v1.events.list_async({"ending_before": cursor, "limit": EVENTS_A_PAGE}))
    except VendorRejected as error:
        if error.reason is not RejectReason.NOT_FOUND:
            raise
        return await _back(call, "", "")
    rows = _told(call, page.data)
    return Page(rows, next_cursor=rows[-1].id if page.has_more and rows else "")


async def _back(call: Call, newest: str, oldest: str) -> Page[Notification]:
    """Return what was before ``oldest``, or the latest of all; then it goes on further back, and last after newest."""
    params: stripe.params.EventListParams = {"limit": EVENTS_A_PAGE}
    if oldest:
        params["starting_after"] = oldest
    try:
        events, has_more = await call.pages_until(call.v1.events.list_async(params), MOST_PAGES)
    except VendorRejected as error:
        if error.reason is not RejectReason.NOT_FOUND:
            raise
        events, has_more = [], False  # forgotten by now, and all before it
    rows = _told(call, events)
    newest = newest or (rows[-1].id if rows else "")
    if has_more and rows:
        return Page(rows, next_cursor=f"{newest}{_BACK}{rows[0].id}")
    return Page(rows, next_cursor=newest if oldest else "")


def _told(call: Call, events: Sequence[stripe.Event]) -> tuple[Notification, ...]:
    """Return what events tell, oldest first. One that cannot be read tells nothing, and holds no other up."""
    found = (_readable(call, event) for event in reversed(events))
    return tuple(told for told in found if told is not None)


def _readable(call: Call, event: stripe.Event) -> Notification | None:
    try:
        return notification(event)
    except _UNREADABLE as error:
        ref = getattr(event, "id", None)
        known = ref if isinstance(ref, str) else ""
        log.warning("event cannot be read", vendor=NAME, event_id=known, error=type(error).__name__)
        return _ignored(known, call.client.clock.now()) if known else None


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
    except _UNREADABLE as error:
        raise _rejected("the body is no event") from error


def _thin(event: Mapping[str, object], received_at: datetime) -> Notification:
    """A thin event only names what changed; the endpoint that the store asks for sends whole ones."""
    return _ignored(str(event.get("id", "")), received_at)


def _ignored(ref: str, at: datetime) -> Notification:
    return Notification(id=ref, kind=NotificationKind.IGNORED, subject="", order=OrderId(""), occurred_at=at)


def _rejected(detail: str) -> NotificationRejected:
    return NotificationRejected(vendor=NAME, operation="read_notification", detail=detail)
