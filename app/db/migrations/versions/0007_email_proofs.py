"""proofs of e-mail addresses"""

import sqlalchemy as sa
from alembic import op

from app.db import types

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "email_proofs",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("next_path", sa.String(length=2000), nullable=False),
        sa.Column("made_at", types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("used_at", types.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.person_id"], name=op.f("fk_email_proofs_person_id_people")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_email_proofs")),
    )
    with op.batch_alter_table("email_proofs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_email_proofs_person_id"), ["person_id"], unique=False)
