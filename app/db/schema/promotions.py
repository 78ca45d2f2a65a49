"""Campaigns, their codes and links, who came by them, what is claimed, and the ledger that all counters come from."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from app.db.schema.base import metadata
from app.db.types import UtcDateTime

_SEQUENCE = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up by itself only what it calls INTEGER

campaigns = Table(
    "campaigns",
    metadata,
    Column("slug", String(60), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("status", String(10), nullable=False),  # draft, live, paused: the file's, unless a command came after it
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("is_listed", Boolean, nullable=False),
    # true only where a release that knew no campaign_reach published the newest version: it is read for every cart
    Column("has_automatic", Boolean, nullable=False),
    Column("published_at", UtcDateTime, nullable=False),
    Index("ix_campaigns_automatic", "has_automatic", "ends_at"),
)

campaign_reach = Table(
    "campaign_reach",
    metadata,
    # what the newest version of a campaign applies to by itself; empty is any, so that no other need be read for a cart
    Column("item", String(60), primary_key=True),
    Column("order_kind", String(20), primary_key=True),
    Column("currency", String(3), primary_key=True),
    Column("deployment", String(60), primary_key=True),
    Column("slug", String(60), ForeignKey("campaigns.slug"), primary_key=True, index=True),
)

campaign_versions = Table(
    "campaign_versions",
    metadata,
    # never changed: a reservation keeps the version that it was made under
    Column("slug", String(60), ForeignKey("campaigns.slug"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("digest", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("published_at", UtcDateTime, nullable=False),
    Column("published_by", String(60), nullable=False),
)

campaign_codes = Table(
    "campaign_codes",
    metadata,
    Column("code_id", String(40), primary_key=True),
    Column("slug", String(60), ForeignKey("campaigns.slug"), nullable=False, index=True),
    Column("code_hash", String(64), nullable=False, index=True),  # keyed: a copy of the table redeems nothing
    Column("label", String(60), nullable=False),  # a public code whole, of a secret one the prefix and the tail
    Column("is_secret", Boolean, nullable=False),
    Column("batch", String(12), nullable=True),  # the prefix of its batch, None if it is written in the file
    Column("expires_at", UtcDateTime, nullable=True),
    Column("made_at", UtcDateTime, nullable=False),
    Column("made_by", String(60), nullable=False),
    Column("revoked_at", UtcDateTime, nullable=True),
    Index("uq_campaign_codes_slug_code_hash", "slug", "code_hash", unique=True),
)

campaign_links = Table(
    "campaign_links",
    metadata,
    Column("link_id", String(40), primary_key=True),
    Column("slug", String(60), ForeignKey("campaigns.slug"), nullable=False, index=True),
    Column("nonce", String(60), nullable=False),
    Column("note", String(200), nullable=False, default=""),
    Column("audience", String(20), nullable=False),
    Column("audience_value", String(255), nullable=False, default=""),
    Column("flow", String(20), nullable=False),
    Column("plan", String(60), nullable=False, default=""),
    Column("addon", String(60), nullable=False, default=""),
    Column("seats", Integer, nullable=True),
    Column("packs", Integer, nullable=True),
    Column("expires_at", UtcDateTime, nullable=True),  # wall time: it is part of a signed token
    Column("made_at", UtcDateTime, nullable=False),
    Column("made_by", String(60), nullable=False),
    Column("revoked_at", UtcDateTime, nullable=True),
)

promo_budgets = Table(
    "promo_budgets",
    metadata,
    # counters: caches of the ledger, changed in the same transaction; claims take them in the order of their ids
    Column("budget_id", String(120), primary_key=True),
    Column("slug", String(60), ForeignKey("campaigns.slug"), nullable=False, index=True),
    Column("cap", BigInteger, nullable=True),  # None: counted and not limited
    Column("held", BigInteger, nullable=False),
    Column("used", BigInteger, nullable=False),
    Column("overdrawn", BigInteger, nullable=False),  # committed over the cap, because the money had come
)

promo_reservations = Table(
    "promo_reservations",
    metadata,
    Column("reservation_id", String(40), primary_key=True),
    Column("live_key", String(120), nullable=True, unique=True),  # campaign and order, while it counts for something
    Column("state", String(10), nullable=False),
    Column("order_id", String(40), nullable=False, index=True),  # an intent's id while it is only held
    Column("account_id", String(40), nullable=False, default=""),
    Column("slug", String(60), nullable=False),
    Column("version", Integer, nullable=False),
    Column("offer_id", String(70), nullable=False),
    Column("code_id", String(40), nullable=False, default=""),
    Column("link_id", String(40), nullable=False, default=""),
    Column("currency", String(3), nullable=False),
    Column("amount", BigInteger, nullable=False),  # what it takes off, in minor units
    Column("net", BigInteger, nullable=False),  # what is left to pay of the whole order, before tax
    Column("customer", String(10), nullable=False),
    Column("is_overdraft", Boolean, nullable=False),
    Column("trace_hash", String(64), nullable=False),
    Column("made_at", UtcDateTime, nullable=False),  # business time
    Column("expires_at", UtcDateTime, nullable=False),  # wall time: then it is looked at, and not simply let go
    Index("ix_promo_reservations_due", "state", "expires_at"),
)

promo_identities = Table(
    "promo_identities",
    metadata,
    # one row for each key of a buyer and each use: two uses of one identity fight for one slot
    Column("slug", String(60), primary_key=True),
    Column("identity_key", String(64), primary_key=True),
    Column("slot", String(40), primary_key=True),
    Column("reservation_id", String(40), nullable=False, index=True),
    Column("is_live", Boolean, nullable=False),  # given back: kept for a payment that comes late, and not counted
)

promo_ledger = Table(
    "promo_ledger",
    metadata,
    Column("seq", _SEQUENCE, primary_key=True, autoincrement=True),
    Column("at", UtcDateTime, nullable=False),  # business time
    Column("action", String(10), nullable=False),
    Column("cause", String(20), nullable=False, default=""),
    Column("actor", String(60), nullable=False),
    Column("reservation_id", String(40), nullable=False, index=True),
    Column("slug", String(60), nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("offer_id", String(70), nullable=False),
    Column("code_id", String(40), nullable=False),
    Column("link_id", String(40), nullable=False),
    Column("order_id", String(40), nullable=False, index=True),
    Column("account_id", String(40), nullable=False),
    Column("customer", String(10), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("net", BigInteger, nullable=False),
    Column("is_alarm", Boolean, nullable=False),
    Column("trace_hash", String(64), nullable=False),
)

promo_traces = Table(
    "promo_traces",
    metadata,
    Column("trace_hash", String(64), primary_key=True),
    Column("body", Text, nullable=False),
    Column("kept_at", UtcDateTime, nullable=False),
)

promo_discounts = Table(
    "promo_discounts",
    metadata,
    # what the vendor was asked to make real, for whom and on which terms: asked once however often it is looked at
    Column("discount_id", String(40), primary_key=True),
    Column("subject", String(40), nullable=False),  # the intent whose price is asked for
    Column("offer_id", String(70), nullable=False),
    Column("terms_hash", String(64), nullable=False),
    Column("terms", Text, nullable=False),
    Column("vendor", String(40), nullable=False),
    Column("discount_ref", String(255), nullable=True),  # None until the vendor has answered
    Column("made_at", UtcDateTime, nullable=False),  # wall time
    Column("revoked_at", UtcDateTime, nullable=True),
    Index("uq_promo_discounts_subject_terms_hash", "subject", "terms_hash", unique=True),
)

touches = Table(
    "touches",
    metadata,
    # who came by which campaign: one row for each visitor, campaign and link, with the first and the newest time
    Column("visitor_id", String(40), primary_key=True),
    Column("slug", String(60), primary_key=True),
    Column("link_id", String(40), primary_key=True),  # empty: by the campaign's own name
    Column("person_id", String(40), ForeignKey("people.person_id"), nullable=True, index=True),
    Column("first_utm", Text, nullable=False),  # JSON of the utm_* fields, as they came the first time
    Column("utm", Text, nullable=False),  # and the newest
    Column("first_at", UtcDateTime, nullable=False),  # business time, as the ledger's
    Column("last_at", UtcDateTime, nullable=False),
    Column("visits", Integer, nullable=False),
    Index("ix_touches_slug_first_at", "slug", "first_at"),
)

promo_entries = Table(
    "promo_entries",
    metadata,
    # what a buyer asks for, applied or not, until they remove it
    Column("subject", String(40), primary_key=True),  # an intent's id, or that of the subscription that is to grow
    Column("entry_key", String(64), primary_key=True),  # keyed hash of kind and value: one row however often entered
    Column("kind", String(10), nullable=False),  # code, link, campaign
    Column("sealed", Text, nullable=False),  # a copy of the table redeems no secret code
    Column("entered_at", UtcDateTime, nullable=False),  # wall time
    Column("judged_at", UtcDateTime, nullable=True),  # when it was first tried: a wrong one is counted once
    Column("removed_at", UtcDateTime, nullable=True),  # a link that was clicked once does not bring it back
)
