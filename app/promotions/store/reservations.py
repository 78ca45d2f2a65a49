"""Rows of reservations; every change of state names the states that it expects."""

import dataclasses
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, func, select, update
from sqlalchemy.engine import RowMapping

from app.db.schema.promotions import campaign_codes as codes
from app.db.schema.promotions import promo_reservations as table
from app.db.sql import insert_new
from app.promotions.reservation import LIVE, OPEN, Reservation, ReservationState


def add(connection: Connection, reservation: Reservation) -> bool:
    """Store a reservation unless its order has a live one of the campaign; whether it was stored."""
    values = dataclasses.asdict(reservation)
    values |= {"state": reservation.state.value, "live_key": reservation.live_key}
    return insert_new(connection, table, values)


def of_order(connection: Connection, order_id: str, *, states: Sequence[ReservationState] = ()) -> list[Reservation]:
    """Return an order's (or intent's) reservations, by campaign and oldest first, and lock their rows."""
    query = select(table).where(table.c.order_id == order_id)
    if states:
        query = query.where(table.c.state.in_([state.value for state in states]))
    ordered = query.order_by(table.c.slug, table.c.made_at, table.c.reservation_id)
    return [_reservation(row) for row in connection.execute(ordered.with_for_update()).mappings()]


def live_of(connection: Connection, order_id: str) -> list[Reservation]:
    """Return those of an order that count for something."""
    return of_order(connection, order_id, states=LIVE)


def open_of(connection: Connection, order_ids: Sequence[str]) -> list[Reservation]:
    """Return what these orders and intents hold and have reserved, without locking. One query."""
    states = [state.value for state in OPEN]
    query = select(table).where(table.c.order_id.in_(list(order_ids) or [""]), table.c.state.in_(states))
    return [_reservation(row) for row in connection.execute(query).mappings()]


def names_of(connection: Connection, order_ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return what took money off these orders, by order: codes by their labels, campaigns without one by their slugs.

    What was let go, and so took nothing off, is left out. One query.
    """
    took = [state.value for state in (*LIVE, ReservationState.REVERSED)]
    found = (
        select(table.c.order_id, func.coalesce(codes.c.label, table.c.slug).label("name"))
        .select_from(table.outerjoin(codes, codes.c.code_id == table.c.code_id))
        .where(table.c.order_id.in_(list(order_ids) or [""]), table.c.state.in_(took))
        .order_by(table.c.order_id, table.c.slug)
    )
    names: dict[str, tuple[str, ...]] = {}
    for row in connection.execute(found):
        names[row.order_id] = (*names.get(row.order_id, ()), row.name)
    return names


def change(connection: Connection, after: Reservation, *, expected: Sequence[ReservationState]) -> bool:
    """Let a reservation become ``after`` if it is in one of the expected states; whether it was."""
    found = connection.execute(
        update(table)
        .where(table.c.reservation_id == after.reservation_id)
        .where(table.c.state.in_([each.value for each in expected]))
        .values(
            state=after.state.value,
            live_key=after.live_key if after.state in LIVE else None,
            order_id=after.order_id,
            account_id=after.account_id,
            customer=after.customer,
            net=after.net,
            trace_hash=after.trace_hash,
            is_overdraft=after.is_overdraft,
            expires_at=after.expires_at,
        )
    )
    return found.rowcount == 1


def expired_holds(connection: Connection, wall: datetime, limit: int) -> list[Reservation]:
    """Return and lock holds whose time is over; those that somebody else is at are left out."""
    due = (table.c.state == ReservationState.HELD.value) & (table.c.expires_at <= wall)
    query = select(table).where(due).order_by(table.c.expires_at, table.c.reservation_id).limit(limit)
    return [_reservation(row) for row in connection.execute(query.with_for_update(skip_locked=True)).mappings()]


def overdue_orders(connection: Connection, wall: datetime, limit: int) -> tuple[str, ...]:
    """Return orders that are reserved for longer than their payment page should have lived, oldest first."""
    due = (table.c.state == ReservationState.RESERVED.value) & (table.c.expires_at <= wall)
    query = select(table.c.order_id).where(due).order_by(table.c.expires_at, table.c.order_id).limit(limit)
    return tuple(dict.fromkeys(connection.execute(query).scalars()))


def everything(connection: Connection) -> list[Reservation]:
    """Return all, for the audit and the export."""
    return [_reservation(row) for row in connection.execute(select(table).order_by(table.c.reservation_id)).mappings()]


def _reservation(row: RowMapping) -> Reservation:
    values = {name: row[name] for name in row if name != "live_key"}
    return Reservation(**{**values, "state": ReservationState(row["state"])})
