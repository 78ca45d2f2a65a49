"""What an order's page shows: one designed page for each state, with what is known and nothing else."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from app.core.money import Money
from app.core.problems import Problem, ProblemId, problem
from app.db.sealing import Sealer
from app.entitlements import activation
from app.events import outbox
from app.flows import journey, wording
from app.flows.deps import Deps
from app.flows.order_steps import is_plan_granted
from app.flows.settle import REFUND_DUPLICATE, look_up
from app.identity.actor import Person
from app.orders import intents, store
from app.orders.estimates import is_estimate
from app.orders.kinds import FIRST_ORDER, OF_PACKS, OF_PLANS, RENEWAL
from app.orders.packing import unpack
from app.orders.states import PAID, UNPAID, State
from app.orders.store import Order
from app.subscriptions.store import by_ref
from app.vendor_adapters.capabilities import Capability
from app.vendor_adapters.types import Quote

WATCHED_FOR = timedelta(seconds=60)  # so long the page asks again by itself; then a mail tells
PAGE_SIZE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderView:
    """An order in words and amounts.

    Attributes:
        gain: what packs give, empty for a plan. renewed_until: the end of the term that was paid by hand.
        extra: what the packs give that a plan was bought with, is_extra_granted: whether they are there,
            is_plan_granted: whether the plan is, which is asked for an order with both alone.
        is_estimate: the sums are what the vendor thought that it would be; paid: what was charged, None before that.
        goes_back: the group had a plan when it was paid. by_hand: the vendor makes no refunds, so that people do
            or did.
        is_known: False while the vendor does not tell whether it was paid; then nothing is said of money.
        can_pay: the payment page is open. is_watched: the page asks again by itself. problem: what went wrong.
        subscription_path: of the plan that was bought or changed.
        return_to: where the product wants its buyer back, with the order and its state appended; empty without one.
        return_path: hears from the browser that its link was followed.
    """

    order_id: str
    state: str
    bought: str
    plan_name: str
    seats: int
    group_name: str
    is_hosted: bool
    gain: str
    renewed_until: datetime | None
    extra: str
    is_extra_granted: bool
    placed_at: datetime
    subtotal: Money
    discount: Money
    tax: Money
    total: Money
    renews_at: datetime | None
    renewal_total: Money | None
    email: str
    is_known: bool
    can_pay: bool
    can_cancel: bool
    is_watched: bool
    problem: Problem | None
    code: str
    return_to: str
    return_path: str
    again_path: str
    subscription_path: str = ""
    usage_path: str = ""
    is_plan_granted: bool = False
    is_estimate: bool = False
    paid: Money | None = None
    goes_back: bool = False
    by_hand: bool = False


async def read_order(deps: Deps, person: Person, order_id: str) -> OrderView:
    """Return the person's order as it is now; an open one is first looked up at the vendor, if it answers."""
    order = await deps.db.read(lambda connection: store.order_of(connection, order_id, person.person_id))
    is_known = True
    if order.state in UNPAID:
        order, is_known = await look_up(deps, order)
    is_double = await deps.db.read(lambda connection: _is_double(connection, order))
    code = await deps.db.read(lambda connection: _code(connection, deps.sealer, order))
    plan_path = await deps.db.read(lambda connection: _plan_path(connection, order))
    view = _view(deps, order, code=code, is_known=is_known, is_double=is_double)
    if order.packs:
        is_on = await deps.db.read(lambda connection: is_plan_granted(connection, order))
        view = replace(view, is_plan_granted=is_on)
    view = replace(view, subscription_path=plan_path)
    if plan_path and order.kind in OF_PLANS:
        return replace(view, again_path=plan_path)
    return replace(view, again_path=await _again_path(deps, order))


async def _again_path(deps: Deps, order: Order) -> str:
    """Return the checkout that the order came from; once that is forgotten, the link to one with the same choices."""
    intent_id, now = order.intent_id, deps.clock.wall()
    if order.is_change or not intent_id:
        return wording.again_path(order)
    is_open = await deps.db.read(lambda connection: intents.is_open(connection, intent_id, now=now))
    return wording.again_path(order) if is_open else wording.anew_path(order)


async def own_order(deps: Deps, person: Person, order_id: str) -> Order:
    """Return the person's order for a step that follows; NotYours otherwise."""
    return await deps.db.read(lambda connection: store.order_of(connection, order_id, person.person_id))


async def note_return(deps: Deps, person: Person, order_id: str) -> None:
    """Note that the buyer of a paid order followed the way back to the product."""
    order = await own_order(deps, person, order_id)
    if order.state in PAID:
        await deps.db.write(lambda connection: journey.returned(connection, deps, order))


async def list_orders(deps: Deps, person: Person, page: int) -> tuple[tuple[OrderView, ...], bool]:
    """Return a page of the person's orders (from 1), newest first, and whether there are more."""

    def read(connection: Connection) -> tuple[tuple[Order, bool], ...]:
        offset = (page - 1) * PAGE_SIZE
        found = store.orders_of(connection, person.person_id, limit=PAGE_SIZE + 1, offset=offset)
        return tuple((order, _is_double(connection, order)) for order in found)

    found = await deps.db.read(read)
    shown = tuple(_view(deps, order, is_double=is_double) for order, is_double in found[:PAGE_SIZE])
    return shown, len(found) > PAGE_SIZE


def _is_double(connection: Connection, order: Order) -> bool:
    """Whether it was paid for a group that had a plan by then, and its money is on its way back."""
    is_waiting = order.state in (State.PAID, State.GRANT_RETRY)
    return is_waiting and outbox.is_known(connection, kind=REFUND_DUPLICATE, dedupe_key=order.order_id)


def _plan_path(connection: Connection, order: Order) -> str:
    """Return the path of the subscription that an order has made or changes; empty for packs, and before it is made."""
    if order.kind not in (FIRST_ORDER, *OF_PLANS) or not order.subscription_ref:
        return ""
    subscription = by_ref(connection, order.subscription_ref)
    return wording.subscription_path(subscription.subscription_id) if subscription else ""


def _code(connection: Connection, sealer: Sealer, order: Order) -> str:
    subscription = by_ref(connection, order.subscription_ref) if order.subscription_ref else None
    if subscription is None or order.group_id:
        return ""
    code = activation.find_code(connection, sealer, subscription.subscription_id)
    return activation.grouped(code) if code else ""


def _view(deps: Deps, order: Order, *, code: str = "", is_known: bool = True, is_double: bool = False) -> OrderView:
    is_open = order.state in (State.SUBMITTED, State.ACTION_REQUIRED)
    makes_refunds = Capability.REFUNDS in deps.vendors[order.vendor].capabilities
    by_hand = (is_double or order.state is State.REFUNDED) and not makes_refunds

    def amount(minor: int) -> Money:
        return Money(minor, order.currency)

    return OrderView(
        order_id=order.order_id,
        state=order.state.value,
        bought=wording.bought(deps.catalog, order),
        plan_name=wording.plan_name(deps.catalog, order.plan),
        seats=order.seats,
        group_name=order.group_name or order.group_id,
        is_hosted=order.deployment == "hosted",
        gain=wording.pack_gain(deps.catalog, order.plan, order.seats) if order.kind in OF_PACKS else "",
        renewed_until=_renewed_until(order),
        extra=wording.pack_gain(deps.catalog, order.packs_addon, order.packs) if order.packs else "",
        is_extra_granted=order.packs_granted,
        placed_at=order.created_at,
        subtotal=amount(order.subtotal),
        discount=amount(order.discount),
        tax=amount(order.tax),
        total=amount(order.total),
        renews_at=order.renews_at,
        renewal_total=amount(order.renewal_total) if order.renewal_total is not None else None,
        email=order.email,
        is_known=is_known,
        can_pay=is_known and is_open and bool(order.checkout_url),
        can_cancel=is_known and (is_open or order.state is State.DRAFT),
        is_watched=not is_known or (not by_hand and _is_watched(deps, order)),
        problem=None if is_double else _problem(deps, order),
        code=code,
        return_to=_return_to(order, is_double=is_double),
        goes_back=is_double,
        by_hand=by_hand,
        return_path=wording.return_path(order.order_id),
        again_path=wording.again_path(order),
        is_estimate=is_estimate(order.quote),
        paid=amount(order.amount_paid) if order.state in (*PAID, State.REFUNDED) else None,
        usage_path=wording.usage_path(order.group_id) if order.bought_packs[1] and order.group_id else "",
    )


def _renewed_until(order: Order) -> datetime | None:
    if order.kind != RENEWAL:
        return None
    return max((line.ends_at for line in unpack(Quote, order.quote).lines if line.ends_at), default=None)


def _is_watched(deps: Deps, order: Order) -> bool:
    if order.state is State.CONFIRMING:
        return True
    is_waiting = order.state in (State.PAID, State.GRANT_RETRY)
    return is_waiting and not _is_late(deps, order)


def _is_late(deps: Deps, order: Order) -> bool:
    return order.settled_at is not None and deps.clock.wall() - order.settled_at > WATCHED_FOR


def _problem(deps: Deps, order: Order) -> Problem | None:
    if order.state in (State.PAID, State.GRANT_RETRY) and _is_late(deps, order):
        return problem(ProblemId.E_GRANT, order=order.order_id)
    if order.decline and order.state not in (State.EXPIRED, State.CANCELLED):
        return wording.decline_problem(order.decline)
    return None


def _return_to(order: Order, *, is_double: bool) -> str:
    if not order.return_to:
        return ""
    if order.state in UNPAID:
        return wording.with_outcome(order.return_to, order=order.order_id)  # nobody can say yet
    status = "paid" if order.state in PAID and not is_double else "cancelled"
    return wording.with_outcome(order.return_to, order=order.order_id, status=status)
