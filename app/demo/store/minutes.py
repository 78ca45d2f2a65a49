"""Keeping count of compute minutes: the month that they were used in, the packs that they came out of."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select, update

from app.db.sql import insert_new, upsert
from app.demo.minutes import Pack, month_of
from app.demo.model import GroupRecord
from app.demo.store.groups import find_group
from app.demo.store.schema import groups, minute_months, pack_uses, packs


def settle_minutes(connection: Connection, group_id: str, now: datetime) -> None:
    """Write down what came out of which pack until ``now``: a pack that expires later has then served."""
    record = find_group(connection, group_id)
    if record is not None:
        _keep(connection, record.counted(now))


def count_minutes(connection: Connection, group_id: str, used: int, now: datetime) -> None:
    """Take ``used`` for the minutes used this month."""
    settle_minutes(connection, group_id, now)
    connection.execute(update(groups).where(groups.c.id == group_id).values(minutes_used=used))
    upsert(connection, minute_months, {"group_id": group_id, "month": month_of(now)}, key=[minute_months.c.group_id])
    settle_minutes(connection, group_id, now)


def begin_counting(connection: Connection, now: datetime) -> None:
    """Let the minutes of groups that no month is kept of be this month's."""
    for group_id in connection.execute(select(groups.c.id)).scalars().all():
        insert_new(connection, minute_months, {"group_id": group_id, "month": month_of(now)})


def take_back(connection: Connection, group_id: str, purchase_id: str, now: datetime) -> int | None:
    """Let nothing be left of a pack and return the minutes that went; None when it is another group's.

    Repeating it changes nothing and returns the same. A pack that is not there yet will give nothing.
    """
    settle_minutes(connection, group_id, now)
    fresh = {"purchase_id": purchase_id, "group_id": group_id, "used_before": 0, "used": 0, "taken_back": 0}
    row = connection.execute(select(packs).where(packs.c.purchase_id == purchase_id)).one_or_none()
    if row is not None and row.group_id != group_id:
        return None
    if insert_new(connection, pack_uses, fresh) and row is None:
        return 0
    known = connection.execute(select(pack_uses).where(pack_uses.c.purchase_id == purchase_id)).one()
    if known.group_id != group_id or known.taken_back is not None:
        return known.taken_back if known.group_id == group_id else None
    unused = row.minutes - known.used_before - known.used if row is not None and now < row.expires_at else 0
    _update(connection, purchase_id, taken_back=unused)
    return int(unused)


def is_taken_back(connection: Connection, purchase_id: str) -> bool:
    """Whether a pack was taken back, here already or not."""
    query = select(pack_uses.c.taken_back).where(pack_uses.c.purchase_id == purchase_id)
    return connection.execute(query).scalar_one_or_none() is not None


def _keep(connection: Connection, record: GroupRecord) -> None:
    month = {"group_id": record.id, "month": record.minutes_month}
    upsert(connection, minute_months, month, key=[minute_months.c.group_id])
    connection.execute(update(groups).where(groups.c.id == record.id).values(minutes_used=record.minutes_counted))
    _keep_packs(connection, record.id, record.packs)


def _keep_packs(connection: Connection, group_id: str, some: Sequence[Pack]) -> None:
    for pack in some:
        counts = {"used_before": pack.used_before, "used": pack.used}
        if not insert_new(connection, pack_uses, {"purchase_id": pack.purchase_id, "group_id": group_id, **counts}):
            _update(connection, pack.purchase_id, **counts)


def _update(connection: Connection, purchase_id: str, **values: int) -> None:
    connection.execute(update(pack_uses).where(pack_uses.c.purchase_id == purchase_id).values(**values))
