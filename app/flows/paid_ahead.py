"""A next term that was paid ahead and never comes, because what it was to follow ended: people see to its money."""

from sqlalchemy import Connection

from app import formats
from app.core.money import Money
from app.events import outbox
from app.events.outbox import Job
from app.flows.deps import Deps
from app.flows.provision import NeedsPeople
from app.orders import store
from app.orders.states import PAID
from app.subscriptions.store import Subscription

PAID_AHEAD = "paid_ahead"


def note_paid_ahead(connection: Connection, deps: Deps, subscription: Subscription, *, charge: str) -> None:
    """Ask people about a next term that is paid, before its subscription ends because ``charge`` went back; once."""
    if subscription.paid_until is None:
        return
    order = store.last_renewal(connection, subscription.subscription_ref)
    outbox.enqueue(
        connection,
        kind=PAID_AHEAD,
        dedupe_key=charge,
        payload={"subscription": subscription.subscription_ref, "until": formats.date(subscription.paid_until)},
        order_id=order.order_id if order else "",
        now=deps.clock.wall(),
    )


def left_open(connection: Connection, *, charge: str) -> str:
    """Return what a buyer is told of it after the rest, empty where nothing was paid ahead."""
    is_open = outbox.is_known(connection, kind=PAID_AHEAD, dedupe_key=charge)
    return " We will write to you about the next term, which was paid ahead and does not come." if is_open else ""


async def ask_about_paid_ahead(deps: Deps, job: Job) -> None:
    """Leave it to people: whether money that was paid twice over is owed back is theirs to say. Raises NeedsPeople."""
    order = await deps.db.read(lambda connection: store.get_order(connection, job.order_id))
    if order is not None and order.state not in PAID:
        return
    paid = f"{formats.money(Money(order.amount_paid, order.currency))}, charge {order.charge_ref}" if order else "it"
    raise NeedsPeople(
        f"a term until {job.payload['until']} was paid ahead and does not come, because {job.payload['subscription']} "
        f"was paid back and ended: give back {paid}"
    )
