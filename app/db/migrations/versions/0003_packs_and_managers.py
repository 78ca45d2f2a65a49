"""packs and managers"""

import sqlalchemy as sa
from alembic import op

from app.db import types

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("subject", sa.String(length=300), nullable=False, server_default=""))
        batch_op.create_index(batch_op.f("ix_subscriptions_subject"), ["subject"], unique=False)
    op.execute("UPDATE subscriptions SET subject = 'group:' || group_id WHERE group_id <> ''")

    op.create_table(
        "account_contacts",
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("full_name", sa.String(length=255), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["billing_accounts.account_id"],
            name=op.f("fk_account_contacts_account_id_billing_accounts"),
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_account_contacts")),
    )
    op.create_table(
        "account_invites",
        sa.Column("invite_id", sa.String(length=40), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("invited_by", sa.String(length=40), nullable=False),
        sa.Column("made_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("closed_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("accepted_by", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["billing_accounts.account_id"],
            name=op.f("fk_account_invites_account_id_billing_accounts"),
        ),
        sa.PrimaryKeyConstraint("invite_id", name=op.f("pk_account_invites")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_account_invites_token_hash")),
    )
    with op.batch_alter_table("account_invites", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_account_invites_account_id"), ["account_id"], unique=False)
