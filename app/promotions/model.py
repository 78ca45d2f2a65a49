"""What a campaign file says, typed and frozen. A published campaign never changes: a new file makes a new version."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from app.core.money import Money
from app.vendor_adapters.types import SalesChannel


class Status(Enum):
    """DRAFT is known to nobody but a preview; PAUSED says so to whoever tries."""

    DRAFT = "draft"
    LIVE = "live"
    PAUSED = "paused"


class OrderKind(Enum):
    """What an order is for."""

    FIRST_ORDER = "first_order"
    ADD_SEATS = "add_seats"
    ADDON = "addon"
    PLAN_CHANGE = "plan_change"
    RENEWAL = "renewal"


WITHOUT_OFFERS = frozenset({OrderKind.PLAN_CHANGE, OrderKind.RENEWAL})
"""Orders whose pages ask for no code, and at which no offer is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From ``starts`` up to ``ends``, which is no longer in it. Business time."""

    starts: datetime
    ends: datetime

    def __contains__(self, at: datetime) -> bool:
        return self.starts <= at < self.ends

    def overlaps(self, other: "Window") -> bool:
        """Whether some instant is in both."""
        return self.starts < other.ends and other.starts < self.ends

    def covers(self, other: "Window") -> bool:
        """Whether every instant of ``other`` is in this one."""
        return self.starts <= other.starts and other.ends <= self.ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Percent:
    """So many basis points off (1..10000)."""

    percent_bp: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountOff:
    """A fixed sum off, one in each currency."""

    amounts: tuple[Money, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeUnits:
    """So many seats or packs free, the cheapest first."""

    free_units: int


Benefit = Percent | AmountOff | FreeUnits


class Growth(Enum):
    """What becomes of a discount when seats are added later in the term."""

    KEEP_AMOUNT = "keep_amount"
    EXTEND = "extend"
    FIRST_UNITS = "first_n_units"


@dataclass(frozen=True, slots=True, kw_only=True)
class OnMoreSeats:
    """``units`` counts for FIRST_UNITS alone: the discount is for that many seats and no more."""

    growth: Growth
    units: int = 0


class OnPlanChange(Enum):
    """What becomes of a discount when the plan changes within its term."""

    DROP = "drop"
    KEEP_IF_ELIGIBLE = "keep_if_eligible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The lines that an offer takes something off; empty deployments mean all."""

    plans: tuple[str, ...] = ()
    addons: tuple[str, ...] = ()
    deployments: tuple[str, ...] = ()


class CustomerKind(Enum):
    """NEW never paid for a plan, EXISTING has one now, LAPSED had one that ended some time ago."""

    NEW = "new"
    EXISTING = "existing"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """``lapsed_days`` counts for LAPSED alone."""

    kind: CustomerKind
    lapsed_days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The conditions of an offer: all that are given must hold, one of ``any_of``, and ``none_of`` must not."""

    order: tuple[OrderKind, ...] = ()
    customer: Customer | None = None
    currencies: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    channels: tuple[SalesChannel, ...] = ()
    min_seats: int | None = None
    max_seats: int | None = None
    min_added_seats: int | None = None
    min_packs: int | None = None
    min_subtotal: tuple[Money, ...] = ()
    accounts: tuple[str, ...] = ()
    mail_domains: tuple[str, ...] = ()
    any_of: tuple["Rules", ...] = ()
    none_of: "Rules | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One way that a campaign pays out.

    Attributes:
        id: the campaign's slug and the offer's number in it, ``spring-launch/1``.
        periods: for how many terms it lasts (1 is the first alone), None for ever.
        combines_with: campaign slugs or offer ids that it may stand beside; both sides must say so.
    """

    id: str
    target: Target
    benefit: Benefit
    periods: int | None
    is_automatic: bool
    group: str
    combines_with: tuple[str, ...]
    on_more_seats: OnMoreSeats
    on_plan_change: OnPlanChange
    rules: Rules

    @property
    def slug(self) -> str:
        """The campaign's slug."""
        return self.id.partition("/")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetSpec:
    """Caps: uses in all, cost in each currency, uses of one identity; None or empty is no cap."""

    redemptions: int | None = None
    money: tuple[Money, ...] = ()
    per_identity: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeSpec:
    """A code that stands in the file, or (``batch`` > 0) how many secret ones may be made by command.

    Attributes:
        redemptions: cap of a written code. redemptions_each: cap of each code of a batch. expires: own end, business
            time.
    """

    code: str = ""
    batch: int = 0
    prefix: str = ""
    is_secret: bool = False
    redemptions: int | None = None
    redemptions_each: int | None = None
    expires: datetime | None = None


class LandingFlow(Enum):
    """Where a link leads."""

    PLANS = "plans"
    ADD_SEATS = "add_seats"
    PACKS = "packs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Landing:
    """What a link fills in; empty and None leave it to the page."""

    flow: LandingFlow = LandingFlow.PLANS
    plan: str = ""
    addon: str = ""
    seats: int | None = None
    packs: int | None = None
    headline: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """One campaign as published.

    Attributes:
        is_listed: whether ``/c/<slug>`` leads to it. customer_wins: how many late payments are honoured over the cap
            without an alarm; None is strict: each raises one. link_redemptions: the cap of a link that has no own.
    """

    slug: str
    name: str
    status: Status
    is_listed: bool
    window: Window
    customer_wins: int | None
    budget: BudgetSpec
    landing: Landing
    terms: str
    agreement: str
    codes: tuple[CodeSpec, ...]
    link_redemptions: int | None
    offers: tuple[Offer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A campaign as it stands now: its newest version, and its status after ``pause`` and ``resume``."""

    campaign: Campaign
    version: int
    status: Status

    @property
    def slug(self) -> str:
        """The campaign's slug."""
        return self.campaign.slug
