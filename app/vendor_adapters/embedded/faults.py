"""Faults on request: which call goes wrong next, and how. They stand in the database, where every process sees them."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, delete, insert, or_, select, update

from app.vendor_adapters.embedded.desk import Desk
from app.vendor_adapters.embedded.schema import faults, webhook_faults
from app.vendor_adapters.world import ANY, OPERATIONS, Fault, PlannedFault

__all__ = ["ANY", "OPERATIONS", "Fault", "PlannedFault", "clear", "is_down", "plan", "take", "waiting"]


def plan(desk: Desk, planned: Iterable[PlannedFault]) -> None:
    """Add ``planned`` to what will go wrong; ValueError for an operation that there is not."""
    for one in planned:
        if one.op not in OPERATIONS | {ANY} or one.times < 0:
            raise ValueError(f"no such fault: {one.op} {one.times} times")
        desk.connection.execute(insert(faults).values(op=one.op, fault=one.fault.value, times_left=one.times or None))


def waiting(desk: Desk, operation: str) -> tuple[int, ...]:
    """Return the ids of the faults that wait for ``operation``, oldest first; reads only."""
    rows = select(faults.c.id).where(faults.c.op.in_((operation, ANY)), _is_left()).order_by(faults.c.id)
    return tuple(desk.connection.execute(rows).scalars())


def take(desk: Desk, ids: Iterable[int]) -> Fault | None:
    """Take the first of these faults that is still there, once: two calls never take the same one."""
    for one in ids:
        mine = update(faults).where(faults.c.id == one, _is_left())
        taken = desk.connection.execute(mine.values(times_left=faults.c.times_left - 1).returning(faults.c.fault))
        fault = taken.scalar_one_or_none()
        if fault is not None:
            return Fault(fault)
    return None


def is_down(desk: Desk) -> bool:
    """Return whether the vendor is to be down, its own pages included."""
    down = select(faults.c.id).where(faults.c.fault == Fault.DOWN.value, _is_left()).limit(1)
    return desk.connection.execute(down).first() is not None


def clear(desk: Desk) -> None:
    """Let everything go right again, messages to the store included."""
    desk.connection.execute(delete(faults))
    desk.connection.execute(delete(webhook_faults))


def _is_left() -> ColumnElement[bool]:
    return or_(faults.c.times_left.is_(None), faults.c.times_left > 0)
