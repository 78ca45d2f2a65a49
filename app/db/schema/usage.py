"""What groups use, one row a day for the graph; when the product is asked next; what somebody has dismissed."""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String, Table

from app.db.schema.base import metadata
from app.db.types import UtcDateTime

usage_days = Table(
    "usage_days",
    metadata,
    Column("group_id", String(255), primary_key=True),
    Column("day", String(10), primary_key=True),  # 2026-11-23, of business time
    Column("seats", Integer, nullable=False),
    Column("seats_in_use", BigInteger, nullable=False),
    Column("seats_max", BigInteger, nullable=False),
    Column("minutes_used", BigInteger, nullable=False),
    Column("minutes_quota", BigInteger, nullable=False),
    Column("minutes_in_packs", BigInteger, nullable=False),
    Column("storage_gib", BigInteger, nullable=False),
    Column("storage_quota_gib", BigInteger, nullable=True),  # None: nothing limits it
    Column("counted_at", UtcDateTime, nullable=False),
)

usage_looks = Table(
    "usage_looks",
    metadata,
    Column("group_id", String(255), primary_key=True),
    Column("due_at", UtcDateTime, nullable=False, index=True),  # business time: what is used follows it
)

alert_dismissals = Table(
    "alert_dismissals",
    metadata,
    Column("person_id", String(40), ForeignKey("people.person_id"), primary_key=True),
    Column("group_id", String(255), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("period", String(40), nullable=False),
    Column("step", BigInteger, nullable=False),
)
