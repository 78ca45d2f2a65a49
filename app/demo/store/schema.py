"""The tables of the demo product, apart from the store's own: the demo has no migrations, and makes what is missing."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
)

from app.db.types import UtcDateTime

metadata = MetaData()

people = Table(
    "people",
    metadata,
    Column("sub", String, primary_key=True),
    Column("username", String, nullable=False, unique=True),
    Column("name", String, nullable=False),
    Column("email", String, nullable=False),
    Column("email_verified", Boolean, nullable=False),
    Column("roles", JSON, nullable=False),
)

groups = Table(
    "groups",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("source", String, nullable=False),
    Column("plan", String, nullable=False),
    Column("seats", Integer, nullable=False),
    Column("starts_at", UtcDateTime),
    Column("ends_at", UtcDateTime),
    Column("plan_version", BigInteger, nullable=False),
    # people of the group who have no account here: a head count is all that a demonstration needs of them
    Column("other_members", Integer, nullable=False),
    Column("seats_in_use", Integer, nullable=False),
    Column("seats_max", Integer, nullable=False),
    Column("minutes_used", Integer, nullable=False),
    Column("storage_used_gib", Integer, nullable=False),
    Column("storage_gib", Integer, nullable=False),
    Column("storage_ends_at", UtcDateTime),
    Column("storage_version", BigInteger, nullable=False),
)

# a table of its own: what an earlier demonstration kept has none, and no column is added to a table that is there
trials = Table(
    "trials",
    metadata,
    Column("group_id", ForeignKey("groups.id"), primary_key=True),
    Column("plan", String, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
)

members = Table(
    "members",
    metadata,
    Column("group_id", ForeignKey("groups.id"), nullable=False),
    Column("sub", ForeignKey("people.sub"), nullable=False),
    Column("role", String, nullable=False),
    PrimaryKeyConstraint("group_id", "sub"),
)

packs = Table(
    "packs",
    metadata,
    Column("purchase_id", String, primary_key=True),
    Column("group_id", ForeignKey("groups.id"), nullable=False),
    Column("order_id", String, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)

# the month that a group's minutes were counted in; tables of their own, as with trials
minute_months = Table(
    "minute_months",
    metadata,
    Column("group_id", ForeignKey("groups.id"), primary_key=True),
    Column("month", UtcDateTime, nullable=False),
)

# what came out of a pack, and what was taken back; there may be no such pack yet: then it will give nothing
pack_uses = Table(
    "pack_uses",
    metadata,
    Column("purchase_id", String, primary_key=True),
    Column("group_id", ForeignKey("groups.id"), nullable=False),
    Column("used_before", Integer, nullable=False),
    Column("used", Integer, nullable=False),
    # the minutes that were taken back; empty: none were
    Column("taken_back", Integer),
)

grants = Table(
    "grants",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("order_id", String, nullable=False),
    Column("group_id", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("asked", JSON, nullable=False),
    Column("outcome", String, nullable=False),
    Column("reason", String, nullable=False),
)

sign_ins = Table(
    "sign_ins",
    metadata,
    Column("id", String, primary_key=True),
    Column("client_id", String, nullable=False),
    Column("redirect_uri", String, nullable=False),
    Column("state", String, nullable=False),
    Column("scope", String, nullable=False),
    Column("nonce", String, nullable=False),
    Column("challenge", String, nullable=False),
    Column("next_path", String, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", String, primary_key=True),
    Column("sub", ForeignKey("people.sub"), nullable=False),
    Column("auth_time", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)

codes = Table(
    "codes",
    metadata,
    Column("code_hash", String, primary_key=True),
    Column("client_id", String, nullable=False),
    Column("redirect_uri", String, nullable=False),
    Column("sub", ForeignKey("people.sub"), nullable=False),
    Column("scope", String, nullable=False),
    Column("nonce", String, nullable=False),
    Column("challenge", String, nullable=False),
    Column("auth_time", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used", Boolean, nullable=False),
)

access_tokens = Table(
    "access_tokens",
    metadata,
    Column("token_hash", String, primary_key=True),
    Column("code_hash", String, nullable=False),
    Column("sub", ForeignKey("people.sub"), nullable=False),
    Column("scope", String, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("jwk", JSON, nullable=False),
)

faults = Table(
    "faults",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("channel", String, nullable=False),
    Column("op", String, nullable=False),
    Column("kind", String, nullable=False),
    # how often it still strikes; empty: until it is cleared
    Column("remaining", Integer),
)
