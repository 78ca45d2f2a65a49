"""Counted misses: one row each, swept with the other counted events when their time is over."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select

from app.core.ids import new_id
from app.db.schema.store import hits
from app.db.sql import insert_new


def nth_newest(connection: Connection, bucket: str, n: int, *, since: datetime) -> datetime | None:
    """Return when the n-th newest event since then was, None when there are fewer."""
    counted = (hits.c.bucket == bucket) & (hits.c.at > since)
    query = select(hits.c.at).where(counted).order_by(hits.c.at.desc()).offset(n - 1).limit(1)
    found: datetime | None = connection.execute(query).scalar()
    return found


def add(connection: Connection, names: Sequence[str], at: datetime) -> None:
    """Count one event in each bucket."""
    connection.execute(insert(hits), [{"hit_id": new_id("hit"), "bucket": name, "at": at} for name in names])


def first_within(connection: Connection, bucket: str, within: timedelta, at: datetime) -> bool:
    """Count one event in the bucket unless it has one that is younger than ``within``; whether it was counted.

    Of two processes that count at once one does: rows of the same span of time have the same key.
    """
    if nth_newest(connection, bucket, 1, since=at - within) is not None:
        return False
    span = int(at.timestamp() // within.total_seconds())
    return insert_new(connection, hits, {"hit_id": f"{bucket[-20:]}:{span}", "bucket": bucket, "at": at})
