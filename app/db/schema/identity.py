"""People, their sessions and sign-ins, and the billing accounts they manage."""

from sqlalchemy import Boolean, Column, ForeignKey, String, Table, Text, UniqueConstraint

from app.db.schema.base import metadata
from app.db.types import UtcDateTime

people = Table(
    "people",
    metadata,
    Column("person_id", String(40), primary_key=True),
    Column("issuer", String(500), nullable=False),
    Column("subject", String(255), nullable=False),
    Column("username", String(255), nullable=False, default=""),
    Column("name", String(255), nullable=False, default=""),
    Column("email", String(320), nullable=False, default="", index=True),
    Column("email_verified", Boolean, nullable=False, default=False),
    Column("roles", String(500), nullable=False, default=""),  # blank-separated, from the issuer's claim
    Column("created_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    UniqueConstraint("issuer", "subject"),
)

sessions = Table(
    "sessions",
    metadata,
    Column(
        "session_hash", String(64), primary_key=True
    ),  # SHA-256 of the cookie's id: a copy of the table signs nobody in
    Column(
        "visitor_id", String(40), nullable=False
    ),  # outlives sign-in, so that a visitor keeps what was chosen before
    Column("person_id", String(40), ForeignKey("people.person_id"), nullable=True, index=True),
    Column("id_token", Text, nullable=False, default=""),  # asked for at sign-out; never leaves the server otherwise
    Column("by_mail", Boolean, nullable=False, default=False),  # came by a one-time link: no staff roles
    Column("created_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
)

sign_ins = Table(
    "sign_ins",
    metadata,
    Column("state_hash", String(64), primary_key=True),  # one row a started sign-in, so that each tab has its own
    Column("visitor_id", String(40), nullable=False),
    Column("nonce", String(100), nullable=False),
    Column("code_verifier", String(200), nullable=False),
    Column("next_path", String(2000), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime, nullable=True),
)

login_links = Table(
    "login_links",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("email", String(320), nullable=False),
    Column("next_path", String(2000), nullable=False),
    Column("visitor_id", String(40), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime, nullable=True),
)

email_proofs = Table(
    "email_proofs",
    metadata,
    Column("token_hash", String(64), primary_key=True),  # a used row is the proof, and is kept
    Column("person_id", String(40), ForeignKey("people.person_id"), nullable=False, index=True),
    Column("email", String(320), nullable=False),
    Column("next_path", String(2000), nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime, nullable=True),
)

billing_accounts = Table(
    "billing_accounts",
    metadata,
    Column("account_id", String(40), primary_key=True),
    Column("vendor", String(40), nullable=False),
    Column("customer_ref", String(255), nullable=True, index=True),  # None until the vendor has answered
    Column("currency", String(3), nullable=False),
    Column("email", String(320), nullable=False),
    Column("full_name", String(255), nullable=False),
    Column("company", String(255), nullable=False, default=""),
    Column("country", String(2), nullable=False),
    Column("region", String(100), nullable=False, default=""),
    Column("postal_code", String(40), nullable=False, default=""),
    Column("city", String(255), nullable=False, default=""),
    Column("line1", String(255), nullable=False, default=""),
    Column("line2", String(255), nullable=False, default=""),
    Column("tax_id", String(60), nullable=False, default=""),
    Column("created_at", UtcDateTime, nullable=False),
)

account_managers = Table(
    "account_managers",
    metadata,
    Column("account_id", String(40), ForeignKey("billing_accounts.account_id"), primary_key=True),
    Column("person_id", String(40), ForeignKey("people.person_id"), primary_key=True, index=True),
    Column("since", UtcDateTime, nullable=False),
)

account_contacts = Table(
    "account_contacts",
    metadata,
    # who an account is "sold to"; an account without a row has its first manager for it
    Column("account_id", String(40), ForeignKey("billing_accounts.account_id"), primary_key=True),
    Column("full_name", String(255), nullable=False),
    Column("email", String(320), nullable=False),
)

account_invites = Table(
    "account_invites",
    metadata,
    Column("invite_id", String(40), primary_key=True),
    Column("token_hash", String(64), nullable=False, unique=True),  # the token itself stands in the mail alone
    Column("account_id", String(40), ForeignKey("billing_accounts.account_id"), nullable=False, index=True),
    Column("email", String(320), nullable=False),
    Column("invited_by", String(40), nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime, nullable=True),  # accepted, or taken back
    Column("accepted_by", String(40), nullable=False, default=""),
)
