"""Trials of groups: one row for each group that ever had one, so that it has no second."""

from datetime import datetime

from sqlalchemy import Connection, select, update

from app.db.sql import upsert
from app.demo.model import Trial
from app.demo.store.schema import trials


def trial_of(connection: Connection, group_id: str) -> Trial | None:
    """Return the trial that a group has or had."""
    row = connection.execute(select(trials).where(trials.c.group_id == group_id)).one_or_none()
    return Trial(plan=row.plan, minutes=row.minutes, started_at=row.started_at, ends_at=row.ends_at) if row else None


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
