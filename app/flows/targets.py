"""One order under way for one target: a group, a subscription that is changed, or for all else the checkout itself.

A second tab of the same checkout means the same order; two buyers for one target take turns, and the earlier unpaid
payment page is closed before the later one opens.
"""

from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import Connection

from app import formats
from app.core.problems import ProblemId, Refused, problem
from app.flows import journey, payment
from app.flows.campaigns.claims import claim_for
from app.flows.campaigns.decide import Promo
from app.flows.deps import Deps
from app.flows.groups import has_plan
from app.flows.settle import settle_quietly
from app.orders import intents, store
from app.orders.kinds import ADD_PACKS, FIRST_ORDER, OF_PLANS
from app.orders.packing import unpack
from app.orders.states import KEPT, PAID, UNPAID
from app.orders.store import Order
from app.promotions.busy import Busy, write_unless_busy
from app.promotions.reservation import Cause
from app.subscriptions.store import live_for_group
from app.vendor_adapters.types import OrderId, PurchaseRequest

_TRIES = 3  # how often a target is fought for before the buyer is told to press again


class Ordered(Exception):
    """The checkout has become an order for good: pressing again leads there and charges nothing."""

    def __init__(self, order_id: str) -> None:
        super().__init__(order_id)
        self.order_id = order_id


def check_not_ordered(connection: Connection, intent_id: str) -> None:
    """Raise Ordered when the intent has become an order that is paid, perhaps paid, or paid back."""
    kept = store.kept_order(connection, intent_id)
    if kept is not None:
        raise Ordered(kept.order_id)


async def take_target(
    deps: Deps, order: Order, earlier: Order | None, attempt_id: str, *, promo: Promo | None = None
) -> Order:
    """Make ``order`` the one under way for its target, or return the one that is and means the same.

    What it was priced with is claimed in the transaction that writes it.

    Args:
        earlier: the newest order of the same checkout. It is closed first if it is unpaid and for another target:
            the buyer has changed the group.

    Raises Ordered, and Refused with E-HASPLAN or E-CHANGED when the target has been bought for meanwhile, or with
    E-BUSY when another order for it can not be closed just now; ClaimRefused when somebody had what was claimed.
    """
    if earlier and earlier.state in UNPAID and earlier.target != order.target:
        await _close(deps, earlier, order)
    for _ in range(_TRIES):
        holder = await _write(deps, lambda connection: _insert_or_holder(connection, deps, order, attempt_id, promo))
        if holder is None:
            continue  # whoever held it let go in that moment
        if holder.order_id == order.order_id:
            return order
        joined = await _join(deps, holder, order, attempt_id)
        if joined is not None:
            return joined
    raise Refused(problem(ProblemId.E_BUSY))


async def _write(deps: Deps, body: Callable[[Connection], Order | None]) -> Order | None:
    try:
        return await write_unless_busy(deps.db, body)
    except Busy as busy:
        raise Refused(problem(ProblemId.E_PROMO_BUSY)) from busy


def _insert_or_holder(
    connection: Connection, deps: Deps, order: Order, attempt_id: str, promo: Promo | None
) -> Order | None:
    """Return ``order`` once it holds its target, else the order that does; None when that one has just let go."""
    if not store.insert_order(connection, order, attempt_id=attempt_id, now=deps.clock.wall()):
        return store.live_order(connection, order.target)
    # Asked once more while the target is held: it was bought, and let go, while this buyer's page was being checked.
    # Raising undoes the insert.
    if order.intent_id:
        check_not_ordered(connection, order.intent_id)
        intents.set_order(connection, order.intent_id, order.order_id)
    if order.kind == FIRST_ORDER and order.group_id:
        live = live_for_group(connection, order.group_id, now=deps.clock.now())
        if live is not None:
            raise Refused(has_plan(deps, order.group_name or order.group_id, live.plan, live.ends_at))
    claim_for(connection, deps, order, promo)
    journey.confirmed(connection, deps, order)
    return order


async def _join(deps: Deps, holder: Order, order: Order, attempt_id: str) -> Order | None:
    """Return ``holder`` when it means the same as ``order``; else close it and return None, to try again."""
    if not _means_the_same(holder, order):
        await _close(deps, holder, order)
        return None
    current = await settle_quietly(deps, holder)
    if current.state not in UNPAID | KEPT:
        return None
    now = deps.clock.wall()
    await deps.db.write(lambda connection: store.add_attempt(connection, attempt_id, holder.order_id, now=now))
    return current


async def _close(deps: Deps, other: Order, order: Order) -> None:
    """Close another unpaid order that stands in the way of ``order``."""
    is_same_cart = order.intent_id is not None and other.intent_id == order.intent_id
    cause = Cause.CART_CHANGED if is_same_cart else Cause.SUPERSEDED
    closed = await payment.cancel(deps, other, cause=cause)
    if closed.state in KEPT and order.intent_id and closed.intent_id == order.intent_id:
        raise Ordered(closed.order_id)
    if closed.state in PAID:
        _check_bought(deps, closed, order)
    if closed.state in UNPAID:
        raise Refused(problem(ProblemId.E_BUSY))


def _check_bought(deps: Deps, paid: Order, order: Order) -> None:
    """Refuse what another order, paid after all, has overtaken; packs come on top of whatever else was bought."""
    if paid.kind == FIRST_ORDER:
        raise Refused(has_plan(deps, paid.group_name or paid.group_id, paid.plan, paid.renews_at))
    if paid.kind in OF_PLANS and order.kind != ADD_PACKS:
        raise Refused(problem(ProblemId.E_CHANGED, seats=formats.number(paid.seats)))


def _means_the_same(holder: Order, order: Order) -> bool:
    def terms(each: Order) -> tuple[object, ...]:
        return (each.kind, _asked(each), each.total, each.person_id, each.intent_id, each.payment_method_ref)

    return holder.state in UNPAID and terms(holder) == terms(order)


def _asked(order: Order) -> object:
    return order.request if order.is_change else replace(unpack(PurchaseRequest, order.request), order=OrderId(""))
