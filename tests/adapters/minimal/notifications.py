"""Reading what the vendor sends: the signature over the raw bytes first, then as little as possible."""

import hmac
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from app.vendor_adapters.errors import NotificationRejected
from app.vendor_adapters.types import Notification, NotificationKind, OrderId
from tests.adapters.minimal.calls import NAME

HEADER = "minimal-signature"
_TOLERANCE = timedelta(minutes=5)
_KINDS = {"contract": NotificationKind.SUBSCRIPTION, "session": NotificationKind.CHECKOUT}


def read(
    headers: Mapping[str, str], body: bytes, received_at: datetime, signature: Callable[[bytes, datetime], str]
) -> Notification:
    """Verify a message and say what it is about."""
    stamp = re.match(r"([0-9]{1,11}) ", headers.get(HEADER, ""))
    if stamp is None:
        raise _rejected("no signature")
    signed_at = datetime.fromtimestamp(int(stamp[1]), UTC)
    if not hmac.compare_digest(signature(body, signed_at).encode(), headers[HEADER].encode()):
        raise _rejected("another signature")
    if abs(received_at - signed_at) > _TOLERANCE:
        raise _rejected("too old or from the future")
    try:
        return _parsed(json.loads(body), signed_at)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise _rejected("unreadable") from error


def _parsed(told: Mapping[str, str], signed_at: datetime) -> Notification:
    return Notification(
        id=str(told["event"]),
        kind=_KINDS.get(told["about"], NotificationKind.IGNORED),
        subject=str(told["which"]),
        order=OrderId(""),
        occurred_at=signed_at,
    )


def _rejected(detail: str) -> NotificationRejected:
    return NotificationRejected(vendor=NAME, operation="read_notification", detail=detail)
