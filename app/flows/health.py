"""Whether the store can sell and nothing is stuck: what people who run it, and their tools, ask for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from app.db.migrate import has_needed_schema
from app.events import heartbeat, inbox, outbox, vendor_changes
from app.flows.deps import Deps
from app.flows.offers import current_offers
from app.orders import store as orders


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How the store does.

    Attributes:
        vendor_ok: whether the vendor answered when it was last asked. catalog_read_at: the age of the prices shown.
        worker_heard_at: None when no worker was heard from in the last days. oldest_unsettled, oldest_job: since when
            an order that may still move money is open, and since when something waits to leave the store.
        changes_read_at: when the list of what changed at the vendor was last read, to the hour; None when it never was.
        changes_gap: from when until when changes may have been missed, the last time that this was so.
        orders, jobs, messages: how many there are in each state.
    """

    now: datetime
    vendor_ok: bool
    catalog_read_at: datetime | None
    worker_heard_at: datetime | None
    oldest_unsettled: datetime | None
    oldest_job: datetime | None
    changes_read_at: datetime | None
    changes_gap: tuple[datetime, datetime] | None
    orders: Mapping[str, int]
    jobs: Mapping[str, int]
    messages: Mapping[str, int]

    @property
    def is_worker_heard(self) -> bool:
        """Whether somebody does the store's work."""
        return self.worker_heard_at is not None and self.now - self.worker_heard_at <= heartbeat.SILENT_AFTER

    def seconds_since(self, at: datetime | None) -> int:
        """Return how long ago that was, in whole seconds; 0 when there is nothing."""
        return max(int((self.now - at).total_seconds()), 0) if at else 0


async def read_health(deps: Deps) -> Health | None:
    """Return how the store does; None while the database has an older schema than it needs.

    Raises what the database raises when it is away. The vendor is asked only when a page would ask it too.
    """
    if not await deps.db.read(has_needed_schema):
        return None
    offers = await current_offers(deps)

    def read(connection: Connection) -> Health:
        return Health(
            now=deps.clock.wall(),
            vendor_ok=offers.vendor_ok,
            catalog_read_at=offers.read_at,
            worker_heard_at=heartbeat.heard_at(connection),
            oldest_unsettled=orders.oldest_unsettled(connection),
            oldest_job=outbox.oldest_waiting(connection),
            changes_read_at=vendor_changes.oldest_reading(connection),
            changes_gap=vendor_changes.last_gap(connection),
            orders=orders.count_by_state(connection),
            jobs=outbox.count_by_state(connection),
            messages=inbox.count_by_state(connection),
        )

    return await deps.db.read(read)
