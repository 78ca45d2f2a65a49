"""More seats for the rest of the term: what the page shows, and the button."""

from dataclasses import dataclass

from app import formats
from app.core.problems import Problem, ProblemId, Refused, problem
from app.flows.change_order import Press, Wanted, order_change, pressed_before, show_change
from app.flows.deps import Deps
from app.flows.own_subscriptions import Owned, away, cards, read_owned
from app.flows.payment import Step
from app.identity.actor import Person
from app.orders.change_quotes import KeptChange
from app.orders.kinds import ADD_SEATS
from app.subscriptions.eligibility import Reason
from app.vendor_adapters.errors import VendorError
from app.vendor_adapters.types import PaymentMethodSummary, SetSeats


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatPage:
    """What the page shows.

    Attributes:
        add: how many more, at least 1. most: how many more can be bought here. is_owed: ``add`` covers the people above
            the seats. shown: the quote; None with the ``problem`` that stands in its place.
    """

    owned: Owned
    add: int
    most: int
    is_owed: bool
    shown: KeptChange | None
    problem: Problem | None
    cards: tuple[PaymentMethodSummary, ...]


async def read_seat_page(deps: Deps, person: Person, subscription_id: str, add: int | None) -> SeatPage:
    """Return the page for ``add`` more seats; None proposes what is owed, else 1. Out of bounds is put right."""
    owned = await read_owned(deps, person, subscription_id)
    most = deps.catalog.rules.seats.self_serve_max - owned.subscription.seats
    wanted = min(max(add or owned.seats_owed or 1, 1), max(most, 1))
    is_owed = wanted == owned.seats_owed
    found = owned.problem or (None if owned.is_fresh else away()) or (_too_many(deps) if most < 1 else None)
    page = SeatPage(owned=owned, add=wanted, most=most, is_owed=is_owed, shown=None, problem=found, cards=())
    return page if found else await _priced(deps, page)


async def add_seats(deps: Deps, person: Person, subscription_id: str, *, base: int, add: int, press: Press) -> Step:
    """Order ``add`` seats on top of the ``base`` that the page showed, and return where the buyer goes next.

    Raises Refused when the page must be read again: nothing was charged and nothing changed.
    """
    again = await pressed_before(deps, person, press.attempt_id)
    if again is not None:
        return again
    owned = await read_owned(deps, person, subscription_id)
    check_open(owned, base)
    if add > deps.catalog.rules.seats.self_serve_max - base:
        raise Refused(_too_many(deps))
    subscription = owned.subscription
    wanted = Wanted(
        kind=ADD_SEATS,
        change=SetSeats(base=base, seats=base + add),
        plan=subscription.plan,
        offer=subscription.offer,
        seats=base + add,
    )
    return await order_change(deps, person, owned, wanted, press)


def check_open(owned: Owned, base: int) -> None:
    """Refuse unless the subscription can be changed now and still has the seats that the page showed."""
    if owned.reason is not Reason.OK:
        raise Refused(owned.problem or away())
    if not owned.is_fresh:
        raise Refused(away())
    if owned.subscription.seats != base:
        raise Refused(problem(ProblemId.E_CHANGED, seats=formats.number(owned.subscription.seats)))


def _too_many(deps: Deps) -> Problem:
    most = deps.catalog.rules.seats.self_serve_max
    return problem(ProblemId.E_SEATS_MAX, "add", most=formats.number(most))


async def _priced(deps: Deps, page: SeatPage) -> SeatPage:
    seats = page.owned.subscription.seats
    change = SetSeats(base=seats, seats=seats + page.add)
    shown, found = None, None
    try:
        shown = await show_change(deps, page.owned, change)
    except VendorError:
        found = away()
    return SeatPage(
        owned=page.owned,
        add=page.add,
        most=page.most,
        is_owed=page.is_owed,
        shown=shown,
        problem=found,
        cards=await cards(deps, page.owned),
    )
