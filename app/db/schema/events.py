"""What came in from the vendor, what goes out, and the record of who did what."""

from sqlalchemy import Column, Index, Integer, String, Table, Text

from app.db.schema.base import metadata
from app.db.types import UtcDateTime

inbox = Table(
    "inbox",
    metadata,
    Column("vendor", String(40), primary_key=True),
    Column("notification_id", String(255), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("subject", String(255), nullable=False),
    Column("order_id", String(20), nullable=False, default=""),
    Column("occurred_at", UtcDateTime, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("state", String(10), nullable=False),  # waiting, done, dead
    Column("tries", Integer, nullable=False, default=0),
    Column("due_at", UtcDateTime, nullable=False),
    Column("last_error", String(300), nullable=False, default=""),
    Index("ix_inbox_state_due_at", "state", "due_at"),
)

vendor_changes = Table(
    "vendor_changes",
    metadata,
    # how far a vendor's list of changes was read; wall time
    Column("vendor", String(40), primary_key=True),
    Column("cursor", String(255), nullable=False),
    Column("read_at", UtcDateTime, nullable=False),
    # the last time when it was read again only after the vendor had forgotten a part of it
    Column("gap_from", UtcDateTime, nullable=True),
    Column("gap_until", UtcDateTime, nullable=True),
)

outbox = Table(
    "outbox",
    metadata,
    Column("job_id", String(40), primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("dedupe_key", String(300), nullable=False, unique=True),  # uniqueness is on the business fact
    Column("payload", Text, nullable=False),
    Column("order_id", String(20), nullable=False, default="", index=True),
    Column("state", String(10), nullable=False),  # waiting, held, done, dead, closed
    Column("tries", Integer, nullable=False, default=0),
    Column("created_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("done_at", UtcDateTime, nullable=True),
    Column("last_error", String(300), nullable=False, default=""),
    Index("ix_outbox_state_due_at", "state", "due_at"),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", String(60), nullable=False),
    Column("action", String(60), nullable=False),
    Column("subject", String(300), nullable=False),
    Column("detail", Text, nullable=False, default=""),
    Column("chain", String(64), nullable=False),  # SHA-256 over the row and the chain before it
)
