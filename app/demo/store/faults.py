"""Faults that the demo controls order, kept in the database so that every process has them."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Select, delete, insert, select, update

from app.demo.model import Fault
from app.demo.store.schema import faults

ANY = "any"


def add_faults(connection: Connection, channel: str, ordered: Iterable[Fault]) -> None:
    """Order faults for one channel; ``times`` 0 lasts until they are cleared."""
    for fault in ordered:
        connection.execute(
            insert(faults).values(channel=channel, op=fault.op, kind=fault.kind, remaining=fault.times or None)
        )


def clear_faults(connection: Connection) -> None:
    """End every fault."""
    connection.execute(delete(faults))


def has_fault(connection: Connection, channel: str, op: str) -> bool:
    """Whether a fault waits for ``op``."""
    return connection.execute(_waiting(channel, op)).first() is not None


def take_fault(connection: Connection, channel: str, op: str) -> str:
    """Return the kind of the oldest fault that waits for ``op`` and count it; empty when there is none."""
    row = connection.execute(_waiting(channel, op)).first()
    if row is None:
        return ""
    if row.remaining == 1:
        connection.execute(delete(faults).where(faults.c.id == row.id))
    elif row.remaining:
        connection.execute(update(faults).where(faults.c.id == row.id).values(remaining=row.remaining - 1))
    return str(row.kind)


def _waiting(channel: str, op: str) -> Select[Any]:
    query = select(faults).where(faults.c.channel == channel, faults.c.op.in_((op, ANY)))
    return query.order_by(faults.c.id).limit(1)
