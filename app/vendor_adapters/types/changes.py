"""Changes of a subscription and what came of them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

from app.vendor_adapters.types.checkouts import Decline
from app.vendor_adapters.types.purchases import PurchaseItem
from app.vendor_adapters.types.refs import ChargeRef, CheckoutRef, DiscountRef, InvoiceRef, OfferKey
from app.vendor_adapters.types.subscriptions import SubscriptionSnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSeats:
    """Have ``seats`` in all. ``base`` is the number that the buyer was shown; another one now is StaleState.

    More seats count now, prorated; fewer count ``at_renewal`` only. ``discounts`` are taken once, off what is due now.
    """

    base: int
    seats: int
    at_renewal: bool = False
    discounts: tuple[DiscountRef, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchOffer:
    """Change the plan to ``offer``, with ``seats`` in all: now and prorated, or at renewal."""

    base: OfferKey
    offer: OfferKey
    seats: int
    at_renewal: bool = False
    discounts: tuple[DiscountRef, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AddPack:
    """Have ``quantity`` more of a recurring add-on, co-termed; ``base`` is how many the buyer was shown."""

    offer: OfferKey
    base: int
    quantity: int
    discounts: tuple[DiscountRef, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Renew:
    """Pay the next term now: before this one ends, or after it has ended, and then without a gap.

    ``base`` is the end of what is paid, as the buyer was shown it; another one now is StaleState. The term from there
    on has ``seats`` of ``offer`` and exactly ``packs``, of add-ons that it has now; what runs until then stays.
    """

    base: datetime
    offer: OfferKey
    seats: int
    packs: tuple[PurchaseItem, ...] = ()
    discounts: tuple[DiscountRef, ...] = ()

    def __post_init__(self) -> None:
        """One instant in one spelling: adapters tell changes apart by how they read."""
        object.__setattr__(self, "base", self.base.astimezone(UTC))


Change = SetSeats | SwitchOffer | AddPack | Renew


class RenewalDecision(Enum):
    """RENEW or END with the term; END_NOW ends at once and gives nothing back by itself (a refund is apart)."""

    RENEW = "renew"
    END = "end"
    END_NOW = "end_now"


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """It took effect. ``checkout`` is the purchase that can be read back, ``subscription`` what it made or changed."""

    checkout: CheckoutRef | None
    subscription: SubscriptionSnapshot | None
    invoice: InvoiceRef | None
    charge: ChargeRef | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedsAction:
    """The bank wants to hear from the buyer at ``url``; nothing takes effect before."""

    checkout: CheckoutRef | None
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """The bank has not answered; nothing takes effect before it does."""

    checkout: CheckoutRef | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined:
    """The payment was refused: no money moved and nothing changed."""

    decline: Decline


ChangeOutcome = Done | NeedsAction | Pending | Declined
