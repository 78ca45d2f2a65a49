"""Counted misses: one row each, swept with the other counted events when their time is over."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select

from app.core.ids import new_id
from app.db.schema.store import hits


def nth_newest(connection: Connection, bucket: str, n: int, *, since: datetime) -> datetime | None:
    """Return when the n-th newest event since then was, None when there are fewer."""
    counted = (hits.c.bucket == bucket) & (hits.c.at > since)
    query = select(hits.c.at).where(counted).order_by(hits.c.at.desc()).offset(n - 1).limit(1)
    found: datetime | None = connection.execute(query).scalar()
    return found


def add(connection: Connection, names: Sequence[str], at: datetime) -> None:
    """Count one event in each bucket."""
    connection.execute(insert(hits), [{"hit_id": new_id("hit"), "bucket": name, "at": at} for name in names])
