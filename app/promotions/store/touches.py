"""Who came by which campaign, and when: what a visitor is remembered by, and what reports attribute orders to."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, or_, select, update
from sqlalchemy.engine import RowMapping

from app.db.schema.promotions import touches as table
from app.db.sql import insert_new


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """One visitor's visits by one campaign or one of its links; ``link_id`` is empty for the campaign's own name.

    ``first_utm`` and ``utm`` are JSON of the utm_* fields, of the first and of the newest visit; instants are business
    time.
    """

    visitor_id: str
    slug: str
    link_id: str
    person_id: str | None
    first_utm: str
    utm: str
    first_at: datetime
    last_at: datetime
    visits: int


def note_touch(
    connection: Connection,
    *,
    visitor_id: str,
    person_id: str | None,
    slug: str,
    link_id: str = "",
    utm: str = "",
    now: datetime,
) -> None:
    """Note that somebody came by a campaign; the first time stays as it was. ``now`` is business time."""
    key = {"visitor_id": visitor_id, "slug": slug, "link_id": link_id}
    values = key | {
        "person_id": person_id,
        "first_utm": utm,
        "utm": utm,
        "first_at": now,
        "last_at": now,
        "visits": 1,
    }
    if insert_new(connection, table, values):
        return
    changes: dict[str, object] = {"last_at": now, "utm": utm}
    if person_id is not None:
        changes["person_id"] = person_id
    mine = (table.c.visitor_id == visitor_id) & (table.c.slug == slug) & (table.c.link_id == link_id)
    connection.execute(update(table).where(mine).values(**changes, visits=table.c.visits + 1))


def adopt(connection: Connection, visitor_id: str, person_id: str) -> None:
    """Let a visitor's touches be the person's too, once they have signed in."""
    nobodys = (table.c.visitor_id == visitor_id) & table.c.person_id.is_(None)
    connection.execute(update(table).where(nobodys).values(person_id=person_id))


def first_touch(connection: Connection, visitor_id: str, person_id: str | None, *, since: datetime) -> Touch | None:
    """Return the oldest touch of a visitor or person that is not older than ``since`` (business time)."""
    query = select(table).where(_whose(visitor_id, person_id), table.c.first_at >= since)
    row = connection.execute(query.order_by(table.c.first_at, table.c.slug).limit(1)).mappings().first()
    return _touch(row) if row else None


def last_touch(connection: Connection, visitor_id: str, person_id: str | None, *, since: datetime) -> Touch | None:
    """Return the newest touch of a visitor or person that is not older than ``since`` (business time)."""
    query = select(table).where(_whose(visitor_id, person_id), table.c.last_at >= since)
    row = connection.execute(query.order_by(table.c.last_at.desc(), table.c.slug).limit(1)).mappings().first()
    return _touch(row) if row else None


def _whose(visitor_id: str, person_id: str | None) -> ColumnElement[bool]:
    own = (table.c.visitor_id == visitor_id) & (table.c.visitor_id != "")
    return or_(own, table.c.person_id == person_id) if person_id else own


def _touch(row: RowMapping) -> Touch:
    return Touch(**row)
