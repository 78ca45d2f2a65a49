"""What the engine answers: what applies, what does not and why, the sums, and a trace that gives them again."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from app.promotions.answers import Need, Reason, Remedy
from app.promotions.cart import Cart, Entry, Facts, Source
from app.promotions.model import Offer, Published
from app.promotions.packing import pack


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """How an offer came into the cart: the entry's id (of a code or a link), and its label for people."""

    source: Source
    label: str
    entry_id: str = ""
    is_secret: bool = False

    @property
    def code_id(self) -> str:
        """The code's id, empty for whatever else it came by."""
        return self.entry_id if self.source is Source.CODE else ""

    @property
    def link_id(self) -> str:
        """The signed link's id, empty for whatever else it came by."""
        return self.entry_id if self.source is Source.LINK else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """An offer that takes something off.

    Attributes:
        version: of the campaign. amount: what it takes off now, in minor units; shares: of each line of the cart.
        needs: what must turn out well yet (only with hopeful facts). is_scarce: so little is left that a buyer who is
            not quick may lose it: hold it.
    """

    ref: Ref
    offer: Offer
    version: int
    amount: int
    shares: tuple[int, ...]
    needs: tuple[Need, ...] = ()
    is_scarce: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """Something that was typed or clicked and does not apply; ``slug`` is empty where no campaign is meant."""

    ref: Ref
    reason: Reason
    remedy: Remedy | None = None
    slug: str = ""
    offer: Offer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Something that will apply or not when more is known."""

    ref: Ref
    needs: tuple[Need, ...]
    slug: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedLine:
    """A line's sums in minor units; the discount is at least 0 and at most the gross."""

    gross: int
    discount: int

    @property
    def net(self) -> int:
        """What is due for the line before tax."""
        return self.gross - self.discount


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Sums before tax in minor units; ``first_year`` is what falls due within twelve months, ``due`` included."""

    subtotal: int
    discount: int
    due: int
    first_year: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Everything that the decision was made from, and the steps of the set that was chosen.

    ``evaluate.replay`` makes the same decision of it, so support can tell why a price is what it was.
    """

    cart: Cart
    facts: Facts
    now: datetime
    entries: tuple[Entry, ...]
    campaigns: tuple[Published, ...]
    chosen: tuple[str, ...]
    totals: Totals

    @property
    def digest(self) -> str:
        """SHA-256 of the trace: the ledger keeps it beside every row."""
        return hashlib.sha256(pack(self).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The answer; ``applied`` stand in the order in which the vendor must take them off."""

    applied: tuple[Applied, ...]
    rejected: tuple[Rejected, ...]
    pending: tuple[Waiting, ...]
    lines: tuple[DecidedLine, ...]
    totals: Totals
    trace: Trace

    @property
    def is_firm(self) -> bool:
        """Whether everything that applies does so for certain; only then may it be claimed."""
        return not any(applied.needs or applied.ref.source is Source.PREVIEW for applied in self.applied)
