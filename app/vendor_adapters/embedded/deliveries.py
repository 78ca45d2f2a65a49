"""Delivering messages to the store's webhook address: at least once, with growing pauses, for three days."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update

from app.vendor_adapters.embedded import events, notifications
from app.vendor_adapters.embedded.desk import Desk
from app.vendor_adapters.embedded.schema import deliveries
from app.vendor_adapters.embedded.schema import events as events_table

WAITING = "waiting"
DELIVERED = "delivered"
FAILED = "failed"

# A sender that dies in the middle of a delivery holds it for no longer than this.
_LEASE = timedelta(seconds=30)
_FIRST_PAUSE = timedelta(seconds=5)
_LONGEST_PAUSE = timedelta(hours=1)
_KEEP_TRYING = timedelta(days=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message that a sender has taken: what to send, signed at the moment of sending."""

    id: int
    attempts: int
    headers: Mapping[str, str]
    body: bytes


def waiting(desk: Desk, now: datetime, *, everything: bool) -> tuple[tuple[int, int], ...]:
    """Return id and attempts so far of what is to be sent by ``now`` (wall time), or of all that waits, in order."""
    query = select(deliveries.c.id, deliveries.c.attempts).where(deliveries.c.status == WAITING)
    if not everything:
        query = query.where(deliveries.c.next_wall <= now)
    rows = desk.connection.execute(query.order_by(deliveries.c.place, deliveries.c.id)).all()
    return tuple((row.id, row.attempts) for row in rows)


def take(desk: Desk, delivery: int, attempts: int) -> Message | None:
    """Take a message for this sender alone; None when another one has taken it since it was listed."""
    taken = desk.connection.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery, deliveries.c.attempts == attempts, deliveries.c.status == WAITING)
        .values(attempts=attempts + 1, next_wall=desk.wall + _LEASE)
        .returning(deliveries.c.event)
    ).scalar_one_or_none()
    if taken is None:
        return None
    row = desk.connection.execute(select(events_table).where(events_table.c.serial == taken)).mappings().one()
    body = notifications.write(events.notification(row))
    headers = {
        "content-type": "application/json",
        notifications.HEADER: notifications.sign(desk.settings.secret, body, desk.wall),
    }
    return Message(id=delivery, attempts=attempts + 1, headers=headers, body=body)


def settle(desk: Desk, message: Message, status: int) -> bool:
    """Keep how the store answered (0: not at all); anything but 2xx is tried again later. True when it arrived.

    Nothing is kept, and False returned, when the message is not this sender's any more: a reset has forgotten it, or
    another sender took it when the lease was over.
    """
    has_arrived = 200 <= status < 300
    mine = (deliveries.c.id == message.id) & (deliveries.c.attempts == message.attempts)
    made: datetime | None = desk.connection.execute(select(deliveries.c.made_wall).where(mine)).scalar_one_or_none()
    if made is None:
        return False
    state = DELIVERED if has_arrived else FAILED if made + _KEEP_TRYING <= desk.wall else WAITING
    desk.connection.execute(
        update(deliveries)
        .where(mine)
        .values(status=state, last_answer=status, next_wall=desk.wall + _pause(message.attempts))
    )
    return has_arrived


def count_waiting(desk: Desk) -> int:
    """Return how many messages are still on their way."""
    query = select(func.count()).select_from(deliveries).where(deliveries.c.status == WAITING)
    count: int = desk.connection.execute(query).scalar_one()
    return count


def _pause(attempts: int) -> timedelta:
    return min(_FIRST_PAUSE * (1 << min(attempts - 1, 20)), _LONGEST_PAUSE)
