"""paid renewals and returned money"""

import sqlalchemy as sa
from alembic import op

from app.db import types

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("paid_until", types.UtcDateTime(timezone=True), nullable=True))
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.add_column(sa.Column("amount_refunded", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute("UPDATE orders SET amount_refunded = amount_paid WHERE state = 'refunded'")
