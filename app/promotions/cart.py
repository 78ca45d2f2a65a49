"""What is asked of the engine: what is bought, what is known of the buyer, and what was typed or clicked."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from app.core.clock import add_months
from app.promotions.model import OrderKind
from app.vendor_adapters.types import OfferKey, SalesChannel

FORGOTTEN_AFTER_MONTHS = 12  # a group without a paid plan for so long counts as new again


@dataclass(frozen=True, slots=True, kw_only=True)
class CartLine:
    """One plan or add-on; amounts are minor units of the cart's currency, before discounts and tax.

    Attributes:
        item: the catalog's key. offer: its price row at the vendor. quantity: seats or packs after the order.
        added: how many of them this order buys. amount: what is due now (prorated, less any credit; never negative).
        renews_at: when it is charged again, None for never. renewal_amount: what it is charged then.
    """

    item: str
    is_addon: bool
    deployment: str
    offer: OfferKey
    quantity: int
    added: int
    amount: int
    renews_at: datetime | None = None
    renewal_amount: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cart:
    """What is bought."""

    kind: OrderKind
    currency: str
    lines: tuple[CartLine, ...]

    @property
    def subtotal(self) -> int:
        """What is due now before discounts and tax."""
        return sum(line.amount for line in self.lines)

    @property
    def seats(self) -> int:
        """How many seats there are after the order."""
        return sum(line.quantity for line in self.lines if not line.is_addon)

    @property
    def added_seats(self) -> int:
        """How many seats the order buys."""
        return sum(line.added for line in self.lines if not line.is_addon)


class Standing(Enum):
    """What a customer is to us, as the ledger keeps it."""

    NEW = "new"
    EXISTING = "existing"
    LAPSED = "lapsed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The paid plans of a billing account and of the group that is bought for; trials and packs do not count.

    Attributes:
        account_until: when the account's last paid plan ends or ended, None if it never paid for one.
        group_until: the same of the group, whoever paid.
    """

    account_until: datetime | None = None
    group_until: datetime | None = None

    def standing(self, now: datetime) -> Standing:
        """Return what they are at ``now``."""
        if self._last is not None and self._last > now:
            return Standing.EXISTING
        return Standing.NEW if self.is_new(now) else Standing.LAPSED

    def is_new(self, now: datetime) -> bool:
        """Whether the account never paid for a plan and the group had none for a year."""
        is_group_new = self.group_until is None or add_months(self.group_until, FORGOTTEN_AFTER_MONTHS) <= now
        return self.account_until is None and is_group_new

    def is_existing(self, now: datetime) -> bool:
        """Whether a paid plan is running."""
        return self.standing(now) is Standing.EXISTING

    def is_lapsed(self, now: datetime, days: int) -> bool:
        """Whether the last paid plan ended at least ``days`` ago."""
        return self._last is not None and self._last + timedelta(days=days) <= now

    @property
    def _last(self) -> datetime | None:
        ends = [end for end in (self.account_until, self.group_until) if end is not None]
        return max(ends, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of the buyer and of the stock; None is not known yet, and then rules answer UNKNOWN.

    Attributes:
        account_id: the billing account's, empty for somebody who has none yet. mail_domain: of the verified address,
            empty without one. uses: by campaign, how often this identity has it already.
        remaining: by budget id, what is left of it; a budget without a cap is not listed.
        is_hopeful: price as if everything unknown will turn out well: for pages before sign-in, never for a claim.
    """

    account_id: str | None = None
    history: History | None = None
    country: str | None = None
    mail_domain: str | None = None
    channel: SalesChannel = SalesChannel.DIRECT
    uses: tuple[tuple[str, int], ...] = ()
    remaining: tuple[tuple[str, int], ...] = ()
    is_hopeful: bool = False

    def uses_of(self, slug: str) -> int:
        """How often this identity has used a campaign."""
        return next((count for known, count in self.uses if known == slug), 0)

    def left_of(self, budget_id: str) -> int | None:
        """What is left of a budget, None when it has no cap."""
        return next((left for known, left in self.remaining if known == budget_id), None)


class Source(Enum):
    """How an offer came into the cart."""

    AUTOMATIC = "automatic"
    CODE = "code"
    LINK = "link"
    PREVIEW = "preview"


class Audience(Enum):
    """Whom a link is for."""

    ANY = "any"
    ACCOUNT = "account"
    MAIL_DOMAIN = "mail_domain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One campaign that a code or link stands for; one code may stand for several in disjoint windows.

    Attributes:
        entry_id: of the code or the link, empty for a slug. expires: own end, business time. is_over: revoked, or taken
            out of the campaign. audience, audience_value: whom a link is for.
    """

    slug: str
    entry_id: str = ""
    expires: datetime | None = None
    is_over: bool = False
    audience: Audience = Audience.ANY
    audience_value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Something that was typed or clicked.

    Attributes:
        label: as people may see it again: a public code, the prefix and tail of a secret one, a link's campaign.
        is_secret: every refusal then reads the same. is_malformed: it can be no code.
    """

    source: Source
    label: str
    matches: tuple[Match, ...] = ()
    is_secret: bool = False
    is_malformed: bool = False
