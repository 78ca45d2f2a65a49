"""how far a vendor's list of changes was read"""

import sqlalchemy as sa
from alembic import op

from app.db import types

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "vendor_changes",
        sa.Column("vendor", sa.String(length=40), nullable=False),
        sa.Column("cursor", sa.String(length=255), nullable=False),
        sa.Column("read_at", types.UtcDateTime(), nullable=False),
        sa.Column("gap_from", types.UtcDateTime(), nullable=True),
        sa.Column("gap_until", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("vendor", name=op.f("pk_vendor_changes")),
    )
