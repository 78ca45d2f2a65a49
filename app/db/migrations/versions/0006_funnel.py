"""funnel"""

import sqlalchemy as sa
from alembic import op

from app.db import types

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "journeys",
        sa.Column("journey_id", sa.String(length=40), nullable=False),
        sa.Column("open_key", sa.String(length=80), nullable=True),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("deployment", sa.String(length=20), nullable=False),
        sa.Column("campaign", sa.String(length=60), nullable=False),
        sa.Column("link_id", sa.String(length=40), nullable=False),
        sa.Column("began_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("journey_id", name=op.f("pk_journeys")),
    )
    with op.batch_alter_table("journeys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_journeys_open_key"), ["open_key"], unique=False)
        batch_op.create_index("ix_journeys_campaign_began_at", ["campaign", "began_at"], unique=False)
        batch_op.create_index("ix_journeys_began_at", ["began_at"], unique=False)
    op.create_table(
        "funnel",
        sa.Column("journey_id", sa.String(length=40), nullable=False),
        sa.Column("event", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("at", types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("journey_id", "event", "reason", "slug", name=op.f("pk_funnel")),
    )
    with op.batch_alter_table("funnel", schema=None) as batch_op:
        batch_op.create_index("ix_funnel_event_slug", ["event", "slug"], unique=False)
    op.create_table(
        "marketing_presses",
        sa.Column("attempt_id", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("answer", sa.String(length=100), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("made_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("attempt_id", name=op.f("pk_marketing_presses")),
    )
