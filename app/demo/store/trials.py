"""Trials of groups: one row for each group that ever had one, so that it has no second."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select, update

from app.db.sql import upsert
from app.demo.model import Trial
from app.demo.store.schema import trials


def trials_of(connection: Connection, group_ids: Sequence[str]) -> dict[str, Trial]:
    """Return the trials that these groups have or had, by group."""
    rows = connection.execute(select(trials).where(trials.c.group_id.in_(group_ids)))
    return {
        row.group_id: Trial(plan=row.plan, minutes=row.minutes, started_at=row.started_at, ends_at=row.ends_at)
        for row in rows
    }


def start_trial(connection: Connection, group_id: str, trial: Trial) -> None:
    """Let a group have a trial."""
    values = {
        "group_id": group_id,
        "plan": trial.plan,
        "minutes": trial.minutes,
        "started_at": trial.started_at,
        "ends_at": trial.ends_at,
    }
    upsert(connection, trials, values, key=[trials.c.group_id])


def end_trial(connection: Connection, group_id: str, now: datetime) -> None:
    """End a trial that is under way; one that is over stays as it was."""
    running = (trials.c.group_id == group_id) & (trials.c.ends_at > now)
    connection.execute(update(trials).where(running).values(ends_at=now))
