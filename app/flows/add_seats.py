"""More seats for the rest of the term: what the page shows, and the button."""

from contextlib import suppress
from dataclasses import dataclass, replace

from app import formats
from app.core.money import Money
from app.core.problems import NotYours, Problem, ProblemId, Refused, problem
from app.flows.campaigns.codes import Tried, take_back, try_code
from app.flows.campaigns.decide import Promo
from app.flows.campaigns.on_seats import as_it_was_shown, ask_on_seats, price_seats
from app.flows.cards_needed import card_problem
from app.flows.change_order import Press, Wanted, order_change, pressed_before
from app.flows.deps import Deps
from app.flows.not_sold import not_sold
from app.flows.on_file import OnFile
from app.flows.own_subscriptions import Owned, away, cards, open_subscription, read_owned
from app.flows.payment import Step
from app.identity.actor import Actor, Person
from app.orders.change_quotes import KeptChange
from app.orders.kinds import ADD_SEATS
from app.promotions.misses import Guesser
from app.subscriptions.eligibility import Reason
from app.vendor_adapters.errors import VendorError, VendorRejected
from app.vendor_adapters.types import PaymentMethodSummary, SetSeats


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatPage:
    """What the page shows.

    Attributes:
        add: how many more, at least 1. most: how many more can be bought here. is_owed: ``add`` covers the people above
            the seats. shown: the quote; None with the ``problem`` that stands in its place.
        promo: what was asked for and what came of it. needs_card: the ``problem`` is over with a card on file.
    """

    owned: Owned
    add: int
    most: int
    is_owed: bool
    shown: KeptChange | None
    problem: Problem | None
    cards: tuple[PaymentMethodSummary, ...] | None
    promo: Promo | None = None
    needs_card: bool = False


async def visit_seat_page(
    deps: Deps, actor: Actor, subscription_id: str, add: int | None, guesser: Guesser
) -> SeatPage:
    """Return the page to somebody who comes to it: the campaign that they came by is asked for here."""
    if actor.person is None:
        raise NotYours(subscription_id)
    subscription = await open_subscription(deps, actor.person, subscription_id)
    await ask_on_seats(deps, actor, subscription.subscription_id)
    return await read_seat_page(deps, actor.person, subscription_id, add, guesser=guesser)


async def read_seat_page(
    deps: Deps, person: Person, subscription_id: str, add: int | None, *, guesser: Guesser | None = None
) -> SeatPage:
    """Return the page for ``add`` more seats; None proposes what is owed, else 1. Out of bounds is put right.

    The page is made of what is known, and the vendor's quote says whether that is still so: only when it is not, or
    nothing can be changed by it, the vendor is asked for the subscription, too.

    Args:
        guesser: whose wrong codes are counted, as far as it is known.
    """
    guesser = guesser or Guesser(session="", account=person.person_id)
    known = await read_owned(deps, person, subscription_id, looks=False)
    if known.problem is None:
        with suppress(VendorRejected):
            return await _priced(deps, person, _page(deps, known, add), guesser)
    fresh = _page(deps, await read_owned(deps, person, subscription_id), add)
    try:
        return await _priced(deps, person, fresh, guesser)
    except VendorRejected as error:
        return replace(fresh, problem=not_sold(error, fresh.owned.subscription) or away())


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
        raise Refused(too_many(deps))
    subscription = owned.subscription
    on_file = OnFile(lambda: cards(deps, owned))
    more = SetSeats(base=base, seats=base + add)
    change, promo = await as_it_was_shown(deps, person, owned, more, quote_id=press.quote_id, on_file=on_file)
    wanted = Wanted(
        kind=ADD_SEATS,
        change=change,
        plan=subscription.plan,
        offer=subscription.offer,
        seats=base + add,
        promo=promo,
        on_file=on_file,
    )
    return await order_change(deps, person, owned, wanted, press)


async def price_of_owed(deps: Deps, owned: Owned) -> Money | None:
    """Return what the seats that are owed cost for the rest of the term, with tax; None where that cannot be told."""
    seats, owed = owned.subscription.seats, owned.seats_owed
    if not owed or owned.problem or not owned.is_fresh or seats + owed > deps.catalog.rules.seats.self_serve_max:
        return None
    change, vendor = SetSeats(base=seats, seats=seats + owed), deps.vendors[owned.subscription.vendor]
    try:
        return (await vendor.quote_change(owned.ref, change=change, as_of=deps.clock.now())).due_now
    except VendorError:
        return None


def check_open(owned: Owned, base: int) -> None:
    """Refuse unless the subscription can be changed now and still has the seats that the page showed."""
    if owned.reason is not Reason.OK:
        raise Refused(owned.problem or away())
    if not owned.is_fresh:
        raise Refused(away())
    if owned.subscription.seats != base:
        raise Refused(problem(ProblemId.E_CHANGED, seats=formats.number(owned.subscription.seats)))


def too_many(deps: Deps) -> Problem:
    """Return what is said of more seats than can be bought here."""
    most = deps.catalog.rules.seats.self_serve_max
    return problem(ProblemId.E_SEATS_MAX, "add", most=formats.number(most))


def _page(deps: Deps, owned: Owned, add: int | None) -> SeatPage:
    most = deps.catalog.rules.seats.self_serve_max - owned.subscription.seats
    wanted = min(max(add or owned.seats_owed or 1, 1), max(most, 1))
    is_owed = wanted == owned.seats_owed
    found = owned.problem or (None if owned.is_fresh else away()) or (too_many(deps) if most < 1 else None)
    return SeatPage(owned=owned, add=wanted, most=most, is_owed=is_owed, shown=None, problem=found, cards=())


async def _priced(deps: Deps, person: Person, page: SeatPage, guesser: Guesser) -> SeatPage:
    """Return the page with its price, if it can have one; VendorRejected when the vendor holds something else."""
    if page.problem:
        return page
    on_file = OnFile(lambda: cards(deps, page.owned))
    try:
        priced = await price_seats(deps, person, page.owned, page.add, guesser, on_file)
    except VendorRejected:
        raise
    except VendorError:
        return replace(page, problem=away())  # who did not answer this is not waited for once more
    shown, found = priced.shown, await on_file.read()
    missing = card_problem(deps.vendors[page.owned.subscription.vendor], shown.quote.due_now, found)
    if missing:
        return replace(page, problem=missing, needs_card=found is not None)
    return replace(page, shown=shown, promo=priced.promo, cards=found)


async def apply_code(
    deps: Deps, person: Person, subscription_id: str, add: int | None, typed: str, guesser: Guesser
) -> Tried[SeatPage]:
    """Try a code on ``add`` more seats and return the page as it then is."""
    subscription = await open_subscription(deps, person, subscription_id)

    async def read() -> SeatPage:
        return await read_seat_page(deps, person, subscription_id, add, guesser=guesser)

    subject = subscription.subscription_id
    return await try_code(deps, guesser, subject, typed, read=read, promo_of=lambda page: page.promo)


async def remove_code(deps: Deps, person: Person, subscription_id: str, key: str) -> None:
    """Ask for what stands under ``key`` no more."""
    subscription = await open_subscription(deps, person, subscription_id)
    await take_back(deps, subscription.subscription_id, key)
