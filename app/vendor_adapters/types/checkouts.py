"""A payment session as it is now."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from app.core.money import Money
from app.vendor_adapters.types.refs import ChargeRef, CheckoutRef, CustomerRef, InvoiceRef, OrderId, SubscriptionRef


class DeclineReason(Enum):
    """Why a payment did not go through, one text each (E-CARD-…, docs/errors.md)."""

    DECLINED = "declined"
    FUNDS = "funds"
    EXPIRED = "expired"
    CVC = "cvc"
    ADDRESS = "address"
    TYPE = "type"
    LIMIT = "limit"
    AUTH = "auth"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decline:
    """One refused payment: no money moved. ``ref`` is the vendor's id of the try, so that it is counted once."""

    ref: str
    at: datetime
    reason: DeclineReason


class CheckoutState(Enum):
    """PROCESSING: the vendor has not heard from the bank yet. COMPLETE: paid, or nothing was due."""

    OPEN = "open"
    PROCESSING = "processing"
    COMPLETE = "complete"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutSnapshot:
    """A vendor checkout as it is now. ``url`` leads back to its page while it is open.

    ``amount_refunded`` is what was given back of ``amount_paid`` so far, None where the vendor does not say.
    ``card_fingerprint`` is that of the card that paid, as in PaymentMethodSummary; empty until then, or for none.
    """

    ref: CheckoutRef
    order: OrderId
    state: CheckoutState
    total: Money
    amount_paid: Money
    expires_at: datetime
    url: str = ""
    customer: CustomerRef | None = None
    subscription: SubscriptionRef | None = None
    invoice: InvoiceRef | None = None
    charge: ChargeRef | None = None
    declines: tuple[Decline, ...] = ()
    amount_refunded: Money | None = None
    card_fingerprint: str = field(default="", repr=False)
