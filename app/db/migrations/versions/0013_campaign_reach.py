"""what campaigns apply to by themselves"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "campaign_reach",
        sa.Column("item", sa.String(length=60), nullable=False),
        sa.Column("order_kind", sa.String(length=20), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("deployment", sa.String(length=60), nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["slug"], ["campaigns.slug"]),
        sa.PrimaryKeyConstraint("item", "order_kind", "currency", "deployment", "slug"),
    )
    op.create_index("ix_campaign_reach_slug", "campaign_reach", ["slug"], unique=False)
