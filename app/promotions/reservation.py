"""A reservation: one campaign's offer, claimed for one order."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from app.promotions import budget_ids


class ReservationState(Enum):
    """HELD for a buyer who has not confirmed, RESERVED for an order until its payment page is dead; then the end."""

    HELD = "held"
    RESERVED = "reserved"
    COMMITTED = "committed"
    RELEASED = "released"
    REVERSED = "reversed"


OPEN = (ReservationState.HELD, ReservationState.RESERVED)
LIVE = (*OPEN, ReservationState.COMMITTED)


class Cause(Enum):
    """Why a reservation was let go."""

    EXPIRED = "expired"
    ABANDONED = "abandoned"
    CART_CHANGED = "cart_changed"
    CODE_REMOVED = "code_removed"
    PAYMENT_FAILED = "payment_failed"
    SUPERSEDED = "superseded"


class Refund(Enum):
    """What kind of money back; only a full refund gives the use back."""

    FULL = "full"
    PARTIAL = "partial"
    DISPUTE = "dispute"
    DISPUTE_PREVENTION = "dispute_prevention"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """One row.

    Attributes:
        order_id: the order's, or the intent's while it is only held. amount: what it takes off, net: what is left to
            pay of the whole order, both in minor units before tax. customer: new, existing, lapsed or unknown.
        made_at: business time. expires_at: wall time; a hold is let go then, an order's is looked at.
    """

    reservation_id: str
    state: ReservationState
    order_id: str
    account_id: str
    slug: str
    version: int
    offer_id: str
    code_id: str
    link_id: str
    currency: str
    amount: int
    net: int
    customer: str
    is_overdraft: bool
    trace_hash: str
    made_at: datetime
    expires_at: datetime

    @property
    def live_key(self) -> str:
        """What only one live reservation has."""
        return f"{self.slug}:{self.order_id}"

    @property
    def weights(self) -> dict[str, int]:
        """What it counts for, by budget."""
        return budget_ids.weights_of(self.slug, self.currency, self.amount, code_id=self.code_id, link_id=self.link_id)
