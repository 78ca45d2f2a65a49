"""The closed set of predicates that an offer's conditions are made of. No expression language, nothing to parse.

Each takes what is ``Seen`` and answers PASS, FAIL or UNKNOWN; ``conditions`` makes one of a campaign's rules.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from app.core.money import Money
from app.promotions import answers
from app.promotions.answers import PASS, Answer, Fail, Need, Pass, Reason, Remedy, RemedyKind, Unknown
from app.promotions.cart import Cart, CartLine, Facts
from app.promotions.model import Customer, CustomerKind, OrderKind, Target
from app.vendor_adapters.types import SalesChannel


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a predicate looks at; ``eligible`` are the cart's lines that the offer takes something off."""

    cart: Cart
    facts: Facts
    now: datetime
    eligible: tuple[CartLine, ...]

    @property
    def packs(self) -> int:
        """How many packs of what the offer is for are bought."""
        return sum(line.added for line in self.eligible if line.is_addon)

    @property
    def subtotal(self) -> int:
        """What the lines that the offer is for cost."""
        return sum(line.amount for line in self.eligible)


@dataclass(frozen=True, slots=True)
class OrderIs:
    """The order is of one of these kinds."""

    kinds: tuple[OrderKind, ...]
    reason = Reason.ORDER_KIND

    def answer(self, seen: Seen) -> Answer:
        names = tuple(kind.value for kind in self.kinds)
        return _held(seen.cart.kind in self.kinds, self.reason, Remedy(kind=RemedyKind.CHOOSE_ORDER, names=names))


@dataclass(frozen=True, slots=True)
class HasTarget:
    """Some line is one that the offer is for."""

    target: Target
    reason = Reason.ITEM

    def answer(self, seen: Seen) -> Answer:
        items = (*self.target.plans, *self.target.addons)
        is_deployed_otherwise = any(line.item in items for line in seen.cart.lines)
        remedy = (
            Remedy(kind=RemedyKind.CHOOSE_DEPLOYMENT, names=self.target.deployments)
            if is_deployed_otherwise
            else Remedy(kind=RemedyKind.CHOOSE_ITEM, names=items)
        )
        return _held(bool(seen.eligible), self.reason, remedy)


@dataclass(frozen=True, slots=True)
class CurrencyIn:
    """The cart is in one of these currencies."""

    currencies: tuple[str, ...]
    reason = Reason.CURRENCY

    def answer(self, seen: Seen) -> Answer:
        remedy = Remedy(kind=RemedyKind.CHOOSE_CURRENCY, names=self.currencies)
        return _held(seen.cart.currency in self.currencies, self.reason, remedy)


@dataclass(frozen=True, slots=True)
class CountryIn:
    """The buyer is billed in one of these countries."""

    countries: tuple[str, ...]
    reason = Reason.COUNTRY

    def answer(self, seen: Seen) -> Answer:
        return _known(seen.facts.country, Need.COUNTRY, lambda country: country in self.countries, self.reason)


@dataclass(frozen=True, slots=True)
class ChannelIn:
    """The customer is one whom these sell to."""

    channels: tuple[SalesChannel, ...]
    reason = Reason.ACCOUNT

    def answer(self, seen: Seen) -> Answer:
        return _held(seen.facts.channel in self.channels, self.reason)


@dataclass(frozen=True, slots=True)
class AccountIn:
    """The billing account is one of these."""

    accounts: tuple[str, ...]
    reason = Reason.ACCOUNT

    def answer(self, seen: Seen) -> Answer:
        return _known(seen.facts.account_id, Need.SIGN_IN, lambda account: account in self.accounts, self.reason)


@dataclass(frozen=True, slots=True)
class MailDomainIn:
    """The verified mail address is in one of these domains."""

    domains: tuple[str, ...]
    reason = Reason.ACCOUNT

    def answer(self, seen: Seen) -> Answer:
        return _known(seen.facts.mail_domain, Need.SIGN_IN, lambda domain: domain in self.domains, self.reason)


@dataclass(frozen=True, slots=True)
class MinSeats:
    """There are at least so many seats after the order."""

    least: int
    reason = Reason.BELOW_MINIMUM

    def answer(self, seen: Seen) -> Answer:
        return _at_least(seen.cart.seats, self.least, RemedyKind.ADD_SEATS)


@dataclass(frozen=True, slots=True)
class MaxSeats:
    """There are at most so many seats after the order."""

    most: int
    reason = Reason.ABOVE_MAXIMUM

    def answer(self, seen: Seen) -> Answer:
        remedy = Remedy(kind=RemedyKind.FEWER_SEATS, count=seen.cart.seats - self.most, limit=self.most)
        return _held(seen.cart.seats <= self.most, self.reason, remedy)


@dataclass(frozen=True, slots=True)
class MinAddedSeats:
    """The order buys at least so many seats."""

    least: int
    reason = Reason.BELOW_MINIMUM

    def answer(self, seen: Seen) -> Answer:
        return _at_least(seen.cart.added_seats, self.least, RemedyKind.ADD_MORE_SEATS)


@dataclass(frozen=True, slots=True)
class MinPacks:
    """The order buys at least so many packs of what the offer is for."""

    least: int
    reason = Reason.BELOW_MINIMUM

    def answer(self, seen: Seen) -> Answer:
        return _at_least(seen.packs, self.least, RemedyKind.ADD_PACKS)


@dataclass(frozen=True, slots=True)
class MinSubtotal:
    """What the offer is for costs at least so much, before discounts and tax."""

    sums: tuple[Money, ...]
    reason = Reason.BELOW_MINIMUM

    def answer(self, seen: Seen) -> Answer:
        least = next((money.minor for money in self.sums if money.currency == seen.cart.currency), None)
        if least is None:
            names = tuple(money.currency for money in self.sums)
            return Fail(Reason.CURRENCY, Remedy(kind=RemedyKind.CHOOSE_CURRENCY, names=names))
        missing = Money(least - seen.subtotal, seen.cart.currency)
        remedy = Remedy(kind=RemedyKind.SPEND_MORE, amount=missing, limit=least)
        return _held(missing.minor <= 0, self.reason, remedy)


@dataclass(frozen=True, slots=True)
class CustomerIs:
    """The customer is new, existing or lapsed."""

    customer: Customer

    @property
    def reason(self) -> Reason:
        return _CUSTOMER_REASONS[self.customer.kind]

    def answer(self, seen: Seen) -> Answer:
        history = seen.facts.history
        if history is None:
            return Unknown((Need.SIGN_IN,))
        match self.customer.kind:
            case CustomerKind.NEW:
                return _held(history.is_new(seen.now), self.reason)
            case CustomerKind.EXISTING:
                return _held(history.is_existing(seen.now), self.reason)
            case CustomerKind.LAPSED:
                return _held(history.is_lapsed(seen.now, self.customer.lapsed_days), self.reason)


_CUSTOMER_REASONS = {
    CustomerKind.NEW: Reason.NOT_NEW,
    CustomerKind.EXISTING: Reason.NOT_EXISTING,
    CustomerKind.LAPSED: Reason.NOT_LAPSED,
}


@dataclass(frozen=True, slots=True)
class MaxPerIdentity:
    """The buyer has had the campaign fewer times than this."""

    slug: str
    most: int
    reason = Reason.USED

    def answer(self, seen: Seen) -> Answer:
        return _held(seen.facts.uses_of(self.slug) < self.most, self.reason)


@dataclass(frozen=True, slots=True)
class BudgetLeft:
    """Something is left of each of these budgets, as far as they have caps."""

    budget_ids: tuple[str, ...]
    reason = Reason.EXHAUSTED

    def answer(self, seen: Seen) -> Answer:
        lefts = [seen.facts.left_of(budget_id) for budget_id in self.budget_ids]
        return _held(all(left is None or left > 0 for left in lefts), self.reason)


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every one holds."""

    parts: tuple["Predicate", ...]

    @property
    def reason(self) -> Reason:
        return self.parts[0].reason if self.parts else Reason.NO_EFFECT

    def answer(self, seen: Seen) -> Answer:
        return answers.all_of([part.answer(seen) for part in self.parts])


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one holds."""

    parts: tuple["Predicate", ...]

    @property
    def reason(self) -> Reason:
        return self.parts[0].reason

    def answer(self, seen: Seen) -> Answer:
        return answers.any_of([part.answer(seen) for part in self.parts])


_OPPOSITES = {
    Reason.NOT_NEW: Reason.NOT_EXISTING,
    Reason.NOT_EXISTING: Reason.NOT_NEW,
    Reason.NOT_LAPSED: Reason.ACCOUNT,
}


@dataclass(frozen=True, slots=True)
class Not:
    """It does not hold; there is no remedy, because none can be told from the outside."""

    part: "Predicate"

    @property
    def reason(self) -> Reason:
        return _OPPOSITES.get(self.part.reason, self.part.reason)

    def answer(self, seen: Seen) -> Answer:
        found = self.part.answer(seen)
        if isinstance(found, Unknown):
            return found
        return Fail(self.reason) if isinstance(found, Pass) else PASS


Predicate = (
    OrderIs
    | HasTarget
    | CurrencyIn
    | CountryIn
    | ChannelIn
    | AccountIn
    | MailDomainIn
    | MinSeats
    | MaxSeats
    | MinAddedSeats
    | MinPacks
    | MinSubtotal
    | CustomerIs
    | MaxPerIdentity
    | BudgetLeft
    | AllOf
    | AnyOf
    | Not
)


def _held(holds: bool, reason: Reason, remedy: Remedy | None = None) -> Answer:
    return PASS if holds else Fail(reason, remedy)


def _at_least(count: int, least: int, kind: RemedyKind) -> Answer:
    remedy = Remedy(kind=kind, count=least - count, limit=least)
    return _held(count >= least, Reason.BELOW_MINIMUM, remedy)


def _known(fact: str | None, need: Need, holds: Callable[[str], bool], reason: Reason) -> Answer:
    if fact is None:
        return Unknown((need,))
    return _held(holds(fact), reason)
