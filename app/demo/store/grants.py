"""Granting what was bought, so that repeating a grant, or hearing an old one late, changes nothing."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from app.demo.grants import Asked, MinutesAsked, MinutesBackAsked, PlanAsked, StorageAsked
from app.demo.store.minutes import is_taken_back, settle_minutes, take_back
from app.demo.store.schema import grants, groups, packs
from app.demo.store.trials import end_trial

_KINDS = {PlanAsked: "plan", MinutesAsked: "minutes", MinutesBackAsked: "minutes_back", StorageAsked: "storage"}
_ANOTHER = "purchase_id stands for another purchase."


class Outcome(Enum):
    """What became of a grant; all but ``REFUSED`` leave the group as the store wants it."""

    APPLIED = "applied"
    REPEATED = "repeated"
    SUPERSEDED = "superseded"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """The outcome of one grant, with the reason of a refusal; ``minutes`` are those that were taken back."""

    outcome: Outcome
    reason: str = ""
    minutes: int | None = None

    @property
    def ok(self) -> bool:
        return self.outcome is not Outcome.REFUSED


def apply_grants(
    connection: Connection, group_id: str, order_id: str, asked: tuple[Asked | str, ...], now: datetime
) -> tuple[Granted, ...]:
    """Apply each grant by itself and log it; a text among them is a grant that could not be read."""
    return tuple(_apply_and_log(connection, group_id, order_id, one, now) for one in asked)


def is_order_granted(connection: Connection, group_id: str, order_id: str) -> bool:
    """Whether something of this order has been granted to the group."""
    query = select(grants.c.id).where(
        grants.c.group_id == group_id, grants.c.order_id == order_id, grants.c.outcome != Outcome.REFUSED.value
    )
    return connection.execute(query.limit(1)).one_or_none() is not None


def _apply_and_log(connection: Connection, group_id: str, order_id: str, asked: Asked | str, now: datetime) -> Granted:
    granted = _apply(connection, group_id, order_id, asked, now)
    connection.execute(
        insert(grants).values(
            at=now,
            order_id=order_id,
            group_id=group_id,
            kind="unreadable" if isinstance(asked, str) else _KINDS[type(asked)],
            asked={} if isinstance(asked, str) else json.loads(json.dumps(asdict(asked), default=_text)),
            outcome=granted.outcome.value,
            reason=granted.reason,
        )
    )
    return granted


def _apply(connection: Connection, group_id: str, order_id: str, asked: Asked | str, now: datetime) -> Granted:
    match asked:
        case str():
            return Granted(outcome=Outcome.REFUSED, reason=asked)
        case PlanAsked():
            return _apply_plan(connection, group_id, asked, now)
        case MinutesAsked():
            return _apply_minutes(connection, group_id, order_id, asked, now)
        case MinutesBackAsked():
            return _take_minutes_back(connection, group_id, asked, now)
        case StorageAsked():
            return _apply_storage(connection, group_id, asked)


def _apply_plan(connection: Connection, group_id: str, asked: PlanAsked, now: datetime) -> Granted:
    had = connection.execute(select(groups.c.plan, groups.c.starts_at).where(groups.c.id == group_id)).one()
    # the same version is applied again: what it says is absolute, and a change made here by hand is mended
    change = (
        update(groups)
        .where(groups.c.id == group_id, groups.c.plan_version <= asked.version)
        .values(
            plan=asked.plan,
            seats=asked.seats,
            starts_at=asked.starts_at,
            ends_at=asked.ends_at,
            plan_version=asked.version,
        )
    )
    if not connection.execute(change).rowcount:
        return Granted(outcome=Outcome.SUPERSEDED)
    if asked.starts_at != had.starts_at:  # a new term: the most in use is counted anew
        again = update(groups).where(groups.c.id == group_id).values(seats_max=groups.c.seats_in_use)
        connection.execute(again)
    if asked.plan not in ("free", had.plan):  # what was bought takes the trial's place, and no period is had twice
        end_trial(connection, group_id, now)
    return Granted(outcome=Outcome.APPLIED)


def _apply_storage(connection: Connection, group_id: str, asked: StorageAsked) -> Granted:
    change = (
        update(groups)
        .where(groups.c.id == group_id, groups.c.storage_version <= asked.version)
        .values(storage_gib=asked.gib, storage_ends_at=asked.ends_at, storage_version=asked.version)
    )
    return Granted(outcome=Outcome.APPLIED if connection.execute(change).rowcount else Outcome.SUPERSEDED)


def _apply_minutes(connection: Connection, group_id: str, order_id: str, asked: MinutesAsked, now: datetime) -> Granted:
    known = connection.execute(select(packs).where(packs.c.purchase_id == asked.purchase_id)).one_or_none()
    if known:
        return _compare(known, group_id, asked)
    if is_taken_back(connection, asked.purchase_id):  # it was paid back before it came here
        return Granted(outcome=Outcome.SUPERSEDED)
    connection.execute(
        insert(packs).values(
            purchase_id=asked.purchase_id,
            group_id=group_id,
            order_id=order_id,
            minutes=asked.minutes,
            expires_at=asked.expires_at,
        )
    )
    settle_minutes(connection, group_id, now)  # what was used above the quota already comes out of it at once
    return Granted(outcome=Outcome.APPLIED)


def _take_minutes_back(connection: Connection, group_id: str, asked: MinutesBackAsked, now: datetime) -> Granted:
    was_known = is_taken_back(connection, asked.purchase_id)
    minutes = take_back(connection, group_id, asked.purchase_id, now)
    if minutes is None:
        return Granted(outcome=Outcome.REFUSED, reason=_ANOTHER)
    return Granted(outcome=Outcome.REPEATED if was_known else Outcome.APPLIED, minutes=minutes)


def _compare(known: Row[Any], group_id: str, asked: MinutesAsked) -> Granted:
    if known.group_id == group_id and known.minutes == asked.minutes:
        return Granted(outcome=Outcome.REPEATED)
    return Granted(outcome=Outcome.REFUSED, reason=_ANOTHER)


def _text(value: object) -> str:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else str(value)
