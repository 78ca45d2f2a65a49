"""Choosing among offers: every set whose members may stand side by side is worked out, the cheapest wins."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from app.core.clock import add_months, midnight
from app.promotions.candidates import Candidate
from app.promotions.cart import Cart, Source
from app.promotions.model import Offer, OrderKind
from app.promotions.shares import Remaining, order_of_taking, taken_off

MAX_CODES = 3
MAX_OFFERS = 5  # in one set; keeps the number of sets small, and the check of campaign files holds files to it
# A discount on a change of a subscription is taken once, off what is due now; the vendors know no other.
_CHANGES = (OrderKind.ADD_SEATS, OrderKind.PLAN_CHANGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one offer of a set takes off, line by line."""

    candidate: Candidate
    shares: tuple[int, ...]

    @property
    def amount(self) -> int:
        """What it takes off in all."""
        return sum(self.shares)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A set worked out: its steps in the order of taking, what is due now, and within twelve months."""

    steps: tuple[Step, ...]
    due: int
    first_year: int

    @property
    def offer_ids(self) -> tuple[str, ...]:
        """The offers in it, sorted."""
        return tuple(sorted(step.candidate.offer.id for step in self.steps))


def outcomes(cart: Cart, candidates: Sequence[Candidate], now: datetime) -> Iterator[Outcome]:
    """Yield every set in which each offer has an effect, the empty one included."""
    for members in _sets(sorted(candidates, key=lambda each: each.offer.id)):
        outcome = work_out(cart, members, now)
        if all(step.amount for step in outcome.steps):
            yield outcome


def best(found: Iterable[Outcome]) -> Outcome:
    """Return the one that costs least within twelve months, then least now, then by offer ids."""
    return min(found, key=lambda outcome: (outcome.first_year, outcome.due, outcome.offer_ids))


def work_out(cart: Cart, members: Sequence[Candidate], now: datetime) -> Outcome:
    """Return what ``members`` take off together: free units first, then shares by offer id, then sums by offer id."""
    ordered = sorted(members, key=lambda each: (order_of_taking(each.offer.benefit), each.offer.id))
    steps = _steps(ordered, [line.amount for line in cart.lines], cart)
    due = cart.subtotal - sum(step.amount for step in steps)
    return Outcome(steps=steps, due=due, first_year=due + _renewals(cart, ordered, now))


def may_stand_together(one: Offer, other: Offer) -> bool:
    """Whether both say that they combine; never two of one campaign, nor of one group."""
    if one.slug == other.slug or (one.group and one.group == other.group):
        return False
    return _names(one, other) and _names(other, one)


def _sets(candidates: Sequence[Candidate]) -> Iterator[tuple[Candidate, ...]]:
    grown: list[tuple[Candidate, ...]] = [()]
    yield ()
    for candidate in candidates:
        larger = [(*members, candidate) for members in grown if _may_join(candidate, members)]
        yield from larger
        grown += larger


def _may_join(candidate: Candidate, members: tuple[Candidate, ...]) -> bool:
    together = (*members, candidate)
    codes = sum(_is_code(each) for each in together)
    if len(together) > MAX_OFFERS or codes > MAX_CODES:
        return False
    return all(may_stand_together(candidate.offer, each.offer) for each in members)


def _is_code(candidate: Candidate) -> bool:
    # what would apply by itself is no code, however it came in: else taking a code away could make a cart cheaper
    return candidate.ref.source is not Source.AUTOMATIC and not candidate.offer.is_automatic


def _steps(ordered: Sequence[Candidate], amounts: list[int], cart: Cart) -> tuple[Step, ...]:
    steps = []
    for candidate in ordered:
        lines = [
            Remaining(amount=amount, units=line.added, is_eligible=is_eligible)
            for amount, line, is_eligible in zip(amounts, cart.lines, candidate.eligible, strict=True)
        ]
        shares = taken_off(candidate.offer, lines, cart.currency)
        amounts = [amount - share for amount, share in zip(amounts, shares, strict=True)]
        steps.append(Step(candidate=candidate, shares=shares))
    return tuple(steps)


def _renewals(cart: Cart, ordered: Sequence[Candidate], now: datetime) -> int:
    """Return what falls due again within twelve months, with the offers that last beyond the first term."""
    horizon = add_months(midnight(now), 12)
    lines = tuple(
        replace(line, amount=line.renewal_amount, added=line.quantity)
        for line in cart.lines
        if line.renews_at is not None and line.renews_at < horizon
    )
    if not lines:
        return 0
    renewed = replace(cart, lines=lines)
    is_kept = [line.renews_at is not None and line.renews_at < horizon for line in cart.lines]
    lasting = [] if cart.kind in _CHANGES else [each for each in ordered if each.offer.periods != 1]
    narrowed = [replace(each, eligible=_kept(each.eligible, is_kept)) for each in lasting]
    taken = sum(step.amount for step in _steps(narrowed, [line.amount for line in lines], renewed))
    return renewed.subtotal - taken


def _kept(eligible: tuple[bool, ...], is_kept: Sequence[bool]) -> tuple[bool, ...]:
    return tuple(each for each, kept in zip(eligible, is_kept, strict=True) if kept)


def _names(one: Offer, other: Offer) -> bool:
    return other.id in one.combines_with or other.slug in one.combines_with
