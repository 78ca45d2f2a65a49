"""What marketing pressed: the same press has one effect, and its secret codes are held back only to be shown once."""

from sqlalchemy import Column, String, Table, Text

from app.db.schema.base import metadata
from app.db.types import UtcDateTime

marketing_presses = Table(
    "marketing_presses",
    metadata,
    Column("attempt_id", String(40), primary_key=True),
    Column("person_id", String(40), nullable=False),
    Column("slug", String(60), nullable=False),
    Column("answer", String(100), nullable=False),  # what came of it, to be answered again
    Column("sealed", Text, nullable=False),  # secret codes, until they are taken away; else empty
    Column("made_at", UtcDateTime, nullable=False),  # wall time
)
