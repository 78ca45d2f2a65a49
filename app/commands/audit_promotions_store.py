"""Campaigns against orders: every reservation stands where its order stands, and they agree on the amount."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from app.db.schema.orders import orders
from app.orders.kinds import CHANGES
from app.orders.states import PAID, UNPAID, State
from app.promotions.audit import differences as books_differ
from app.promotions.caps import caps_passed
from app.promotions.reservation import LIVE, Reservation, ReservationState
from app.promotions.store import reservations

LET_GO_WITHIN = timedelta(minutes=15)  # of its time being over; with everybody up, the sweep takes seconds

_SETTLED = {each.value for each in (*PAID, State.REFUNDED)}
_OPEN = {each.value for each in UNPAID}


def promotion_differences(connection: Connection, now: datetime) -> Iterator[str]:
    """Yield every way in which ledger, counters, caps, reservations and orders disagree; ``now`` is wall time."""
    yield from books_differ(connection)
    yield from caps_passed(connection)
    known = reservations.everything(connection)
    states = {row.order_id: row.state for row in connection.execute(select(orders.c.order_id, orders.c.state))}
    for reservation in known:
        yield from _against_order(reservation, states.get(reservation.order_id), now)
    yield from _amounts(connection, known)


def _against_order(reservation: Reservation, order: str | None, now: datetime) -> Iterator[str]:
    name = f"reservation {reservation.reservation_id} of {reservation.order_id}"
    is_late = reservation.expires_at + LET_GO_WITHIN < now
    match reservation.state:
        case ReservationState.HELD:
            if is_late:
                yield f"{name}: held since {reservation.made_at.isoformat()}, and its time is over"
        case ReservationState.RESERVED:
            if order is None or order in _SETTLED:
                yield f"{name}: reserved, and the order is {order or 'unknown'}"
            elif is_late and order not in _OPEN:
                yield f"{name}: reserved, and the order is {order} for good"
        case ReservationState.COMMITTED:
            if order not in _SETTLED:
                yield f"{name}: committed, and the order is {order or 'unknown'}"
        case ReservationState.REVERSED:
            if order != State.REFUNDED.value:
                yield f"{name}: given back, and the order is {order or 'unknown'}"
        case ReservationState.RELEASED:
            return


def _amounts(connection: Connection, known: list[Reservation]) -> Iterator[str]:
    """An order has off what its reservations say; a change may also have what its plan has from before."""
    claimed: dict[str, int] = {}
    for reservation in known:
        if reservation.state in (*LIVE, ReservationState.REVERSED):
            claimed[reservation.order_id] = claimed.get(reservation.order_id, 0) + reservation.amount
    settled = select(orders.c.order_id, orders.c.kind, orders.c.discount).where(orders.c.state.in_(_SETTLED))
    for order in connection.execute(settled):
        by_campaigns = claimed.get(order.order_id, 0)
        is_right = by_campaigns <= order.discount if order.kind in CHANGES else by_campaigns == order.discount
        if not is_right:
            yield f"order {order.order_id}: {order.discount} was taken off, and its reservations say {by_campaigns}"
