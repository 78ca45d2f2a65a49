"""Invoices, cards, discounts and the vendor's own pages."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Generic, TypeVar

from app.core.money import Money
from app.vendor_adapters.types.purchases import Line
from app.vendor_adapters.types.refs import (
    ChargeRef,
    InvoiceRef,
    OfferKey,
    OrderId,
    PaymentMethodRef,
    SubscriptionRef,
)

T = TypeVar("T")


class InvoiceStatus(Enum):
    """An invoice's state; VOID and UNCOLLECTIBLE are no longer owed."""

    DRAFT = "draft"
    OPEN = "open"
    PAID = "paid"
    VOID = "void"
    UNCOLLECTIBLE = "uncollectible"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceSummary:
    """One invoice. ``document_url`` and ``pay_url`` are the vendor's pages, empty where there is none."""

    ref: InvoiceRef
    number: str
    order: OrderId
    subscription: SubscriptionRef | None
    status: InvoiceStatus
    issued_at: datetime
    lines: tuple[Line, ...]
    subtotal: Money
    discount: Money
    tax: Money
    total: Money
    amount_due: Money
    amount_paid: Money
    document_url: str
    pay_url: str


class DisputeState(Enum):
    """How a card holder's complaint about a charge stands; only LOST takes the money away for good."""

    NONE = "none"
    OPEN = "open"
    WON = "won"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeSummary:
    """A charge that went through, and what became of its money since.

    Attributes:
        order: empty for a renewal by itself. subscription: what it paid for, None for one-off packs. refunded: what was
            given back so far.
    """

    ref: ChargeRef
    order: OrderId
    subscription: SubscriptionRef | None
    invoice: InvoiceRef | None
    amount: Money
    refunded: Money
    dispute: DisputeState = DisputeState.NONE

    @property
    def is_returned(self) -> bool:
        """Whether all of its money is back with the buyer."""
        return self.refunded == self.amount or self.dispute is DisputeState.LOST


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentMethodSummary:
    """A stored card: never more than what is printed on a receipt, and the vendor's mark of it.

    ``fingerprint`` is the same for one card whoever stores it, opaque, of this vendor alone, never shown and never
    logged; empty where the vendor reports none.
    """

    ref: PaymentMethodRef
    brand: str
    last4: str
    expires_month: int
    expires_year: int
    is_default: bool
    fingerprint: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a vendor's list; ``next_cursor`` is empty on the last."""

    rows: tuple[T, ...]
    next_cursor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscountTerms:
    """One reservation's discount for the vendor to make real.

    Attributes:
        reservation: our id; one discount each. percent_bp: basis points off (1..10000), or amount_off: a fixed sum.
        offers: the price rows it applies to. periods: how many terms, None for ever.
    """

    reservation: str
    label: str
    percent_bp: int | None
    amount_off: Money | None
    offers: tuple[OfferKey, ...]
    periods: int | None


class PortalPurpose(Enum):
    """What a vendor's own customer page is opened for."""

    PAYMENT_METHODS = "payment_methods"
    INVOICES = "invoices"
