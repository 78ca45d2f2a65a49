"""Claiming what an order was priced with, in the transaction that writes the order, and clearing the way for it."""

from sqlalchemy import Connection

from app.core.problems import Problem, ProblemId, Refused, problem
from app.events import audit
from app.flows import payment
from app.flows.campaigns.decide import Promo
from app.flows.campaigns.facts import identities_of
from app.flows.deps import Deps
from app.flows.order_steps import PAGE_GRACE
from app.orders import store
from app.orders.states import UNPAID
from app.orders.store import Order
from app.promotions import claims, wording
from app.promotions.busy import Busy, write_unless_busy
from app.promotions.cart import Standing
from app.promotions.claims import Claimant, ClaimRefused
from app.promotions.reservation import Cause
from app.promotions.store import reservations


def claim_for(connection: Connection, deps: Deps, order: Order, promo: Promo | None) -> None:
    """Reserve what ``order`` was priced with; raises ClaimRefused, which undoes the order too."""
    if promo is None or not promo.decision.applied:
        return
    vendor = deps.vendors[order.vendor]
    if promo.agreement:
        audit.record(
            connection,
            actor=order.person_id,
            action="agreement.accepted",
            subject=order.order_id,
            detail=promo.agreement,
            now=deps.clock.wall(),
        )
    claims.claim(
        connection,
        promo.decision,
        _claimant(connection, deps, promo, order.order_id, account_id=order.account_id),
        held_for=promo.subject,
        now=deps.clock.now(),
        until=deps.clock.wall() + vendor.capabilities.checkout_lifetime + PAGE_GRACE,
    )


async def hold_scarce(deps: Deps, promo: Promo) -> None:
    """Keep for ten minutes what is nearly used up and was applied here.

    Raises Refused when somebody was faster, or when others are at it at this moment.
    """
    now, wall = deps.clock.now(), deps.clock.wall()

    def write(connection: Connection) -> None:
        who = _claimant(connection, deps, promo, promo.subject, account_id=promo.buyer.account_id)
        claims.hold(connection, promo.decision, who, now=now, wall=wall)

    try:
        await write_unless_busy(deps.db, write)
    except ClaimRefused as refused:
        raise Refused(refusal(deps, refused)) from refused
    except Busy as busy:
        raise Refused(wording.busy()) from busy


def refusal(deps: Deps, refused: ClaimRefused) -> Problem:
    """Return what is said when somebody was faster."""
    found = wording.refusal(refused.rejected, deps.catalog)
    return Problem(found.id, f"{found.text} You have not been charged: this is the price without it.", found.field)


async def close_own_rivals(deps: Deps, order: Order, promo: Promo | None) -> None:
    """Close the person's other unpaid orders that hold what only one order of theirs can have.

    Whoever leaves a payment page and begins anew is not told that their code is used. Raises Refused(E_BUSY) while a
    bank may still say yes to the other order.
    """
    slugs = promo.counted_each if promo else frozenset()
    if not slugs:
        return

    def read(connection: Connection) -> list[Order]:
        others = [each for each in store.unpaid_of(connection, order.person_id) if each.target != order.target]
        held = reservations.open_of(connection, [each.order_id for each in others])
        holders = {each.order_id for each in held if each.slug in slugs}
        return [each for each in others if each.order_id in holders]

    for other in await deps.db.read(read):
        closed = await payment.cancel(deps, other, cause=Cause.SUPERSEDED)
        if closed.state in UNPAID:
            raise Refused(problem(ProblemId.E_BUSY))


def _claimant(connection: Connection, deps: Deps, promo: Promo, order_id: str, *, account_id: str) -> Claimant:
    history = promo.decision.trace.facts.history
    standing = history.standing(promo.decision.trace.now) if history else Standing.UNKNOWN
    return Claimant(
        order_id=order_id,
        account_id=account_id,
        identities=identities_of(connection, deps, promo.buyer),
        standing=standing,
        actor=promo.buyer.person.person_id,
    )
