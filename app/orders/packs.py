"""Orders of packs, found by the group that they are for."""

from sqlalchemy import Connection, Select, select

from app.db.schema.orders import orders
from app.orders.kinds import OF_PACKS
from app.orders.states import PAID, State
from app.orders.store import Order, get_order


def newest_packs_order(connection: Connection, group_id: str, *, offers: tuple[str, ...]) -> str:
    """Return the id of the newest paid order of these price rows for a group, empty when there is none."""
    found = _paid(group_id, offers, PAID).order_by(orders.c.created_at.desc(), orders.c.order_id).limit(1)
    return connection.execute(found).scalar() or ""


def packs_awaiting_grant(connection: Connection, group_id: str, *, offers: tuple[str, ...]) -> tuple[Order, ...]:
    """Return the paid orders of these price rows that the product has not confirmed yet, oldest first."""
    found = _paid(group_id, offers, PAID - {State.GRANTED}).order_by(orders.c.created_at, orders.c.order_id)
    waiting = (get_order(connection, order_id) for order_id in connection.execute(found).scalars().all())
    return tuple(order for order in waiting if order)


def _paid(group_id: str, offers: tuple[str, ...], states: frozenset[State]) -> Select[str]:
    return select(orders.c.order_id).where(
        orders.c.group_id == group_id,
        orders.c.kind.in_(OF_PACKS),
        orders.c.offer.in_(offers),
        orders.c.state.in_([state.value for state in states]),
    )
