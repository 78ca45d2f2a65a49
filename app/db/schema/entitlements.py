"""The projection of subscriptions, what it entitles to, and activation codes."""

from sqlalchemy import BigInteger, Column, Integer, String, Table, Text

from app.db.schema.base import metadata
from app.db.types import UtcDateTime

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("subscription_id", String(40), primary_key=True),
    Column("vendor", String(40), nullable=False),
    Column("subscription_ref", String(255), nullable=False, unique=True),
    Column("account_id", String(40), nullable=False, index=True),
    Column("order_id", String(20), nullable=False, default=""),
    Column("deployment", String(20), nullable=False),
    Column("group_id", String(255), nullable=False, default="", index=True),  # of a plan; packs alone have none
    Column("subject", String(300), nullable=False, default="", server_default="", index=True),
    Column("plan", String(60), nullable=False),
    Column("offer", String(100), nullable=False),
    Column("status", String(20), nullable=False),
    Column("seats", Integer, nullable=False),
    Column("unit_amount", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("cancel_at", UtcDateTime, nullable=True),
    Column("channel", String(20), nullable=False),
    Column("sold_by", String(255), nullable=False, default=""),
    Column("arrangement", String(20), nullable=False, default="card", server_default="card"),
    Column("packs", Text, nullable=False, default="[]"),
    Column("renews_as", Text, nullable=False, default=""),
    Column("paid_until", UtcDateTime, nullable=True),  # the end of the next term, where that one is paid
    Column("version", BigInteger, nullable=False),
    Column("observed_at", UtcDateTime, nullable=False, index=True),
)

earlier_refs = Table(
    "earlier_refs",
    metadata,
    Column("ref", String(255), primary_key=True),  # what has ended at the vendor, and goes on there under another one
    Column("subscription_id", String(40), nullable=False),
)

entitlements = Table(
    "entitlements",
    metadata,
    Column("target", String(300), primary_key=True),  # ``group:acme``
    Column("subscription_id", String(40), nullable=False),
    Column("order_id", String(20), nullable=False, default=""),
    Column("plan", String(60), nullable=False),
    Column("seats", Integer, nullable=False),
    Column("starts_at", UtcDateTime, nullable=True),
    Column("ends_at", UtcDateTime, nullable=True),
    Column("version", BigInteger, nullable=False),  # grows with each change of what is wanted
    Column("granted_version", BigInteger, nullable=False, default=0),  # the version that the product has confirmed
    Column("changed_at", UtcDateTime, nullable=False),
)

activation_codes = Table(
    "activation_codes",
    metadata,
    Column("code_hash", String(64), primary_key=True),  # keyed, so that a copy of the table finds no code
    Column("subscription_id", String(40), nullable=False, index=True),
    Column("order_id", String(20), nullable=False),
    Column("code_sealed", Text, nullable=False),  # encrypted: managers can read it again on the order's page
    Column("made_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime, nullable=True),
)
