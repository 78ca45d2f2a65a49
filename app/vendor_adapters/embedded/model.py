"""The engine's own values: amounts are bare minor units here, because one bill has one currency."""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from app.core.clock import midnight
from app.core.money import Money, half_up
from app.vendor_adapters.types import (
    Arrangement,
    Line,
    LineKind,
    OfferKey,
    SalesChannel,
    SubscriptionStatus,
    Tax,
    TaxIdStatus,
    TaxTreatment,
)

MILLION = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """One row of the mirrored catalog; ``unit_price`` is per unit and year, or for once."""

    offer: str
    title: str
    currency: str
    unit_price: int
    is_yearly: bool
    is_plan: bool
    is_offered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """A materialised discount: basis points or a fixed sum off, on these offers, for so many terms (None: for ever)."""

    ref: str
    label: str
    percent_bp: int | None
    amount_off: int
    currency: str
    offers: frozenset[str]
    periods: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxRule:
    """What is taken on a net sum, and why."""

    rate_ppm: int
    treatment: TaxTreatment
    id_status: TaxIdStatus

    def on(self, net: int) -> int:
        """Return the tax on ``net``, half up: once for a bill, never per line."""
        return half_up(Fraction(net * self.rate_ppm, MILLION))


@dataclass(frozen=True, slots=True, kw_only=True)
class BillLine:
    """One line; credits and discounts are negative. ``discount`` names the discount that a DISCOUNT line comes from."""

    kind: LineKind
    offer: str
    quantity: int
    unit_price: int
    amount: int
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    discount: str = ""

    def shown(self, currency: str) -> Line:
        """Return the line as the port speaks of it."""
        return Line(
            kind=self.kind,
            offer=OfferKey(self.offer),
            quantity=self.quantity,
            unit_price=Money(self.unit_price, currency),
            amount=Money(self.amount, currency),
            starts_at=self.starts_at,
            ends_at=self.ends_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """Lines and the tax on their sum; ``tax_rule`` is None while the place is unknown."""

    currency: str
    lines: tuple[BillLine, ...]
    tax_rule: TaxRule | None

    @property
    def subtotal(self) -> int:
        return sum(line.amount for line in self.lines if line.kind is not LineKind.DISCOUNT)

    @property
    def discount(self) -> int:
        return -sum(line.amount for line in self.lines if line.kind is LineKind.DISCOUNT)

    @property
    def net(self) -> int:
        return self.subtotal - self.discount

    @property
    def tax(self) -> int:
        return self.tax_rule.on(self.net) if self.tax_rule else 0

    @property
    def total(self) -> int:
        return self.net + self.tax

    def shown_tax(self) -> Tax | None:
        """Return the tax as the port speaks of it."""
        if self.tax_rule is None:
            return None
        return Tax(
            amount=Money(self.tax, self.currency),
            treatment=self.tax_rule.treatment,
            tax_id_status=self.tax_rule.id_status,
            rate_ppm=self.tax_rule.rate_ppm,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A subscription's running term, from midnight to midnight."""

    starts_at: datetime
    ends_at: datetime
    years: int

    def first_day(self, at: datetime) -> datetime:
        """Return the first instant that a change at ``at`` counts from: 00:00Z of its day, that day included."""
        return max(self.starts_at, midnight(at))

    def left(self, at: datetime) -> Fraction:
        """Return the exact fraction of the term that is left at ``at``, by days."""
        return share_of_time(self.first_day(at), self.starts_at, self.ends_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """So many units of one offer in a subscription, at its own price.

    ``net`` is what they cost for the whole term after percentages, as it was billed: the base of later credits.
    """

    offer: str
    quantity: int
    unit_price: int
    net: int

    def gross(self, years: int) -> int:
        """Return the list price of a term."""
        return self.quantity * self.unit_price * years


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduction:
    """A fixed sum that was taken off an item for the time from ``since`` to the end of its term."""

    offer: str
    amount: int
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """What a subscription will be after its term, where that was booked."""

    offer: str
    quantity: int
    unit_price: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A subscription with all that its next bill depends on; ``prepaid`` is the checkout that paid the next term."""

    ref: str
    order: str
    customer: str
    subject: str
    status: SubscriptionStatus
    currency: str
    term: Term
    cancel_at: datetime | None
    renewal: Renewal | None
    channel: SalesChannel
    sold_by: str
    sold_by_contact: str
    arrangement: Arrangement
    version: int
    prepaid: str | None
    main: Item
    packs: tuple[Item, ...]
    reductions: tuple[Reduction, ...]

    @property
    def items(self) -> tuple[Item, ...]:
        return (self.main, *self.packs)

    def item(self, offer: str) -> Item | None:
        """Return the item of that offer."""
        return next((item for item in self.items if item.offer == offer), None)

    def reductions_of(self, offer: str) -> tuple[Reduction, ...]:
        """Return the fixed sums taken off that offer in this term."""
        return tuple(reduction for reduction in self.reductions if reduction.offer == offer)


def share_of_time(at: datetime, starts_at: datetime, ends_at: datetime) -> Fraction:
    """Return how much of [starts_at, ends_at) is left at ``at``, exactly."""
    return Fraction(_seconds(at, ends_at), _seconds(starts_at, ends_at))


def _seconds(start: datetime, end: datetime) -> int:
    span = end - start
    return span.days * 86_400 + span.seconds
