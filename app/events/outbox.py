"""Work that leaves the store: written with the fact that causes it, done at least once, found again by its key.

A job waits, is held for a lease while somebody does it, and is then done, tried again after growing pauses, or dead and
listed for people, who let it be tried once more or close it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select, true, update

from app.core.ids import new_id
from app.core.pauses import pause_after
from app.db.schema.events import outbox
from app.db.sql import count_by, insert_new

LEASE = timedelta(seconds=30)  # longer than a job's own deadline (8 s), so that a job is not done by two at once
FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(hours=72)
MAIL = "mail"

Payload = Mapping[str, str | int | bool | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One claimed job; ``tries`` counts this one."""

    job_id: str
    kind: str
    payload: Payload
    order_id: str
    tries: int
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUp:
    """A job that only people can finish, and why."""

    job_id: str
    kind: str
    order_id: str
    created_at: datetime
    tries: int
    reason: str


def enqueue(
    connection: Connection, *, kind: str, dedupe_key: str, payload: Payload, order_id: str = "", now: datetime
) -> bool:
    """Add a job unless one with the same key was ever added; whether it was. ``now`` is wall time."""
    values = {
        "job_id": new_id("job"),
        "kind": kind,
        "dedupe_key": f"{kind}:{dedupe_key}",
        "payload": json.dumps(payload),
        "order_id": order_id,
        "state": "waiting",
        "tries": 0,
        "created_at": now,
        "due_at": now,
        "last_error": "",
    }
    return insert_new(connection, outbox, values)


def is_known(connection: Connection, *, kind: str, dedupe_key: str) -> bool:
    """Whether a job with that key was ever added, so that what it takes to make it need not be asked for again."""
    found = select(outbox.c.job_id).where(outbox.c.dedupe_key == f"{kind}:{dedupe_key}")
    return connection.execute(found).first() is not None


def is_closed(connection: Connection, *, kind: str, dedupe_key: str) -> bool:
    """Whether people closed the job with that key, so that the store will not do it."""
    mine = (outbox.c.dedupe_key == f"{kind}:{dedupe_key}") & (outbox.c.state == "closed")
    return connection.execute(select(outbox.c.job_id).where(mine)).first() is not None


def known_keys(connection: Connection, *, kind: str, dedupe_keys: Sequence[str]) -> frozenset[str]:
    """Return those of some keys with which a job was ever added."""
    wanted = {f"{kind}:{key}": key for key in dedupe_keys}
    rows = connection.execute(select(outbox.c.dedupe_key).where(outbox.c.dedupe_key.in_(sorted(wanted))))
    return frozenset(wanted[key] for key in rows.scalars())


def claim_due(connection: Connection, *, now: datetime, everything: bool = False, limit: int = 20) -> tuple[Job, ...]:
    """Take up to ``limit`` jobs that are due, or that wait at all with ``everything``; theirs for the lease.

    What another worker holds is left to it, unless its lease is over.
    """
    is_due = outbox.c.due_at <= now
    is_mine = (outbox.c.state == "held") & is_due | (outbox.c.state == "waiting") & (true() if everything else is_due)
    rows = connection.execute(
        select(outbox).where(is_mine).order_by(outbox.c.due_at).limit(limit).with_for_update(skip_locked=True)
    ).all()
    ids = [row.job_id for row in rows]
    held = {"state": "held", "due_at": now + LEASE, "tries": outbox.c.tries + 1}
    connection.execute(update(outbox).where(outbox.c.job_id.in_(ids)).values(held))
    return tuple(
        Job(
            job_id=row.job_id,
            kind=row.kind,
            payload=json.loads(row.payload),
            order_id=row.order_id,
            tries=row.tries + 1,
            created_at=row.created_at,
        )
        for row in rows
    )


def mark_done(connection: Connection, job_id: str, *, now: datetime) -> None:
    """The job took effect; a mail's text is dropped, because it is needed no more."""
    connection.execute(update(outbox).where(outbox.c.job_id == job_id).values(state="done", done_at=now, last_error=""))
    connection.execute(update(outbox).where(outbox.c.job_id == job_id, outbox.c.kind == MAIL).values(payload="{}"))


def mark_failed(connection: Connection, job: Job, *, error: str, now: datetime, retry: bool = True) -> None:
    """The job failed: try later, or list it for people when it cannot work or has been tried for too long."""
    is_dead = not retry or now - job.created_at > GIVE_UP_AFTER
    due_at = now + pause_after(job.tries, first=FIRST_PAUSE, longest=LONGEST_PAUSE)
    connection.execute(
        update(outbox)
        .where(outbox.c.job_id == job.job_id, outbox.c.state == "held")
        .values(state="dead" if is_dead else "waiting", due_at=due_at, last_error=error[:300])
    )


def oldest_waiting(connection: Connection) -> datetime | None:
    """Return since when (wall time) the oldest job that is not done waits, None when none does."""
    is_open = outbox.c.state.in_(("waiting", "held"))
    found: datetime | None = connection.execute(select(func.min(outbox.c.created_at)).where(is_open)).scalar()
    return found


def count_by_state(connection: Connection) -> dict[str, int]:
    """Return how many jobs are in each state: waiting, held, done, dead, closed."""
    return count_by(connection, outbox.c.state)


def given_up(connection: Connection) -> tuple[GivenUp, ...]:
    """Return the jobs that are listed for people, the oldest first."""
    dead = select(outbox).where(outbox.c.state == "dead").order_by(outbox.c.created_at, outbox.c.job_id)
    return tuple(
        GivenUp(
            job_id=row.job_id,
            kind=row.kind,
            order_id=row.order_id,
            created_at=row.created_at,
            tries=row.tries,
            reason=row.last_error,
        )
        for row in connection.execute(dead)
    )


def state_of(connection: Connection, job_id: str) -> str | None:
    """Return the state of a job, None when there is none of that id."""
    state: str | None = connection.execute(select(outbox.c.state).where(outbox.c.job_id == job_id)).scalar()
    return state


def close(connection: Connection, job_id: str, *, now: datetime) -> bool:
    """People have seen to a job that was given up; whether it was. Its last error stays, a mail's text is dropped."""
    mine = (outbox.c.job_id == job_id) & (outbox.c.state == "dead")
    connection.execute(update(outbox).where(mine, outbox.c.kind == MAIL).values(payload="{}"))
    return connection.execute(update(outbox).where(mine).values(state="closed", done_at=now)).rowcount == 1


def reopen(connection: Connection, job_id: str, *, now: datetime) -> bool:
    """Let a job that was given up be tried once more, now; whether it was."""
    mine = (outbox.c.job_id == job_id) & (outbox.c.state == "dead")
    return connection.execute(update(outbox).where(mine).values(state="waiting", due_at=now)).rowcount == 1


def count_waiting(connection: Connection) -> int:
    """How many jobs wait or are being done."""
    open_jobs = select(func.count()).select_from(outbox).where(outbox.c.state.in_(("waiting", "held")))
    return connection.execute(open_jobs).scalar_one()
