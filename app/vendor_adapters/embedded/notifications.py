"""Messages to the store: signed here, and verified by the adapter on the raw bytes."""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from app.vendor_adapters.embedded.desk import NAME
from app.vendor_adapters.errors import NotificationRejected
from app.vendor_adapters.types import Notification, NotificationKind, OrderId

HEADER = "kassa-embedded-signature"
TOLERANCE = timedelta(seconds=300)
VERSION = 1
_LARGEST = 64 * 1024
_MOST_SIGNATURES = 5


def sign(secret: str, body: bytes, at: datetime) -> str:
    """Return the signature header of ``body`` sent at ``at`` (wall time): ``t=<unix>,v1=<hex>``."""
    stamp = str(int(at.timestamp()))
    return f"t={stamp},v1={_hmac(secret, stamp, body)}"


def write(notification: Notification) -> bytes:
    """Return the body of a message: what to look at again, and no fact."""
    content = {
        "version": VERSION,
        "id": notification.id,
        "kind": notification.kind.value,
        "subject": notification.subject,
        "order": notification.order,
        "occurred_at": notification.occurred_at.isoformat(),
    }
    return json.dumps(content).encode()


def read(secret: str, headers: Mapping[str, str], body: bytes, received_at: datetime) -> Notification:
    """Verify a message and return it; NotificationRejected for whatever is not ours, too old, too new or unreadable."""
    if len(body) > _LARGEST:
        raise _rejected("the body is too large")
    _verify(secret, headers.get(HEADER, ""), body, received_at)
    try:
        return _parse(json.loads(body))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise _rejected("the body cannot be read") from error


def _verify(secret: str, header: str, body: bytes, received_at: datetime) -> None:
    match = re.fullmatch("t=([0-9]{1,11})((?:,v[0-9]=[0-9a-f]{64})+)", header[:500])
    if match is None:
        raise _rejected("no signature")
    stamp, expected = match[1], _hmac(secret, match[1], body)
    given = re.findall(",v1=([0-9a-f]{64})", match[2])[:_MOST_SIGNATURES]
    if not any(hmac.compare_digest(expected, signature) for signature in given):
        raise _rejected("the signature is another one")
    if abs(received_at - datetime.fromtimestamp(int(stamp), UTC)) > TOLERANCE:
        raise _rejected("it is too old or from the future")


def _parse(content: Mapping[str, object]) -> Notification:
    texts = {name: content[name] for name in ("id", "kind", "subject", "order", "occurred_at")}
    strings = {name: text for name, text in texts.items() if isinstance(text, str)}
    if content["version"] != VERSION or len(strings) < len(texts):
        raise ValueError("another form")
    occurred_at = datetime.fromisoformat(strings["occurred_at"])
    return Notification(
        id=strings["id"],
        kind=kind_of(strings["kind"]),
        subject=strings["subject"],
        order=OrderId(strings["order"]),
        occurred_at=occurred_at.astimezone(UTC),
    )


def kind_of(value: str) -> NotificationKind:
    """Return a kind by its name; one that this version does not know is IGNORED."""
    try:
        return NotificationKind(value)
    except ValueError:
        return NotificationKind.IGNORED


def _hmac(secret: str, stamp: str, body: bytes) -> str:
    return hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _rejected(detail: str) -> NotificationRejected:
    return NotificationRejected(vendor=NAME, operation="read_notification", detail=detail)
