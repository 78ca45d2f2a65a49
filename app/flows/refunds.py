"""What the vendor's people paid back: an order of which nothing is left is refunded, and gives its uses back."""

from sqlalchemy import Connection

from app.events import audit
from app.flows.deps import Deps
from app.flows.order_steps import advance
from app.orders import store
from app.orders.states import PAID, Action
from app.orders.store import Order
from app.vendor_adapters.types import CheckoutRef


async def note_refund(deps: Deps, order: Order) -> None:
    """Read what of a paid order was given back, and take a full refund over. Raises the vendor's errors.

    A part, a dispute and a refund that prevents one leave the order paid.
    """
    if order.state not in PAID or not order.checkout_ref or not order.amount_paid:
        return
    snapshot = await deps.vendors[order.vendor].get_checkout(CheckoutRef(order.checkout_ref))
    if snapshot.amount_refunded is None or snapshot.amount_refunded.minor < order.amount_paid:
        return
    await deps.db.write(lambda connection: _refunded(connection, deps, order.order_id))


def _refunded(connection: Connection, deps: Deps, order_id: str) -> None:
    order, now = store.lock_order(connection, order_id), deps.clock.wall()
    if order is None or advance(connection, deps, order, Action.REFUND, now=now) is None:
        return
    amount = f"{order.amount_paid} {order.currency}"
    audit.record(connection, actor="system", action="order.refunded", subject=order_id, detail=amount, now=now)
