"""Presses of marketing's buttons: each attempt has one effect, and codes that were made are kept sealed for a while."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from app.db.schema.marketing import marketing_presses as table
from app.db.sql import insert_new


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """What came of a press; ``sealed`` holds secret codes that were not taken away yet. ``made_at`` is wall time."""

    attempt_id: str
    person_id: str
    slug: str
    answer: str
    sealed: str
    made_at: datetime


def first_press(connection: Connection, attempt_id: str, *, person_id: str, slug: str, now: datetime) -> bool:
    """Take an attempt; False when it was pressed before. Two at once wait for each other here."""
    values = {"attempt_id": attempt_id, "person_id": person_id, "slug": slug, "answer": "", "sealed": ""}
    return insert_new(connection, table, {**values, "made_at": now})


def set_answer(connection: Connection, attempt_id: str, answer: str) -> None:
    """Keep what came of a press, to be answered again."""
    connection.execute(update(table).where(table.c.attempt_id == attempt_id).values(answer=answer))


def keep_sealed(connection: Connection, attempt_id: str, sealed: str) -> None:
    """Keep the codes that a press made, until they are taken away."""
    connection.execute(update(table).where(table.c.attempt_id == attempt_id).values(sealed=sealed))


def find_press(connection: Connection, attempt_id: str, person_id: str) -> Press | None:
    """Return a press of this person."""
    mine = (table.c.attempt_id == attempt_id) & (table.c.person_id == person_id)
    row = connection.execute(select(table).where(mine)).mappings().first()
    return Press(**row) if row else None


def take_away(connection: Connection, attempt_id: str, person_id: str) -> None:
    """Forget the codes of a press for good."""
    mine = (table.c.attempt_id == attempt_id) & (table.c.person_id == person_id)
    connection.execute(update(table).where(mine).values(sealed=""))


def take_away_old(connection: Connection, *, before: datetime) -> None:
    """Forget the codes of all presses before ``before`` (wall time)."""
    connection.execute(update(table).where(table.c.sealed != "", table.c.made_at < before).values(sealed=""))
