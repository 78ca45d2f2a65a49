"""What the vendor tells us."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from app.vendor_adapters.types.refs import OrderId


class NotificationKind(Enum):
    """What to look at again; a notification is a hint, never a fact."""

    CHECKOUT = "checkout"
    SUBSCRIPTION = "subscription"
    INVOICE = "invoice"
    CHARGE = "charge"
    CUSTOMER = "customer"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One verified message of the vendor: something about ``subject`` (a ref of ``kind``) changed."""

    id: str
    kind: NotificationKind
    subject: str
    order: OrderId
    occurred_at: datetime
