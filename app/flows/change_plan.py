"""Another plan: a higher one at once, prorated on what was really paid; a lower one when the term ends."""

from dataclasses import dataclass

from app import formats
from app.core.problems import Problem, ProblemId, Refused, problem
from app.flows.add_seats import check_open
from app.flows.cards_needed import card_problem
from app.flows.change_order import Press, Wanted, order_change, pressed_before, show_change
from app.flows.deps import Deps
from app.flows.not_sold import not_sold
from app.flows.own_subscriptions import Owned, away, cards, read_owned
from app.flows.payment import Step
from app.flows.purchase import offer_key
from app.flows.renewals.renewal import book, check_enough, check_unpaid
from app.identity.actor import Person
from app.orders.change_quotes import KeptChange
from app.orders.kinds import PLAN_CHANGE
from app.subscriptions.eligibility import renewed_problem
from app.vendor_adapters.errors import VendorError
from app.vendor_adapters.types import OfferKey, PaymentMethodSummary, SwitchOffer


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPage:
    """What the page shows.

    Attributes:
        plans: what it can be changed to. plan: the chosen one, empty when there is none. is_upgrade: it counts at once.
        shown: the quote; of a lower plan it charges nothing now, and its next charge is the renewal.
        needs_card: the ``problem`` is over with a card on file.
    """

    owned: Owned
    plans: tuple[str, ...]
    plan: str
    is_upgrade: bool
    seats: int
    shown: KeptChange | None
    problem: Problem | None
    cards: tuple[PaymentMethodSummary, ...] | None
    needs_card: bool = False


async def read_plan_page(deps: Deps, person: Person, subscription_id: str, *, plan: str, seats: int | None) -> PlanPage:
    """Return the page for a change to ``plan`` with ``seats`` in all; what is out of bounds is put right."""
    owned = await read_owned(deps, person, subscription_id)
    plans = other_plans(deps, owned)
    chosen = plan if plan in plans else (plans[-1] if plans else "")
    is_upgrade = bool(chosen) and _is_higher(deps, owned, chosen)
    least = owned.subscription.seats if is_upgrade else 1
    wanted = min(max(seats or owned.subscription.seats, least), deps.catalog.rules.seats.self_serve_max)
    found = owned.problem or (None if owned.is_fresh else away()) or renewed_problem(owned.subscription)
    found = found or (None if is_upgrade else _ends_problem(owned))
    shown = None
    if chosen and not found:
        try:
            change = _change(deps, owned, chosen, wanted, at_renewal=not is_upgrade)
            shown = await show_change(deps, owned, change)
        except VendorError as error:
            found = not_sold(error, owned.subscription) or away()
    on_file = await cards(deps, owned) if shown else ()
    missing = card_problem(deps.vendors[owned.subscription.vendor], shown.quote.due_now, on_file) if shown else None
    return PlanPage(
        owned=owned,
        plans=plans,
        plan=chosen,
        is_upgrade=is_upgrade,
        seats=wanted,
        shown=None if missing else shown,
        problem=found or missing,
        cards=on_file,
        needs_card=missing is not None and on_file is not None,
    )


async def change_plan(
    deps: Deps, person: Person, subscription_id: str, *, base: int, plan: str, seats: int, press: Press
) -> Step | None:
    """Order a higher plan and return where the buyer goes next; book a lower one and return None.

    Raises Refused when the page must be read again: nothing was charged and nothing changed.
    """
    again = await pressed_before(deps, person, press.attempt_id)
    if again is not None:
        return again
    owned = await read_owned(deps, person, subscription_id)
    check_open(owned, base)
    check_unpaid(owned)
    if plan not in other_plans(deps, owned):
        raise Refused(problem(ProblemId.E_CHANGED, seats=formats.number(owned.subscription.seats)))
    is_upgrade = _is_higher(deps, owned, plan)
    change = _change(deps, owned, plan, seats, at_renewal=not is_upgrade)
    if not is_upgrade:
        ends = _ends_problem(owned)
        if ends:
            raise Refused(ends)
        check_enough(owned, seats)
        await book(deps, owned, change, press.attempt_id, actor=person.person_id)
        return None
    if seats < base:
        raise Refused(too_few(base))
    wanted = Wanted(kind=PLAN_CHANGE, change=change, plan=plan, offer=change.offer, seats=seats)
    return await order_change(deps, person, owned, wanted, press)


def too_few(least: int) -> Problem:
    """Return what is said of fewer seats than there are, with a plan that counts at once."""
    text = f"Enter {formats.number(least)} seats or more: fewer seats count when the term ends."
    return problem(ProblemId.E_INPUT, "seats", text=text)


def other_plans(deps: Deps, owned: Owned) -> tuple[str, ...]:
    """Return the plans that a subscription can be changed to, cheapest first."""
    mine = owned.subscription
    return tuple(
        plan.key
        for plan in deps.catalog.sellable_plans
        if plan.key != mine.plan and offer_key(deps, plan=plan.key, deployment=mine.deployment, currency=mine.currency)
    )


def _ends_problem(owned: Owned) -> Problem | None:
    """Return E-ENDS where no term follows that could have another plan."""
    mine = owned.subscription
    return problem(ProblemId.E_ENDS, date=formats.date(mine.ends_at)) if mine.cancel_at is not None else None


def _change(deps: Deps, owned: Owned, plan: str, seats: int, *, at_renewal: bool) -> SwitchOffer:
    mine = owned.subscription
    offer = offer_key(deps, plan=plan, deployment=mine.deployment, currency=mine.currency)
    if offer is None:
        raise Refused(away())
    return SwitchOffer(base=OfferKey(mine.offer), offer=offer, seats=seats, at_renewal=at_renewal)


def _is_higher(deps: Deps, owned: Owned, plan: str) -> bool:
    ranks = {each.key: each.rank for each in deps.catalog.plans}
    return ranks[plan] > ranks.get(owned.subscription.plan, 0)
