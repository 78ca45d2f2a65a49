"""campaigns for buyers"""

import sqlalchemy as sa
from alembic import op

from app.db import types

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "touches",
        sa.Column("visitor_id", sa.String(length=40), nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("link_id", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=True),
        sa.Column("first_utm", sa.Text(), nullable=False),
        sa.Column("utm", sa.Text(), nullable=False),
        sa.Column("first_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("last_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.person_id"], name=op.f("fk_touches_person_id_people")),
        sa.PrimaryKeyConstraint("visitor_id", "slug", "link_id", name=op.f("pk_touches")),
    )
    with op.batch_alter_table("touches", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_touches_person_id"), ["person_id"], unique=False)
        batch_op.create_index("ix_touches_slug_first_at", ["slug", "first_at"], unique=False)
    op.create_table(
        "promo_entries",
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("entry_key", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("entered_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("judged_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("removed_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("subject", "entry_key", name=op.f("pk_promo_entries")),
    )
    with op.batch_alter_table("intents", schema=None) as batch_op:
        batch_op.drop_column("promo")
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_orders_charge_ref"), ["charge_ref"], unique=False)
