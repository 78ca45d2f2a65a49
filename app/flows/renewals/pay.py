"""Paying the next term by hand: in the last days of a term, or after it has ended, and then without a gap.

What renews can be changed on the way: the plan, the seats (never fewer than people use) and the add-ons. Where the
vendor bills in advance only what runs, that is paid before its day, and all else is booked and charged on its day.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from app import formats
from app.core.problems import Problem, ProblemId, Refused, problem
from app.flows import wording
from app.flows.cards_needed import NO_CARD, card_problem
from app.flows.change_order import Press, Wanted, order_change, pressed_before, show_change
from app.flows.change_plan import other_plans
from app.flows.deps import Deps
from app.flows.not_sold import not_sold
from app.flows.own_subscriptions import Owned, away, cards, read_owned
from app.flows.payment import Step
from app.flows.purchase import offer_key
from app.flows.renewals.renewal import check_enough
from app.identity.actor import Person
from app.orders.change_quotes import KeptChange
from app.orders.kinds import RENEWAL
from app.subscriptions.eligibility import reason_problem, renewed_problem
from app.subscriptions.store import Subscription
from app.subscriptions.windows import Window
from app.vendor_adapters.capabilities import Capability
from app.vendor_adapters.errors import RejectReason, VendorError, VendorRejected
from app.vendor_adapters.types import OfferKey, PaymentMethodSummary, PurchaseItem, Renew

PACKS = "packs-"
"""What the field of an add-on's packs is called, before the add-on's offer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalWish:
    """What should renew; ``plan`` empty and ``seats`` or a number of packs None is what would by itself."""

    plan: str = ""
    seats: int | None = None
    packs: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PackChoice:
    """An add-on that the subscription has: of ``held`` packs, ``wanted`` renew."""

    offer: str
    name: str
    held: int
    wanted: int


class Detour(Enum):
    """What has to be done before the next term can be paid."""

    LET_RENEW = "let_renew"
    ADD_SEATS = "add_seats"
    ADD_CARD = "add_card"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentPage:
    """What the page shows.

    Attributes:
        plans: what can renew, what runs first. people: who uses a seat, None where nobody tells. window: the days in
            which it can be paid; None with the ``problem`` that stands in the way. shown: the vendor's quote.
        is_fixed: only what runs can be paid. detour: what would lead out of the ``problem``.
    """

    owned: Owned
    window: Window | None
    plans: tuple[str, ...]
    plan: str
    seats: int
    packs: tuple[PackChoice, ...]
    people: int | None
    shown: KeptChange | None
    problem: Problem | None
    cards: tuple[PaymentMethodSummary, ...] | None
    is_fixed: bool = False
    detour: Detour | None = None


async def read_payment_page(deps: Deps, person: Person, subscription_id: str, wish: RenewalWish) -> PaymentPage:
    """Return the page for ``wish``, priced by the vendor; what is out of bounds is put right."""
    owned = await read_owned(deps, person, subscription_id)
    is_fixed = is_fixed_renewal(deps, owned)
    wish = _as_it_runs(owned) if is_fixed else wish
    plans = plans_to_renew(deps, owned)
    plan = wish.plan if wish.plan in plans else _plan_of(deps, owned.subscription)
    seats = min(max(wish.seats or _usual_seats(owned), 1), deps.catalog.rules.seats.self_serve_max)
    packs = _packs(deps, owned.subscription, wish)
    found, detour = _blocker(owned), None
    if found and owned.is_fresh and not owned.problem:  # too early, or paid already
        detour = Detour.LET_RENEW
    if is_fixed and not found:
        found, detour = _other_than_runs(deps, owned)
    shown = None
    if owned.window is not None and not found:
        try:
            change = _change(deps, owned, owned.window.base, plan, seats, packs)
            shown = await show_change(deps, owned, change)
        except VendorRejected as error:
            owned, found, detour = _refused(owned, error)
        except VendorError:
            found = away()
    on_file = await cards(deps, owned) if shown else ()
    missing = card_problem(deps.vendors[owned.subscription.vendor], shown.quote.due_now, on_file) if shown else None
    if missing:
        shown, found, detour = None, missing, Detour.ADD_CARD if on_file is not None else None
    return PaymentPage(
        owned=owned,
        window=owned.window if owned.can_renew else None,
        plans=plans,
        plan=plan,
        seats=seats,
        packs=packs,
        people=owned.usage.seats_in_use if owned.usage else None,
        shown=shown,
        problem=found,
        cards=on_file,
        is_fixed=is_fixed,
        detour=detour,
    )


async def pay_renewal(
    deps: Deps, person: Person, subscription_id: str, *, base: datetime, wish: RenewalWish, press: Press
) -> Step:
    """Order the next term as the page showed it, and return where the buyer goes next.

    Args:
        base: the end of what is paid, as the page showed it.

    Raises Refused when the page must be read again: nothing was charged and nothing changed.
    """
    again = await pressed_before(deps, person, press.attempt_id)
    if again is not None:
        return again
    owned = await read_owned(deps, person, subscription_id)
    found = _blocker(owned)
    if found or owned.window is None or wish.seats is None:
        raise Refused(found or away())
    if owned.window.base != base:
        raise Refused(problem(ProblemId.E_QUOTE))  # it has moved on: the page shows what it is now
    if is_fixed_renewal(deps, owned):
        found = _other_than_runs(deps, owned)[0]
        if found or wish.seats != owned.subscription.seats:
            raise Refused(found or problem(ProblemId.E_CHANGED, seats=formats.number(owned.subscription.seats)))
        wish = _as_it_runs(owned)
    over = too_many_packs(owned.subscription, wish)
    if over:
        raise Refused(*over)
    check_enough(owned, wish.seats or 0)
    plan = wish.plan if wish.plan in plans_to_renew(deps, owned) else _plan_of(deps, owned.subscription)
    change = _change(deps, owned, base, plan, wish.seats or 0, _packs(deps, owned.subscription, wish))
    wanted = Wanted(kind=RENEWAL, change=change, plan=plan, offer=change.offer, seats=change.seats)
    return await order_change(deps, person, owned, wanted, press)


def too_many_packs(subscription: Subscription, wish: RenewalWish) -> tuple[Problem, ...]:
    """Return what is wrong with ``wish``: no more packs renew than there are."""
    wanted = wish.packs or {}
    return tuple(
        problem(
            ProblemId.E_INPUT, f"{PACKS}{offer}", text=f"You have {formats.counted(held, 'pack')}: no more can renew."
        )
        for offer, held in subscription.packs
        if wanted.get(offer, 0) > held
    )


def plans_to_renew(deps: Deps, owned: Owned) -> tuple[str, ...]:
    """Return the plans that the next term can have, what runs first."""
    return (owned.subscription.plan, *other_plans(deps, owned))


def is_fixed_renewal(deps: Deps, owned: Owned) -> bool:
    """Whether the vendor takes money before the day only for what runs now; after the end anything can be chosen."""
    capabilities = deps.vendors[owned.subscription.vendor].capabilities
    is_before = owned.window is not None and not owned.window.is_after_end
    return is_before and Capability.RESHAPED_RENEWAL not in capabilities


def _as_it_runs(owned: Owned) -> RenewalWish:
    subscription = owned.subscription
    return RenewalWish(plan=subscription.plan, seats=subscription.seats, packs=dict(subscription.packs))


def _other_than_runs(deps: Deps, owned: Owned) -> tuple[Problem | None, Detour | None]:
    """Why what runs now is not what should renew, and the way to have it so."""
    subscription, day = owned.subscription, formats.date(owned.subscription.ends_at)
    people = owned.usage.seats_in_use if owned.usage else 0
    if people > subscription.seats:
        who, seats = formats.counted(people, "person uses", "people use"), wording.seats(subscription.seats)
        return problem(ProblemId.E_RENEW_PEOPLE, people=f"{who} {seats}", start=day), Detour.ADD_SEATS
    if subscription.booked:
        plan = wording.plan_name(deps.catalog, _plan_of(deps, subscription))
        booked = f"{plan}, {wording.seats(subscription.booked.quantity)}"
        return problem(ProblemId.E_RENEW_BOOKED, start=day, what=booked), Detour.LET_RENEW
    return None, None


def _blocker(owned: Owned) -> Problem | None:
    """Why the next term cannot be paid now: by the reason of the subscription, unless it has ended a moment ago."""
    if not owned.is_fresh:
        return away()
    if owned.can_renew:
        return None
    return (
        owned.problem
        or renewed_problem(owned.subscription)
        or (_too_early(owned.window) if owned.window else problem(ProblemId.E_RENEW_DAY))
    )


def _too_early(window: Window) -> Problem:
    return problem(ProblemId.E_RENEW_EARLY, start=formats.date(window.base), open=formats.date(window.opens_at))


def _refused(owned: Owned, error: VendorRejected) -> tuple[Owned, Problem, Detour | None]:
    """What has ended and was paid back in its last term looks like one that was never paid: only the vendor knows."""
    if error.reason is RejectReason.NOT_FOUND and error.field == "payment_method":
        return owned, NO_CARD, Detour.ADD_CARD
    if error.reason is RejectReason.NOT_SOLD and error.field == "discounts":
        return owned, problem(ProblemId.E_RENEW_DISCOUNT), None
    if error.reason is RejectReason.NOT_SOLD and error.field == "billing_schedules":
        return owned, problem(ProblemId.E_RENEW_DAY), None
    if error.reason is not RejectReason.STALE_STATE or not owned.problem:
        return owned, not_sold(error, owned.subscription) or away(), None
    found = reason_problem(owned.reason, owned.subscription)
    return replace(owned, can_renew=False, problem=found), found or away(), None


def _plan_of(deps: Deps, subscription: Subscription) -> str:
    """Return the plan that would renew by itself."""
    booked = subscription.booked
    row = next((row for row in deps.catalog.prices if booked and row.id == booked.offer), None)
    return row.item if row else subscription.plan


def _usual_seats(owned: Owned) -> int:
    """As many as would renew by themselves, and no fewer than people use."""
    subscription = owned.subscription
    renews = subscription.booked.quantity if subscription.booked else subscription.seats
    return max(renews, owned.usage.seats_in_use if owned.usage else 0)


def _packs(deps: Deps, subscription: Subscription, wish: RenewalWish) -> tuple[PackChoice, ...]:
    chosen = wish.packs or {}
    items = {row.id: row.item for row in deps.catalog.prices}
    return tuple(
        PackChoice(
            offer=offer,
            name=wording.plan_name(deps.catalog, items.get(offer, offer)),
            held=held,
            wanted=min(max(chosen.get(offer, held), 0), held),
        )
        for offer, held in subscription.packs
    )


def _change(deps: Deps, owned: Owned, base: datetime, plan: str, seats: int, packs: tuple[PackChoice, ...]) -> Renew:
    mine = owned.subscription
    offer = (
        OfferKey(mine.offer)
        if plan == mine.plan
        else offer_key(deps, plan=plan, deployment=mine.deployment, currency=mine.currency)
    )
    if offer is None:
        raise Refused(away())
    kept = tuple(PurchaseItem(offer=OfferKey(pack.offer), quantity=pack.wanted) for pack in packs if pack.wanted)
    return Renew(base=base, offer=offer, seats=seats, packs=kept)
