"""What of promotions can wait: holds whose time is over, orders that are reserved for too long, old discounts."""

from datetime import timedelta

import structlog
from sqlalchemy import Connection

from app.flows.campaigns.discounts import revoke_old
from app.flows.deps import Deps
from app.flows.order_steps import PAGE_GRACE
from app.flows.purchase import order_key
from app.flows.settle import settle
from app.orders import store
from app.orders.states import PAID, UNPAID
from app.orders.store import Order
from app.promotions import settling
from app.promotions.reservation import Cause
from app.promotions.store import entries
from app.vendor_adapters.errors import VendorError
from app.vendor_adapters.types import CheckoutState, OrderId

ENTRIES_KEPT = timedelta(days=40)  # longer than a visitor is remembered
_ALIVE = (CheckoutState.OPEN, CheckoutState.PROCESSING, CheckoutState.UNKNOWN)

_log = structlog.get_logger()


async def sweep_promotions(deps: Deps) -> int:
    """Do all of it once; one order whose vendor does not answer holds up no other. Return how much was done."""
    now, wall = deps.clock.now(), deps.clock.wall()
    done = await deps.db.write(lambda connection: settling.sweep_holds(connection, now=now, wall=wall))
    done += await deps.db.write(lambda connection: entries.forget_old(connection, wall - ENTRIES_KEPT))
    for order_id in await deps.db.read(lambda connection: settling.overdue(connection, wall=wall)):
        done += await _look_at(deps, order_id)
    return done + await revoke_old(deps)


async def _look_at(deps: Deps, order_id: str) -> bool:
    """Let the vendor's word decide on what an order has reserved; whether that is settled now."""
    try:
        order = await deps.db.read(lambda connection: store.get_order(connection, order_id))
        if order is not None and order.state in UNPAID:
            order = await settle(deps, order_id)  # which lets go or commits by itself
        if order is None or order.state in UNPAID:
            return await deps.db.write(lambda connection: _wait_longer(connection, deps, order_id))
        if order.state in PAID:
            await deps.db.write(lambda connection: settling.commit(connection, order_id, now=deps.clock.now()))
            return True
        return await _let_go_of(deps, order)
    except VendorError as error:
        _log.warning("reservation not settled", order_id=order_id, error=type(error).__name__)
        return False


async def _let_go_of(deps: Deps, order: Order) -> bool:
    """Release what a closed order still has, once no page of it can be paid any more."""
    vendor = deps.vendors[order.vendor]
    pages = await vendor.find_checkouts(OrderId(order.order_id))
    for page in pages:
        if page.state is CheckoutState.OPEN:
            await vendor.expire_checkout(page.ref, key=order_key(order, "expire_checkout"))
    pages = await vendor.find_checkouts(OrderId(order.order_id)) if pages else ()
    if any(page.state in _ALIVE for page in pages):
        return await deps.db.write(lambda connection: _wait_longer(connection, deps, order.order_id))
    await deps.db.write(
        lambda connection: settling.release(connection, order.order_id, Cause.EXPIRED, now=deps.clock.now())
    )
    return True


def _wait_longer(connection: Connection, deps: Deps, order_id: str) -> bool:
    settling.extend(connection, order_id, now=deps.clock.now(), until=deps.clock.wall() + PAGE_GRACE)
    return False
