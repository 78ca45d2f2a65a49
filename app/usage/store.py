"""Keeping readings (one a day and group), when to look again, and dismissals."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from app.db.schema.usage import alert_dismissals, usage_days, usage_looks
from app.db.sql import upsert
from app.usage.alerts import AlertKind, Mark
from app.usage.readings import Reading

KEPT = timedelta(days=400)  # twelve months and the one under way


def record(connection: Connection, reading: Reading) -> None:
    """Keep a reading as its day's; the last of a day stays."""
    values = {column.name: getattr(reading, column.name) for column in usage_days.c if column.name != "day"}
    day = f"{reading.counted_at:%Y-%m-%d}"
    upsert(connection, usage_days, {**values, "day": day}, key=[usage_days.c.group_id, usage_days.c.day])


def latest(connection: Connection, group_id: str) -> Reading | None:
    """Return the newest reading of a group."""
    query = select(*_COLUMNS).where(usage_days.c.group_id == group_id).order_by(usage_days.c.day.desc()).limit(1)
    row = connection.execute(query).mappings().first()
    return Reading(**row) if row else None


def days_of(connection: Connection, group_id: str, *, since: datetime) -> tuple[Reading, ...]:
    """Return a group's readings since a day, the oldest first."""
    mine = (usage_days.c.group_id == group_id) & (usage_days.c.day >= f"{since:%Y-%m-%d}")
    rows = connection.execute(select(*_COLUMNS).where(mine).order_by(usage_days.c.day)).mappings()
    return tuple(Reading(**row) for row in rows)


def look_again(connection: Connection, group_id: str, at: datetime) -> None:
    """Set when a group is due next, in business time."""
    upsert(connection, usage_looks, {"group_id": group_id, "due_at": at}, key=[usage_looks.c.group_id])


def forget_days(connection: Connection, *, now: datetime) -> None:
    """Forget readings that no graph shows any more."""
    connection.execute(delete(usage_days).where(usage_days.c.day < f"{now - KEPT:%Y-%m-%d}"))


def dismissals_of(connection: Connection, person_id: str, group_id: str) -> dict[AlertKind, Mark]:
    """Return how bad each alert of a group was when the person dismissed it."""
    mine = (alert_dismissals.c.person_id == person_id) & (alert_dismissals.c.group_id == group_id)
    rows = connection.execute(select(alert_dismissals).where(mine))
    return {AlertKind(row.kind): Mark(period=row.period, step=row.step) for row in rows}


def dismiss(connection: Connection, person_id: str, group_id: str, kind: AlertKind, mark: Mark) -> None:
    """Keep that the person has dismissed an alert that was as bad as ``mark``."""
    key = {"person_id": person_id, "group_id": group_id, "kind": kind.value}
    columns = alert_dismissals.c
    values = {**key, "period": mark.period, "step": mark.step}
    upsert(connection, alert_dismissals, values, key=[columns.person_id, columns.group_id, columns.kind])


_COLUMNS = tuple(column for column in usage_days.c if column.name != "day")
