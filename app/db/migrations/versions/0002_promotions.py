"""promotions"""

import sqlalchemy as sa
from alembic import op

from app.db import types

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "campaigns",
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("starts_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ends_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("is_listed", sa.Boolean(), nullable=False),
        sa.Column("has_automatic", sa.Boolean(), nullable=False),
        sa.Column("published_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_campaigns")),
    )
    with op.batch_alter_table("campaigns", schema=None) as batch_op:
        batch_op.create_index("ix_campaigns_automatic", ["has_automatic", "ends_at"], unique=False)

    op.create_table(
        "promo_discounts",
        sa.Column("discount_id", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("offer_id", sa.String(length=70), nullable=False),
        sa.Column("terms_hash", sa.String(length=64), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("vendor", sa.String(length=40), nullable=False),
        sa.Column("discount_ref", sa.String(length=255), nullable=True),
        sa.Column("made_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("discount_id", name=op.f("pk_promo_discounts")),
    )
    with op.batch_alter_table("promo_discounts", schema=None) as batch_op:
        batch_op.create_index("uq_promo_discounts_subject_terms_hash", ["subject", "terms_hash"], unique=True)

    op.create_table(
        "promo_identities",
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("identity_key", sa.String(length=64), nullable=False),
        sa.Column("slot", sa.String(length=40), nullable=False),
        sa.Column("reservation_id", sa.String(length=40), nullable=False),
        sa.Column("is_live", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("slug", "identity_key", "slot", name=op.f("pk_promo_identities")),
    )
    with op.batch_alter_table("promo_identities", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_promo_identities_reservation_id"), ["reservation_id"], unique=False)

    op.create_table(
        "promo_ledger",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("action", sa.String(length=10), nullable=False),
        sa.Column("cause", sa.String(length=20), nullable=False),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.Column("reservation_id", sa.String(length=40), nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("offer_id", sa.String(length=70), nullable=False),
        sa.Column("code_id", sa.String(length=40), nullable=False),
        sa.Column("link_id", sa.String(length=40), nullable=False),
        sa.Column("order_id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("customer", sa.String(length=10), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("is_alarm", sa.Boolean(), nullable=False),
        sa.Column("trace_hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_promo_ledger")),
    )
    with op.batch_alter_table("promo_ledger", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_promo_ledger_order_id"), ["order_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_promo_ledger_reservation_id"), ["reservation_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_promo_ledger_slug"), ["slug"], unique=False)

    op.create_table(
        "promo_reservations",
        sa.Column("reservation_id", sa.String(length=40), nullable=False),
        sa.Column("live_key", sa.String(length=120), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("order_id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("offer_id", sa.String(length=70), nullable=False),
        sa.Column("code_id", sa.String(length=40), nullable=False),
        sa.Column("link_id", sa.String(length=40), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("customer", sa.String(length=10), nullable=False),
        sa.Column("is_overdraft", sa.Boolean(), nullable=False),
        sa.Column("trace_hash", sa.String(length=64), nullable=False),
        sa.Column("made_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("reservation_id", name=op.f("pk_promo_reservations")),
        sa.UniqueConstraint("live_key", name=op.f("uq_promo_reservations_live_key")),
    )
    with op.batch_alter_table("promo_reservations", schema=None) as batch_op:
        batch_op.create_index("ix_promo_reservations_due", ["state", "expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_promo_reservations_order_id"), ["order_id"], unique=False)

    op.create_table(
        "promo_traces",
        sa.Column("trace_hash", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("kept_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("trace_hash", name=op.f("pk_promo_traces")),
    )
    op.create_table(
        "campaign_codes",
        sa.Column("code_id", sa.String(length=40), nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("label", sa.String(length=60), nullable=False),
        sa.Column("is_secret", sa.Boolean(), nullable=False),
        sa.Column("batch", sa.String(length=12), nullable=True),
        sa.Column("expires_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("made_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=60), nullable=False),
        sa.Column("revoked_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["slug"], ["campaigns.slug"], name=op.f("fk_campaign_codes_slug_campaigns")),
        sa.PrimaryKeyConstraint("code_id", name=op.f("pk_campaign_codes")),
    )
    with op.batch_alter_table("campaign_codes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_campaign_codes_code_hash"), ["code_hash"], unique=False)
        batch_op.create_index(batch_op.f("ix_campaign_codes_slug"), ["slug"], unique=False)
        batch_op.create_index("uq_campaign_codes_slug_code_hash", ["slug", "code_hash"], unique=True)

    op.create_table(
        "campaign_links",
        sa.Column("link_id", sa.String(length=40), nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("nonce", sa.String(length=60), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("audience", sa.String(length=20), nullable=False),
        sa.Column("audience_value", sa.String(length=255), nullable=False),
        sa.Column("flow", sa.String(length=20), nullable=False),
        sa.Column("plan", sa.String(length=60), nullable=False),
        sa.Column("addon", sa.String(length=60), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=True),
        sa.Column("packs", sa.Integer(), nullable=True),
        sa.Column("expires_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("made_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=60), nullable=False),
        sa.Column("revoked_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["slug"], ["campaigns.slug"], name=op.f("fk_campaign_links_slug_campaigns")),
        sa.PrimaryKeyConstraint("link_id", name=op.f("pk_campaign_links")),
    )
    with op.batch_alter_table("campaign_links", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_campaign_links_slug"), ["slug"], unique=False)

    op.create_table(
        "campaign_versions",
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("published_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["slug"], ["campaigns.slug"], name=op.f("fk_campaign_versions_slug_campaigns")),
        sa.PrimaryKeyConstraint("slug", "version", name=op.f("pk_campaign_versions")),
    )
    op.create_table(
        "promo_budgets",
        sa.Column("budget_id", sa.String(length=120), nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("cap", sa.BigInteger(), nullable=True),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("overdrawn", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["slug"], ["campaigns.slug"], name=op.f("fk_promo_budgets_slug_campaigns")),
        sa.PrimaryKeyConstraint("budget_id", name=op.f("pk_promo_budgets")),
    )
    with op.batch_alter_table("promo_budgets", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_promo_budgets_slug"), ["slug"], unique=False)
