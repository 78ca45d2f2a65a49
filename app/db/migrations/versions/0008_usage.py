"""usage, and alerts that somebody has dismissed"""

import sqlalchemy as sa
from alembic import op

from app.db import types

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "usage_days",
        sa.Column("group_id", sa.String(length=255), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("seats_in_use", sa.BigInteger(), nullable=False),
        sa.Column("seats_max", sa.BigInteger(), nullable=False),
        sa.Column("minutes_used", sa.BigInteger(), nullable=False),
        sa.Column("minutes_quota", sa.BigInteger(), nullable=False),
        sa.Column("minutes_in_packs", sa.BigInteger(), nullable=False),
        sa.Column("storage_gib", sa.BigInteger(), nullable=False),
        sa.Column("storage_quota_gib", sa.BigInteger(), nullable=True),
        sa.Column("counted_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("group_id", "day", name=op.f("pk_usage_days")),
    )
    op.create_table(
        "usage_looks",
        sa.Column("group_id", sa.String(length=255), nullable=False),
        sa.Column("due_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("group_id", name=op.f("pk_usage_looks")),
    )
    with op.batch_alter_table("usage_looks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_usage_looks_due_at"), ["due_at"], unique=False)
    op.create_table(
        "alert_dismissals",
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("group_id", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("period", sa.String(length=40), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.person_id"], name=op.f("fk_alert_dismissals_person_id_people")),
        sa.PrimaryKeyConstraint("person_id", "group_id", "kind", name=op.f("pk_alert_dismissals")),
    )
