"""When a worker was last heard from, so that the store can say that nobody does its work; wall time."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from app.db.schema.store import hits
from app.db.sql import upsert

BEATS_EVERY = timedelta(seconds=10)
SILENT_AFTER = timedelta(minutes=1)  # the longest job and then some
_BUCKET = "worker-heard"


def note_heard(connection: Connection, now: datetime) -> None:
    """Note that a worker is at work; one row for all of them."""
    upsert(connection, hits, {"hit_id": _BUCKET, "bucket": _BUCKET, "at": now}, key=[hits.c.hit_id])


def heard_at(connection: Connection) -> datetime | None:
    """Return when a worker was last heard from, None when there was none in the last days."""
    found: datetime | None = connection.execute(select(func.max(hits.c.at)).where(hits.c.bucket == _BUCKET)).scalar()
    return found
