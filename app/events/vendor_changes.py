"""How far each vendor's list of changes was read, so that what no message told is found there."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from app.db.schema.events import vendor_changes
from app.db.sql import upsert


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place in a vendor's list: the last change seen ("" for none), and when the list was read to there."""

    cursor: str
    read_at: datetime


def place_in(connection: Connection, vendor: str) -> Place | None:
    """Return how far a vendor's list was read; None when it never was."""
    row = connection.execute(select(vendor_changes).where(vendor_changes.c.vendor == vendor)).one_or_none()
    return Place(cursor=row.cursor, read_at=row.read_at) if row else None


def keep_place(connection: Connection, vendor: str, place: Place) -> None:
    """Go on from ``place`` the next time."""
    values = {"vendor": vendor, "cursor": place.cursor, "read_at": place.read_at}
    upsert(connection, vendor_changes, values, key=[vendor_changes.c.vendor])


def note_gap(connection: Connection, vendor: str, *, gap_from: datetime, gap_until: datetime) -> None:
    """Note that the vendor has forgotten what changed between these instants (wall time), unread by us."""
    values = {"vendor": vendor, "cursor": "", "read_at": gap_from, "gap_from": gap_from, "gap_until": gap_until}
    upsert(connection, vendor_changes, values, key=[vendor_changes.c.vendor])


def oldest_reading(connection: Connection) -> datetime | None:
    """Return when the vendor's list that was not read for longest was read; None when none ever was."""
    found: datetime | None = connection.execute(select(func.min(vendor_changes.c.read_at))).scalar()
    return found


def last_gap(connection: Connection) -> tuple[datetime, datetime] | None:
    """Return from when until when changes of a vendor were last missed; None when none ever were."""
    query = select(vendor_changes.c.gap_from, vendor_changes.c.gap_until).where(vendor_changes.c.gap_until.is_not(None))
    row = connection.execute(query.order_by(vendor_changes.c.gap_until.desc()).limit(1)).one_or_none()
    return (row.gap_from, row.gap_until) if row else None
