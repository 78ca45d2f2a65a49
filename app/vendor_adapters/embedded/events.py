"""What changed, written in the same transaction as the change, with the deliveries that will tell the store."""

import hashlib

from sqlalchemy import RowMapping, insert, select

from app.core.ids import new_id
from app.vendor_adapters.embedded import webhook_faults
from app.vendor_adapters.embedded.desk import Desk
from app.vendor_adapters.embedded.notifications import kind_of
from app.vendor_adapters.embedded.schema import deliveries, events
from app.vendor_adapters.embedded.webhook_faults import WebhookFaults
from app.vendor_adapters.types import Notification, NotificationKind, OrderId, Page

PAGE = 100
_PLACES = 2**62


def record(desk: Desk, kind: NotificationKind, subject: str, order: str = "") -> None:
    """Note that ``subject`` changed and queue its deliveries, as many, as late and as mixed as the faults ask."""
    event_id = new_id("evt")
    serial = desk.connection.execute(
        insert(events)
        .values(id=event_id, kind=kind.value, subject=subject, order_id=order, occurred_at=desk.now)
        .returning(events.c.serial)
    ).scalar_one()
    _queue(desk, serial, event_id, webhook_faults.current(desk))


def changes_since(desk: Desk, cursor: str) -> Page[Notification]:
    """Return the changes after the one whose id is ``cursor`` (an unknown or empty one: from the start), oldest first.

    Changes whose delivery was lost are among them: this list is how they are found again.
    """
    after = select(events.c.serial).where(events.c.id == cursor).scalar_subquery()
    query = select(events).order_by(events.c.serial).limit(PAGE + 1)
    if cursor:
        query = query.where((events.c.serial > after) | after.is_(None))
    found = desk.connection.execute(query).mappings().all()
    rows = tuple(notification(row) for row in found[:PAGE])
    return Page(rows, next_cursor=rows[-1].id if len(found) > PAGE else "")


def notification(row: RowMapping) -> Notification:
    """Return what the store is told of an event."""
    return Notification(
        id=row["id"],
        kind=kind_of(row["kind"]),
        subject=row["subject"],
        order=OrderId(row["order_id"]),
        occurred_at=row["occurred_at"],
    )


def _queue(desk: Desk, serial: int, event_id: str, faults: WebhookFaults) -> None:
    dropped = _draw(event_id, "drop") % 1_000_000 < faults.drop_ppm
    for copy in range(faults.copies):
        desk.connection.execute(
            insert(deliveries).values(
                event=serial,
                status="dropped" if dropped else "waiting",
                attempts=0,
                made_wall=desk.wall,
                next_wall=desk.wall + faults.delay,
                # a shuffled delivery draws its place; ids are random, so their digests are too
                place=_draw(event_id, f"place {copy}") % _PLACES if faults.shuffle else serial,
            )
        )


def _draw(event_id: str, purpose: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{purpose} {event_id}".encode()).digest()[:8])
