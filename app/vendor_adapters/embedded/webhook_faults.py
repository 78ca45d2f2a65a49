"""How badly the messages to the store travel, on request: tripled, shuffled, late or lost."""

from datetime import timedelta

from sqlalchemy import delete, insert, select

from app.vendor_adapters.embedded.desk import Desk
from app.vendor_adapters.embedded.schema import webhook_faults
from app.vendor_adapters.world import WebhookFaults

__all__ = ["WebhookFaults", "current", "replace"]


def current(desk: Desk) -> WebhookFaults:
    """Return the faults in force."""
    row = desk.connection.execute(select(webhook_faults)).one_or_none()
    if row is None:
        return WebhookFaults()
    return WebhookFaults(
        duplicate=row.duplicate,
        shuffle=row.shuffle,
        drop_ppm=row.drop_ppm,
        delay=timedelta(seconds=row.delay_seconds),
    )


def replace(desk: Desk, faults: WebhookFaults) -> None:
    """Put ``faults`` in force for what changes from now on."""
    desk.connection.execute(delete(webhook_faults))
    desk.connection.execute(
        insert(webhook_faults).values(
            id=1,
            duplicate=faults.duplicate,
            shuffle=faults.shuffle,
            drop_ppm=faults.drop_ppm,
            delay_seconds=int(faults.delay.total_seconds()),
        )
    )
