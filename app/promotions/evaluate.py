"""The engine's one question: what applies to this cart, what does not and why, and what is then due. Pure, no I/O."""

from collections.abc import Iterable
from datetime import datetime

from app.promotions import budget_ids
from app.promotions.answers import Fail, Reason, Remedy, RemedyKind
from app.promotions.campaigns import Campaigns
from app.promotions.candidates import Candidate, Found, find_candidates
from app.promotions.cart import Cart, Entry, Facts, Source
from app.promotions.combine import Outcome, Step, best, outcomes, work_out
from app.promotions.decision import Applied, DecidedLine, Decision, Ref, Rejected, Totals, Trace, Waiting

SCARCE = 20
"""With no more than so many uses left, or money for fewer, an offer that a buyer applied is held for a while."""


def evaluate(cart: Cart, facts: Facts, now: datetime, campaigns: Campaigns, entries: Iterable[Entry] = ()) -> Decision:
    """Decide on ``cart``: the same inputs give the same answer, in whatever order entries and campaigns come.

    Args:
        facts: of the buyer and of what is left of the budgets that may matter.
        now: business time; for an order that is confirmed, the instant at which its price was shown.
        campaigns: those that the entries name, and those with automatic offers.
        entries: codes and links; more may come than can stand together.
    """
    entered = _sorted(entries)
    found = find_candidates(cart, facts, now, campaigns, entered)
    affordable = [each for each in outcomes(cart, found.candidates, now) if _is_affordable(each, cart, facts)]
    chosen = best(affordable)
    totals = _totals(cart, chosen)
    rejected = [*found.rejected, *_left_out(cart, facts, now, found, chosen)]
    return Decision(
        applied=tuple(_applied(step, facts, cart.currency) for step in chosen.steps),
        rejected=tuple(sorted(rejected, key=_by_ref)),
        pending=tuple(sorted(found.pending, key=_by_ref)),
        lines=_lines(cart, chosen),
        totals=totals,
        trace=Trace(
            cart=cart,
            facts=facts,
            now=now,
            entries=entered,
            campaigns=tuple(found.touched[slug] for slug in sorted(found.touched)),
            chosen=chosen.offer_ids,
            totals=totals,
        ),
    )


def replay(trace: Trace) -> Decision:
    """Make the decision again that ``trace`` was kept of; its totals are the trace's."""
    return evaluate(trace.cart, trace.facts, trace.now, Campaigns(trace.campaigns), trace.entries)


def _sorted(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    different = {(entry.source.value, entry.label, entry.matches): entry for entry in entries}
    return tuple(sorted(different.values(), key=lambda entry: (entry.source.value, entry.label, repr(entry.matches))))


def _is_affordable(outcome: Outcome, cart: Cart, facts: Facts) -> bool:
    """Whether what is left of each campaign's money pays for its part: never in part."""
    return all(step.amount <= _money_left(step, cart, facts) for step in outcome.steps)


def _money_left(step: Step, cart: Cart, facts: Facts) -> int:
    left = facts.left_of(budget_ids.campaign_money(step.candidate.offer.slug, cart.currency))
    return step.amount if left is None else left


def _left_out(cart: Cart, facts: Facts, now: datetime, found: Found, chosen: Outcome) -> list[Rejected]:
    """Return why offers that pass were not chosen, for those that somebody asked for."""
    in_its_way = tuple(step.candidate.ref.label for step in chosen.steps)
    rejected = []
    for candidate in found.candidates:
        if candidate.offer.id in chosen.offer_ids or candidate.ref.source is Source.AUTOMATIC:
            continue
        why = _why_not(cart, facts, now, candidate, in_its_way)
        rejected.append(
            Rejected(
                ref=candidate.ref,
                reason=why.reason,
                remedy=why.remedy,
                slug=candidate.offer.slug,
                offer=candidate.offer,
            )
        )
    return rejected


def _why_not(cart: Cart, facts: Facts, now: datetime, candidate: Candidate, in_its_way: tuple[str, ...]) -> Fail:
    alone = work_out(cart, (candidate,), now)
    if not _is_affordable(alone, cart, facts):
        return Fail(Reason.EXHAUSTED)
    if not alone.steps[0].amount:
        return Fail(Reason.NO_EFFECT)
    return Fail(Reason.NOT_COMBINED, Remedy(kind=RemedyKind.REMOVE_OTHER, names=in_its_way))


def _applied(step: Step, facts: Facts, currency: str) -> Applied:
    candidate = step.candidate
    return Applied(
        ref=candidate.ref,
        offer=candidate.offer,
        version=candidate.version,
        amount=step.amount,
        shares=step.shares,
        needs=candidate.needs,
        is_scarce=_is_scarce(step, facts, currency),
    )


def _is_scarce(step: Step, facts: Facts, currency: str) -> bool:
    uses = [left for budget in step.candidate.counted if (left := facts.left_of(budget)) is not None]
    money = facts.left_of(budget_ids.campaign_money(step.candidate.offer.slug, currency))
    return any(left <= SCARCE for left in uses) or (money is not None and money < SCARCE * step.amount)


def _lines(cart: Cart, chosen: Outcome) -> tuple[DecidedLine, ...]:
    return tuple(
        DecidedLine(gross=line.amount, discount=sum(step.shares[i] for step in chosen.steps))
        for i, line in enumerate(cart.lines)
    )


def _totals(cart: Cart, chosen: Outcome) -> Totals:
    return Totals(
        subtotal=cart.subtotal,
        discount=cart.subtotal - chosen.due,
        due=chosen.due,
        first_year=chosen.first_year,
    )


def _by_ref(each: Rejected | Waiting) -> tuple[str, str, str]:
    ref: Ref = each.ref
    return (ref.source.value, ref.label, each.slug)
