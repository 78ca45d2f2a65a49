"""What serves the store as a whole: the last good catalog, the business clock, leads, mails, counters."""

from sqlalchemy import BigInteger, Boolean, Column, Integer, String, Table, Text

from app.db.schema.base import metadata
from app.db.types import UtcDateTime

offers = Table(
    "offers",
    metadata,
    # the vendor's prices as they were last read: the plan page needs no vendor
    Column("vendor", String(40), primary_key=True),
    Column("offer", String(100), primary_key=True),
    Column("item", String(60), nullable=False),
    Column("deployment", String(20), nullable=False),
    Column("unit_amount", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("interval", String(10), nullable=False),
    Column("is_offered", Boolean, nullable=False),
    Column("read_at", UtcDateTime, nullable=False),
)

business_clock = Table(
    "business_clock",
    metadata,
    Column("row", Integer, primary_key=True, autoincrement=False),  # always 1
    Column("offset_us", BigInteger, nullable=False),
)

leads = Table(
    "leads",
    metadata,
    Column("lead_id", String(20), primary_key=True),
    Column("visitor_id", String(40), nullable=False),
    Column("intent_id", String(40), nullable=False, default=""),
    Column("name", String(255), nullable=False),
    Column("company", String(255), nullable=False),
    Column("email", String(320), nullable=False),
    Column("plan", String(60), nullable=False),
    Column("deployment", String(20), nullable=False, default=""),
    Column("seats", Integer, nullable=False),
    Column("message", Text, nullable=False),
    Column("consent", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

mails = Table(
    "mails",
    metadata,
    # what the demo's transport "sent"; a real transport leaves no copy here
    Column("mail_id", String(40), primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("dedupe_key", String(300), nullable=False, unique=True),
    Column("sent_to", String(320), nullable=False),
    Column("subject", String(500), nullable=False),
    Column("text", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("order_id", String(20), nullable=False, default=""),
    Column("sent_at", UtcDateTime, nullable=False),
)

hits = Table(
    "hits",
    metadata,
    # rate limits: one row a counted event, swept when its window has passed
    Column("hit_id", String(40), primary_key=True),
    Column("bucket", String(100), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
)
