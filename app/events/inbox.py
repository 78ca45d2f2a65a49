"""What the vendor said: kept once per message id and looked into until settled. A message is a hint, never a fact."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Update, func, select, update
from sqlalchemy.exc import StatementError

from app.core.pauses import pause_after
from app.db.errors import DATABASE_AWAY
from app.db.schema.events import inbox
from app.db.sql import count_by, insert_new
from app.vendor_adapters.types import Notification

LEASE = timedelta(seconds=30)
FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(minutes=10)
MOST_TRIES = 20


class Unstorable(Exception):
    """A message that the database does not take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One claimed message."""

    vendor: str
    notification_id: str
    kind: str
    subject: str
    order_id: str
    tries: int


def receive(connection: Connection, vendor: str, notification: Notification, *, now: datetime) -> bool:
    """Keep a verified message; False when its id was seen before. ``now`` is wall time."""
    values = {
        "vendor": vendor,
        "notification_id": notification.id,
        "kind": notification.kind.value,
        "subject": notification.subject,
        "order_id": notification.order,
        "occurred_at": notification.occurred_at,
        "received_at": now,
        "state": "waiting",
        "tries": 0,
        "due_at": now,
        "last_error": "",
    }
    return insert_new(connection, inbox, values)


def receive_one(connection: Connection, vendor: str, notification: Notification, *, now: datetime) -> bool:
    """Do the same by itself: Unstorable, and the transaction goes on, for what does not fit (an id of 300 letters)."""
    try:
        with connection.begin_nested():
            return receive(connection, vendor, notification, now=now)
    except DATABASE_AWAY:
        raise
    except StatementError as error:
        raise Unstorable from error


def claim_due(
    connection: Connection, *, now: datetime, everything: bool = False, limit: int = 20
) -> tuple[Message, ...]:
    """Take up to ``limit`` messages that are due, or that wait at all with ``everything``."""
    due = inbox.c.state == "waiting"
    if not everything:
        due = due & (inbox.c.due_at <= now)
    rows = connection.execute(
        select(inbox).where(due).order_by(inbox.c.due_at).limit(limit).with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        connection.execute(_one(row.vendor, row.notification_id).values(due_at=now + LEASE, tries=row.tries + 1))
    return tuple(
        Message(
            vendor=row.vendor,
            notification_id=row.notification_id,
            kind=row.kind,
            subject=row.subject,
            order_id=row.order_id,
            tries=row.tries + 1,
        )
        for row in rows
    )


def mark_done(connection: Connection, message: Message) -> None:
    """It was looked into and everything it hinted at is settled."""
    connection.execute(_one(message.vendor, message.notification_id).values(state="done", last_error=""))


def mark_failed(connection: Connection, message: Message, *, error: str, now: datetime) -> None:
    """Looking failed: again later, or dead after too many tries (the sweep looks at the order all the same)."""
    state = "dead" if message.tries >= MOST_TRIES else "waiting"
    due_at = now + pause_after(message.tries, first=FIRST_PAUSE, longest=LONGEST_PAUSE)
    values = {"state": state, "due_at": due_at, "last_error": error[:300]}
    connection.execute(_one(message.vendor, message.notification_id).values(values))


def count_by_state(connection: Connection) -> dict[str, int]:
    """Return how many messages are in each state: waiting, done, dead."""
    return count_by(connection, inbox.c.state)


def count_waiting(connection: Connection) -> int:
    """How many messages wait."""
    return connection.execute(select(func.count()).select_from(inbox).where(inbox.c.state == "waiting")).scalar_one()


def _one(vendor: str, notification_id: str) -> Update:
    return update(inbox).where(inbox.c.vendor == vendor, inbox.c.notification_id == notification_id)
