"""Groups of the demo product, and who is in them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from app.demo.minutes import Pack
from app.demo.model import OWNER, GroupRecord, Membership
from app.demo.store.schema import groups, members, minute_months, pack_uses, packs, people
from app.demo.store.trials import trials_of


def groups_of(connection: Connection, sub: str) -> tuple[Membership, ...]:
    """Return the groups that somebody is in, by id."""
    query = select(groups, members.c.role).join(members).where(members.c.sub == sub).order_by(groups.c.id)
    rows = connection.execute(query).fetchall()
    records = _records(connection, rows)
    return tuple(Membership(group=group, role=row.role) for group, row in zip(records, rows, strict=True))


def membership(connection: Connection, group_id: str, sub: str) -> Membership | None:
    """Return one group as somebody in it sees it; None for everybody else."""
    query = select(groups, members.c.role).join(members).where(members.c.sub == sub, groups.c.id == group_id)
    row = connection.execute(query).one_or_none()
    return Membership(group=_record(connection, row), role=row.role) if row else None


def find_group(connection: Connection, group_id: str) -> GroupRecord | None:
    """Return one group."""
    row = connection.execute(select(groups).where(groups.c.id == group_id)).one_or_none()
    return _record(connection, row) if row else None


def all_groups(connection: Connection) -> tuple[GroupRecord, ...]:
    """Return every group, by id."""
    return _records(connection, connection.execute(select(groups).order_by(groups.c.id)).fetchall())


def owners_of(connection: Connection, group_id: str) -> tuple[str, ...]:
    """Return the names of a group's owners."""
    query = (
        select(people.c.name)
        .join(members)
        .where(members.c.group_id == group_id, members.c.role == OWNER)
        .order_by(people.c.name)
    )
    return tuple(connection.execute(query).scalars())


def create_group(connection: Connection, group_id: str, name: str, owner: str) -> bool:
    """Make a free group that the person with subject ``owner`` owns; False when the id is taken."""
    if find_group(connection, group_id):
        return False
    add_group(connection, group_id=group_id, name=name, other_members=0, seats_in_use=1)
    connection.execute(insert(members).values(group_id=group_id, sub=owner, role=OWNER))
    return True


def add_group(
    connection: Connection, *, group_id: str, name: str, other_members: int, seats_in_use: int, source: str = "direct"
) -> None:
    """Insert a group on the free plan, with nothing used; version 0 yields to every grant."""
    connection.execute(
        insert(groups).values(
            id=group_id,
            name=name,
            source=source,
            plan="free",
            seats=0,
            plan_version=0,
            other_members=other_members,
            seats_in_use=seats_in_use,
            seats_max=seats_in_use,
            minutes_used=0,
            storage_used_gib=0,
            storage_gib=0,
            storage_version=0,
        )
    )


def pretend_usage(
    connection: Connection,
    group: GroupRecord,
    *,
    seats_in_use: int | None,
    storage_gib: int | None,
) -> None:
    """Take other figures for what a group uses, so that running out can be seen; None leaves one as it is.

    Minutes are ``count_minutes``.

    Whoever uses a seat is a member: people without an account join or leave as needed.
    """
    in_use = group.seats_in_use if seats_in_use is None else seats_in_use
    accounts = connection.execute(
        select(func.count()).select_from(members).where(members.c.group_id == group.id)
    ).scalar_one()
    others = group.members - accounts
    moved = others if seats_in_use is None else others + in_use - group.seats_in_use
    connection.execute(
        update(groups)
        .where(groups.c.id == group.id)
        .values(
            seats_in_use=in_use,
            seats_max=max(group.seats_max, in_use),
            other_members=max(0, moved, in_use - accounts),
            storage_used_gib=group.storage_used_gib if storage_gib is None else storage_gib,
        )
    )


def _record(connection: Connection, row: Row[Any]) -> GroupRecord:
    (record,) = _records(connection, [row])
    return record


def _records(connection: Connection, rows: Sequence[Row[Any]]) -> tuple[GroupRecord, ...]:
    """Return the groups of these rows, however many, with four statements more."""
    ids = [row.id for row in rows]
    accounts = select(members.c.group_id, func.count()).where(members.c.group_id.in_(ids)).group_by(members.c.group_id)
    counted: dict[str, int] = {row[0]: row[1] for row in connection.execute(accounts)}
    bought, trials, months = _packs(connection, ids), trials_of(connection, ids), _months(connection, ids)
    return tuple(
        GroupRecord(
            id=row.id,
            name=row.name,
            source=row.source,
            plan=row.plan,
            seats=row.seats,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            members=row.other_members + counted.get(row.id, 0),
            seats_in_use=row.seats_in_use,
            seats_max=row.seats_max,
            minutes_counted=row.minutes_used,
            minutes_month=months.get(row.id),
            storage_used_gib=row.storage_used_gib,
            storage_gib=row.storage_gib,
            storage_ends_at=row.storage_ends_at,
            packs=tuple(bought.get(row.id, ())),
            trial=trials.get(row.id),
        )
        for row in rows
    )


def _packs(connection: Connection, group_ids: Sequence[str]) -> dict[str, list[Pack]]:
    found: dict[str, list[Pack]] = {}
    query = (
        select(packs, pack_uses.c.used_before, pack_uses.c.used, pack_uses.c.taken_back)
        .outerjoin(pack_uses, pack_uses.c.purchase_id == packs.c.purchase_id)
        .where(packs.c.group_id.in_(group_ids))
        .order_by(packs.c.expires_at, packs.c.purchase_id)
    )
    for row in connection.execute(query):
        pack = Pack(
            purchase_id=row.purchase_id,
            order_id=row.order_id,
            minutes=row.minutes,
            expires_at=row.expires_at,
            used_before=row.used_before or 0,
            used=row.used or 0,
            is_taken_back=row.taken_back is not None,
        )
        found.setdefault(row.group_id, []).append(pack)
    return found


def _months(connection: Connection, group_ids: Sequence[str]) -> dict[str, datetime]:
    query = select(minute_months.c.group_id, minute_months.c.month).where(minute_months.c.group_id.in_(group_ids))
    return {row.group_id: row.month for row in connection.execute(query)}
