"""What follows at once from packs that were paid; the product hears of it through the outbox."""

from sqlalchemy import Connection

from app.entitlements import store as entitlements
from app.entitlements.store import STORAGE_OF
from app.events import outbox
from app.flows.deps import Deps
from app.flows.order_steps import advance
from app.flows.sync import project
from app.orders.states import Action
from app.orders.store import Order
from app.vendor_adapters.types import SubscriptionSnapshot

GRANT_MINUTES = "grant_minutes"


def packs_paid(connection: Connection, deps: Deps, order: Order, subscription: SubscriptionSnapshot | None) -> None:
    """Hand out what a paid order of packs gives, in the caller's transaction."""
    now = deps.clock.wall()
    if subscription is None:
        queue_minutes(connection, deps, order)
        return
    project(connection, deps, order.vendor, subscription, order.account_id)
    wanted = entitlements.get(connection, f"{STORAGE_OF}{order.group_id}")
    if wanted and wanted.is_granted:  # a notification was faster, and the product knows already
        advance(connection, deps, order, Action.GRANT, now=now)


def queue_minutes(connection: Connection, deps: Deps, order: Order) -> None:
    """Let the product hear of the minutes of a paid order, in the caller's transaction."""
    outbox.enqueue(
        connection,
        kind=GRANT_MINUTES,
        dedupe_key=order.order_id,
        payload={"order": order.order_id},
        order_id=order.order_id,
        now=deps.clock.wall(),
    )
