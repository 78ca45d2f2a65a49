"""What a buyer asks for in one checkout or on one subscription: codes, links and campaigns, until they remove them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from cryptography.fernet import InvalidToken
from sqlalchemy import Connection, delete, select, update

from app.db.schema.promotions import promo_entries as table
from app.db.sealing import Sealer
from app.db.sql import insert_new

_PURPOSE = "campaign entry"


class EntryKind(Enum):
    """What was asked with: a code as typed, the id of a signed link, the slug of a listed campaign."""

    CODE = "code"
    LINK = "link"
    CAMPAIGN = "campaign"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """One row; ``key`` names it in a form, and says nothing of what is entered."""

    key: str
    kind: EntryKind
    value: str
    is_judged: bool


def enter(connection: Connection, sealer: Sealer, subject: str, kind: EntryKind, value: str, *, wall: datetime) -> str:
    """Ask for something, also what was removed before, and return its key. Asking twice is asking once, tried anew."""
    key = _key(sealer, kind, value)
    if not _insert(connection, sealer, subject, key, kind, value, wall):
        mine = (table.c.subject == subject) & (table.c.entry_key == key)
        connection.execute(update(table).where(mine).values(removed_at=None, judged_at=None))
    return key


def remember(
    connection: Connection, sealer: Sealer, subject: str, kind: EntryKind, value: str, *, wall: datetime
) -> None:
    """Ask for what a visitor came by, unless they have removed it here."""
    _insert(connection, sealer, subject, _key(sealer, kind, value), kind, value, wall)


def entered(connection: Connection, sealer: Sealer, subject: str) -> tuple[Entered, ...]:
    """Return what is asked for now, codes first, each kind in the order of entry."""
    mine = (table.c.subject == subject) & table.c.removed_at.is_(None)
    rows = connection.execute(select(table).where(mine).order_by(table.c.entered_at, table.c.entry_key)).mappings()
    found = []
    for row in rows:
        try:
            value = sealer.open(row["sealed"])
        except InvalidToken:  # sealed with a key that is gone: nobody can tell any more what it was
            continue
        kind = EntryKind(row["kind"])
        found.append(Entered(key=row["entry_key"], kind=kind, value=value, is_judged=row["judged_at"] is not None))
    order = list(EntryKind)
    return tuple(sorted(found, key=lambda each: order.index(each.kind)))


def mark_judged(connection: Connection, subject: str, keys: Sequence[str], *, wall: datetime) -> None:
    """Note that these were tried."""
    mine = (table.c.subject == subject) & table.c.entry_key.in_(list(keys)) & table.c.judged_at.is_(None)
    connection.execute(update(table).where(mine).values(judged_at=wall))


def remove(connection: Connection, subject: str, key: str, *, wall: datetime) -> bool:
    """Ask for it no more; whether it was asked for."""
    mine = (table.c.subject == subject) & (table.c.entry_key == key) & table.c.removed_at.is_(None)
    return connection.execute(update(table).where(mine).values(removed_at=wall)).rowcount == 1


def close(connection: Connection, subject: str, *, wall: datetime) -> None:
    """Ask for nothing more here, because it was bought."""
    mine = (table.c.subject == subject) & table.c.removed_at.is_(None)
    connection.execute(update(table).where(mine).values(removed_at=wall))


def forget_old(connection: Connection, before: datetime) -> int:
    """Delete what was entered before then (wall time); no checkout lives that long. Return how many."""
    return connection.execute(delete(table).where(table.c.entered_at < before)).rowcount


def _insert(
    connection: Connection, sealer: Sealer, subject: str, key: str, kind: EntryKind, value: str, wall: datetime
) -> bool:
    values = {
        "subject": subject,
        "entry_key": key,
        "kind": kind.value,
        "sealed": sealer.seal(value),
        "entered_at": wall,
    }
    return insert_new(connection, table, values)


def _key(sealer: Sealer, kind: EntryKind, value: str) -> str:
    return sealer.fingerprints(f"{kind.value}:{value}", _PURPOSE)[0]
