"""What one transaction of the vendor works with."""

import hashlib
import hmac
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from app.vendor_adapters.errors import RejectReason, VendorRejected

NAME = "embedded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What does not change while the vendor runs.

    Attributes:
        origin: where its own pages are reached. store_origin: where its links back to the store lead. quote_ttl: how
            long a quote is honoured. renews: whether a new subscription renews by itself.
    """

    secret: str
    origin: str
    store_origin: str
    webhook_url: str
    quote_ttl: timedelta
    renews: bool

    def key(self, purpose: str) -> bytes:
        """Return the signing key for one purpose, so that a token of one kind never passes for another."""
        return hmac.digest(self.secret.encode(), purpose.encode(), hashlib.sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One transaction: its connection, business time (``now``), wall time, and the call that it serves."""

    connection: Connection
    now: datetime
    wall: datetime
    settings: Settings
    operation: str
    request_id: str = ""

    def at(self, instant: datetime) -> "Desk":
        """Return the same desk at another business time: the billing run works at the instant that fell due."""
        return replace(self, now=instant)

    def rejected(self, reason: RejectReason, field: str = "", detail: str = "") -> VendorRejected:
        """Return the error that says no to what was asked."""
        return VendorRejected(
            vendor=NAME,
            operation=self.operation,
            reason=reason,
            field=field,
            detail=detail,
            request_id=self.request_id,
        )
