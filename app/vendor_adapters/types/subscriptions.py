"""What was bought and goes on."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from app.core.money import Money
from app.vendor_adapters.types.purchases import PurchaseItem
from app.vendor_adapters.types.refs import CustomerRef, OfferKey, OrderId, SubscriptionRef


class SubscriptionStatus(Enum):
    """Ours; UNKNOWN grants nothing new and revokes nothing."""

    INCOMPLETE = "incomplete"
    TRIALING = "trialing"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


class SalesChannel(Enum):
    """Who sold a subscription; all but DIRECT are read-only in the store."""

    DIRECT = "direct"
    RESELLER = "reseller"
    MARKETPLACE = "marketplace"
    SALES = "sales"


class Arrangement(Enum):
    """How a subscription is paid or owed; the store changes those that are paid by CARD and no others."""

    CARD = "card"
    PURCHASE_ORDER = "purchase_order"
    BANK_TRANSFER = "bank_transfer"
    COMMUNITY = "community"
    PUBLIC_SECTOR = "public_sector"
    OFFLINE_LICENSE = "offline_license"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A term; ``ends_at`` is exclusive."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionSnapshot:
    """A subscription as the vendor holds it now.

    Attributes:
        subject: what it is for, as it was given in the request. offer: the plan's price row; for a subscription of an
            add-on alone, that add-on's. packs: recurring add-ons beside the plan. cancel_at: set when it will not
            renew. renews_as: what it will be after its term, when that differs. paid_until: the end of the next
            term, set when that one is paid already. sold_by: the partner's name. resumes: what has ended and goes on
            in this one, where the vendor makes another subscription for it; once this one runs, it is the same to us.
        version: larger after every change, never smaller on a later read; the projection keeps the highest.
        sold_by_contact: how the partner is reached, a mail or web address or words; empty where nobody wrote it down.
    """

    ref: SubscriptionRef
    customer: CustomerRef
    order: OrderId
    subject: str
    status: SubscriptionStatus
    offer: OfferKey
    seats: int
    unit_price: Money
    period: Period
    cancel_at: datetime | None
    renews_as: PurchaseItem | None
    packs: tuple[PurchaseItem, ...]
    channel: SalesChannel
    sold_by: str
    version: int
    observed_at: datetime
    arrangement: Arrangement = Arrangement.CARD
    paid_until: datetime | None = None
    resumes: SubscriptionRef | None = None
    sold_by_contact: str = ""
