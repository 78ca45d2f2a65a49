"""What the catalog file says, typed. Amounts are minor units; prices are mirrored to the vendor, who holds them."""

from dataclasses import dataclass
from datetime import timedelta

from app.catalog.reconciliation import NOBODY_LEFT_OUT, ReconciliationRules
from app.catalog.thresholds import NOTHING_TOLD, AlertRules, TrialRules


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A plan: ``includes`` are what the product grants with it, such as ``compute_minutes_month``."""

    key: str
    name: str
    rank: int
    sellable: bool
    blurb: str
    includes: tuple[tuple[str, int], ...]
    max_users_per_group: int | None
    free_roles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Addon:
    """An add-on: consumable (one charge, own expiry) or recurring (yearly, co-termed)."""

    key: str
    name: str
    is_recurring: bool
    grants: tuple[tuple[str, int], ...]
    valid_months: int | None
    deployments: tuple[str, ...]
    min_packs: int
    max_packs: int
    needs_paid_plan: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRow:
    """An immutable price per unit and interval (``P1Y`` or ``once``); ``display_month`` is what a label shows."""

    id: str
    item: str
    deployment: str
    currency: str
    interval: str
    amount: int
    display_month: int | None
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatRules:
    """How many seats one may buy alone, and from where on a person may help."""

    self_serve_max: int
    suggest_sales_from: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressRules:
    """Which fields an address needs, by country."""

    required: tuple[str, ...]
    region_required_in: frozenset[str]
    postal_optional_in: frozenset[str]
    not_sold_to: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRules:
    """How many declines are taken before a pause (honest orders are never counted), and when an old card is told."""

    declines_per_minute: int
    declines_per_hour: int
    card_expiry_notice_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MissLimit:
    """At most ``most`` wrong promo codes within a stretch of time; ``scope`` is session, account or network."""

    scope: str
    most: int
    within: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionRules:
    """How many codes one order takes, and how many wrong ones are taken before a pause."""

    max_codes: int = 3
    misses: tuple[MissLimit, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules that the store owns.

    Attributes:
        grace_days: so long an unpaid renewal keeps its plan, and an ended hosted one can be taken up again; one of an
            instance of one's own for ``reactivate_days_self_hosted``. grace_notice_days: before the grace ends, it is
            mailed. renewal_window_days: before the end of a term the next one can be paid by hand.
    """

    seats: SeatRules
    address: AddressRules
    payment: PaymentRules
    quote_ttl_seconds: int
    auto_renew_default: bool
    grace_days: int
    renewal_notice_days: int
    renewal_window_days: int
    grace_notice_days: int
    reactivate_days_self_hosted: int
    tax_ids: tuple[tuple[str, str], ...]
    sales_required_for: tuple[str, ...]
    promotions: PromotionRules = PromotionRules()
    alerts: AlertRules = NOTHING_TOLD
    trial: TrialRules | None = None
    reconciliation: ReconciliationRules = NOBODY_LEFT_OUT


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """The whole file."""

    version: str
    default_currency: str
    plans: tuple[Plan, ...]
    addons: tuple[Addon, ...]
    prices: tuple[PriceRow, ...]
    rules: Rules

    def plan(self, key: str) -> Plan | None:
        """Return a plan by key."""
        return next((plan for plan in self.plans if plan.key == key), None)

    def addon(self, key: str) -> Addon | None:
        """Return an add-on by key."""
        return next((addon for addon in self.addons if addon.key == key), None)

    @property
    def sellable_plans(self) -> tuple[Plan, ...]:
        """The plans that can stand in a cart, cheapest first."""
        return tuple(sorted((plan for plan in self.plans if plan.sellable), key=lambda plan: plan.rank))

    @property
    def currencies(self) -> tuple[str, ...]:
        """The currencies that some price is offered in, the default first."""
        offered = {row.currency for row in self.prices if row.active}
        return tuple(sorted(offered, key=lambda currency: (currency != self.default_currency, currency)))
