"""Rate limits: how often something may happen in a stretch of wall time, counted in the database by bucket."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

from sqlalchemy import Connection, insert, select

from app.core.ids import new_id
from app.db.schema.store import hits


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``most`` times in any stretch of ``within``."""

    most: int
    within: timedelta


def take(connection: Connection, buckets: Mapping[str, Limit], now: datetime) -> timedelta | None:
    """Count one more in every bucket, or return how long to wait when one of them is full; then nothing is counted.

    A refused try does not lengthen the wait. Two at the very same instant may both pass on PostgreSQL: a limit keeps
    floods out, it does not guard a stock.
    """
    waits = [_wait(connection, bucket, limit, now) for bucket, limit in buckets.items()]
    if any(waits):
        return max(waits)
    connection.execute(insert(hits), [{"hit_id": new_id("hit"), "bucket": bucket, "at": now} for bucket in buckets])
    return None


def network_of(address: str) -> str:
    """Return what one household or office has in common: an IPv4 address, or the /64 of an IPv6 one."""
    try:
        found = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or f"{IPv6Address(int(found) >> 64 << 64)}/64")
    return str(found)


def _wait(connection: Connection, bucket: str, limit: Limit, now: datetime) -> timedelta:
    is_counted = (hits.c.bucket == bucket) & (hits.c.at > now - limit.within)
    times = connection.execute(
        select(hits.c.at).where(is_counted).order_by(hits.c.at.desc()).limit(limit.most)
    ).scalars()
    counted = list(times)
    return counted[-1] + limit.within - now if len(counted) >= limit.most else timedelta(0)
