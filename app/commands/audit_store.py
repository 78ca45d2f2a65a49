"""The invariants that can be recomputed from the store's own tables; each yields what is wrong in words."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import Connection, func, select

from app.commands.audit_promotions_store import promotion_differences
from app.db.schema.entitlements import entitlements
from app.db.schema.events import outbox
from app.db.schema.orders import live_orders, order_states, orders
from app.events.audit import first_break
from app.orders.estimates import is_estimate
from app.orders.kinds import OF_PACKS
from app.orders.states import PAID, UNPAID, Action, State, next_state

UNSENT_AFTER = timedelta(minutes=15)  # with everybody up, a job is done in seconds


def differences(connection: Connection, now: datetime) -> Iterator[str]:
    """Yield every broken invariant; ``now`` is wall time."""
    broken = first_break(connection)
    if broken is not None:
        yield f"audit: row {broken} does not fit the row before it"
    yield from _histories(connection)
    yield from _payments(connection)
    yield from _targets(connection)
    yield from _entitlements(connection)
    yield from _jobs(connection, now)
    yield from promotion_differences(connection, now)


def _histories(connection: Connection) -> Iterator[str]:
    """Each order's history is a path through the table of states, and ends where the order stands."""
    for order in connection.execute(select(orders.c.order_id, orders.c.state)):
        steps = connection.execute(
            select(order_states.c.state, order_states.c.action)
            .where(order_states.c.order_id == order.order_id)
            .order_by(order_states.c.seq)
        ).all()
        if not steps or steps[-1].state != order.state:
            yield f"order {order.order_id}: stands in {order.state}, and its history does not end there"
        for before, after in pairwise(steps):
            if next_state(State(before.state), Action(after.action)) is not State(after.state):
                yield f"order {order.order_id}: {before.state} cannot become {after.state} by {after.action}"


def _payments(connection: Connection) -> Iterator[str]:
    """A paid order was paid its total, unless that was an estimate, by one charge that is no other order's."""
    paid = [state.value for state in (*PAID, State.REFUNDED)]
    for order in connection.execute(select(orders).where(orders.c.state.in_(paid))):
        if order.amount_paid != order.total and not is_estimate(order.quote):
            yield f"order {order.order_id}: {order.total} was confirmed and {order.amount_paid} was paid"
        if order.total and not order.charge_ref:
            yield f"order {order.order_id}: paid without a charge"
    shared = select(orders.c.charge_ref).where(orders.c.charge_ref.is_not(None)).group_by(orders.c.charge_ref)
    for row in connection.execute(shared.having(func.count() > 1)):
        yield f"charge {row.charge_ref}: stands for more than one order"


def _targets(connection: Connection) -> Iterator[str]:
    """Only an unpaid order holds its target."""
    held = select(orders.c.order_id, orders.c.state).join(live_orders, live_orders.c.order_id == orders.c.order_id)
    for order in connection.execute(held):
        if State(order.state) not in UNPAID:
            yield f"order {order.order_id}: {order.state}, and still holds its target"


def _entitlements(connection: Connection) -> Iterator[str]:
    """A paid hosted order has its group's entitlement, and a granted one has been confirmed."""
    known = {row.target: row for row in connection.execute(select(entitlements))}
    wanted = [state.value for state in PAID]
    for order in connection.execute(
        select(orders).where(orders.c.state.in_(wanted), orders.c.group_id != "", orders.c.kind.not_in(OF_PACKS))
    ):
        found = known.get(f"group:{order.group_id}")
        if found is None:
            yield f"order {order.order_id}: paid, and group {order.group_id} is entitled to nothing"
        elif order.state == State.GRANTED.value and found.granted_version == 0:
            yield f"order {order.order_id}: granted, and the product never confirmed it"
        elif order.state == State.GRANTED.value and order.packs and not order.packs_granted:
            yield f"order {order.order_id}: granted, and the product never confirmed its packs"


def _jobs(connection: Connection, now: datetime) -> Iterator[str]:
    """Nothing waits for long, and what cannot be done is looked at by people."""
    for job in connection.execute(select(outbox).where(outbox.c.state == "dead")):
        yield f"job {job.job_id} ({job.kind}, order {job.order_id or 'none'}): given up, {job.last_error}"
    old = select(outbox).where(outbox.c.state.in_(("waiting", "held")), outbox.c.created_at < now - UNSENT_AFTER)
    for job in connection.execute(old):
        yield f"job {job.job_id} ({job.kind}, order {job.order_id or 'none'}): waits since {job.created_at.isoformat()}"
