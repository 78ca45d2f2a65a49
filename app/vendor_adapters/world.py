"""What a demonstration or a test may do to a vendor beside the port: move its time, look into its books, break it.

A vendor made for it plays all of this. The store itself never holds one; only what starts the demonstration does.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Protocol

from app.core.money import Money
from app.vendor_adapters.types import (
    Arrangement,
    ChargeRef,
    CustomerProfile,
    CustomerRef,
    OfferKey,
    RefundRef,
    SalesChannel,
    SubscriptionRef,
    SubscriptionStatus,
)

Json = str | int | bool | None | Sequence["Json"] | Mapping[str, "Json"]
Row = dict[str, Json]
Books = dict[str, list[Row]]
"""The vendor's whole books as docs/http.md describes them, whichever vendor it is."""

Post = Callable[[str, Mapping[str, str], bytes], Awaitable[int]]
"""Send a body to an address with headers and return the status; it raises when no answer comes."""

ANY = "any"
OPERATIONS = frozenset(
    {
        "list_offers",
        "get_offer",
        "quote_purchase",
        "start_checkout",
        "get_checkout",
        "find_checkouts",
        "expire_checkout",
        "buy",
        "get_subscription",
        "list_subscriptions",
        "quote_change",
        "apply_change",
        "set_renewal",
        "ensure_customer",
        "list_invoices",
        "get_invoice",
        "payment_methods",
        "set_default_payment_method",
        "get_charge",
        "refund",
        "portal_page",
        "materialise_discount",
        "revoke_discount",
        "changes_since",
        "sync_catalog",
    }
)


class NoControls(Exception):
    """This vendor cannot be moved, broken or looked into from here; the text says what cannot be done."""


class Fault(Enum):
    """What goes wrong with a call; a read just fails, a write has or has not had its effect before it does."""

    TIMEOUT_BEFORE = "timeout_before"
    TIMEOUT_AFTER = "timeout_after"
    HANG = "hang"
    RESET_AFTER = "reset_after"
    ERROR_500 = "error_500"
    RATE_LIMIT = "rate_limit"
    SLOW = "slow"
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedFault:
    """``fault`` for the next ``times`` calls of ``op`` (a port operation, or ``any``); 0 times is until cleared."""

    op: str
    fault: Fault
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookFaults:
    """Each message is sent ``duplicate`` times in all, out of order, ``delay`` late, and lost at ``drop_ppm``."""

    duplicate: int = 1
    shuffle: bool = False
    drop_ppm: int = 0
    delay: timedelta = timedelta(0)

    @property
    def copies(self) -> int:
        return min(max(1, self.duplicate), _MOST_COPIES)


_MOST_COPIES = 1_000


class DisputeState(Enum):
    """How a card holder's complaint stands."""

    OPENED = "opened"
    WON = "won"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedSubscription:
    """A subscription to be there.

    Attributes:
        seats: units of ``offer``. starts_at: 00:00Z of the term's first day. months: the term, whole years. status:
            ACTIVE has a paid invoice, PAST_DUE an unpaid one (refused since the term began, and given up on the day
            when a renewal would be), CANCELLED has ended with its term. channel: all but DIRECT were sold and invoiced
            by ``sold_by`` and end with their term. arrangement: how it is paid; all but CARD are changed by people.
            sold_by_contact: how they are reached.
        auto_renew: None is what is usual: it renews when it was sold directly.
    """

    offer: OfferKey
    seats: int
    starts_at: datetime
    subject: str = ""
    order: str = ""
    channel: SalesChannel = SalesChannel.DIRECT
    sold_by: str = ""
    status: SubscriptionStatus = SubscriptionStatus.ACTIVE
    months: int = 12
    auto_renew: bool | None = None
    arrangement: Arrangement = Arrangement.CARD
    sold_by_contact: str = ""


class VendorWorld(Protocol):
    """The demonstration's hand on a vendor. What one cannot do raises NoControls."""

    async def set_clock(self, now: datetime) -> None:
        """Let the vendor's business time be ``now`` and tick on from there; a vendor that shares ours need not."""
        ...

    async def run_due(self, now: datetime) -> int:
        """Do all that is due by ``now`` (business time) in the order in which it fell due; returns how much it was."""
        ...

    async def deliver_due(self, post: Post, now: datetime, *, everything: bool = False) -> int:
        """Send what is due by ``now`` (wall time), or ``everything`` that waits; returns how much arrived."""
        ...

    async def books(self) -> Books:
        """Return the whole books, ready to be written as JSON."""
        ...

    async def refund(self, charge: ChargeRef, amount: Money) -> RefundRef:
        """Give part or all of a charge back, as the vendor's own people would."""
        ...

    async def dispute(self, charge: ChargeRef, state: DisputeState) -> None:
        """Let the holder of the card complain, or let that be decided."""
        ...

    async def set_faults(self, planned: Sequence[PlannedFault]) -> None:
        """Let calls of the port go wrong, in addition to what was planned before."""
        ...

    async def set_webhook_faults(self, wanted: WebhookFaults) -> None:
        """Let messages to the store travel badly from now on."""
        ...

    async def clear_faults(self) -> None:
        """Let everything go right again."""
        ...

    async def given_customer(self, profile: CustomerProfile, *, card_number: str | None = None) -> CustomerRef:
        """Return a customer with that test card on file as the default; may be repeated."""
        ...

    async def given_subscription(self, customer: CustomerRef, seed: SeedSubscription) -> SubscriptionRef:
        """Return the customer's subscription for ``seed.subject``, made as described unless it is there."""
        ...

    async def reset(self) -> None:
        """Forget everything but the catalog."""
        ...
