"""The business clock's offset: one row that every process reads, so that all live at the same moment."""

from datetime import timedelta

from sqlalchemy import Connection, select

from app.core.clock import SystemClock
from app.db.engine import Database
from app.db.schema.store import business_clock
from app.db.sql import upsert

_ROW = 1
_MICROSECOND = timedelta(microseconds=1)


def read_offset(connection: Connection) -> timedelta:
    """Return how far business time is ahead of wall time; zero before anybody moved it."""
    found = connection.execute(select(business_clock.c.offset_us).where(business_clock.c.row == _ROW)).scalar()
    return (found or 0) * _MICROSECOND


def write_offset(connection: Connection, offset: timedelta) -> None:
    """Set how far business time is ahead of wall time."""
    values = {"row": _ROW, "offset_us": offset // _MICROSECOND}
    upsert(connection, business_clock, values, key=[business_clock.c.row])


async def follow(db: Database, clock: SystemClock) -> None:
    """Take over the offset that another process may have set."""
    clock.offset = await db.read(read_offset)
