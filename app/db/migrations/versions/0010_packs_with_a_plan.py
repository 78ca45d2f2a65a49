"""packs that are bought with a plan"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("intents", schema=None) as batch_op:
        batch_op.add_column(sa.Column("packs", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.add_column(sa.Column("packs_addon", sa.String(length=60), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("packs", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("packs_granted", sa.Boolean(), nullable=False, server_default=sa.false()))
