"""Packs on their way to the product: minutes are entries of its ledger, storage is told as a whole."""

from sqlalchemy import Connection

from app import formats
from app.core.clock import add_months, midnight
from app.entitlements import store as entitlements
from app.entitlements.product import (
    Grant,
    GrantResult,
    MinutesBack,
    MinutesGrant,
    ProductRefused,
    ProductUnavailable,
    StorageGrant,
)
from app.entitlements.store import STORAGE_OF
from app.events import audit
from app.events.outbox import Job
from app.flows import wording
from app.flows.deps import Deps
from app.flows.order_steps import advance, is_plan_granted
from app.flows.provision import is_late, tell_switched_on
from app.flows.storage import storage_offers
from app.orders import store
from app.orders.packs import packs_awaiting_grant
from app.orders.states import PAID, Action
from app.orders.store import Order


async def grant_minutes(deps: Deps, job: Job) -> None:
    """Write the minutes of an order to the group's ledger; ProductUnavailable to be tried again.

    The purchase id is the order's: the product keeps one entry of it, however often it is told.
    """
    order = await deps.db.read(lambda connection: store.get_order(connection, job.order_id))
    addon = deps.catalog.addon(order.bought_packs[0]) if order else None
    if order is None or addon is None or order.state not in PAID:
        return  # what was paid back meanwhile gives nothing more
    grant = MinutesGrant(
        purchase_id=order.order_id,
        minutes=wording.minutes_of(deps.catalog, order),
        expires_at=add_months(midnight(order.created_at), addon.valid_months or 12),
    )
    await _tell(deps, order.order_id, order.group_id, grant, waiting=(order,))
    detail = f"{grant.minutes} of order {order.order_id}"

    def write(connection: Connection) -> None:
        locked = store.lock_order(connection, order.order_id)
        is_done = True
        if order.packs:
            store.update_order(connection, order.order_id, packs_granted=True)
            is_done = locked is not None and is_plan_granted(connection, locked)
        _granted(connection, deps, (order,) if is_done else (), f"group:{order.group_id}", detail)

    await deps.db.write(write)


async def take_minutes_back(deps: Deps, job: Job) -> None:
    """Let nothing be left of the minutes of an order that was paid back; ProductUnavailable to be tried again.

    What was used stays used. The product may not have heard of them yet: then it will give none.
    """
    order = await deps.db.read(lambda connection: store.get_order(connection, job.order_id))
    if order is None:
        return
    result = await _tell(deps, order.order_id, order.group_id, MinutesBack(purchase_id=order.order_id), waiting=())
    whole = wording.minutes_of(deps.catalog, order)
    detail = f"{formats.number(result.minutes)} of {formats.number(whole)} minutes of order {order.order_id}"
    await deps.db.write(
        lambda connection: audit.record(
            connection,
            actor="system",
            action="minutes.taken_back",
            subject=f"group:{order.group_id}",
            detail=detail,
            now=deps.clock.wall(),
        )
    )


async def grant_storage(deps: Deps, job: Job) -> None:
    """Tell the product how much extra storage a group has; the newest size, whichever the job was made for."""
    target = str(job.payload["target"])
    group_id = target.removeprefix(STORAGE_OF)
    wanted = await deps.db.read(lambda connection: entitlements.get(connection, target))
    if wanted is None or wanted.is_granted:
        return
    waiting = await deps.db.read(
        lambda connection: packs_awaiting_grant(connection, group_id, offers=storage_offers(deps))
    )
    order_id = waiting[-1].order_id if waiting else wanted.order_id
    grant = StorageGrant(gib=wanted.seats, ends_at=wanted.ends_at, version=wanted.version)
    await _tell(deps, order_id or target, group_id, grant, waiting=waiting)

    def write(connection: Connection) -> None:
        for order in waiting:
            store.lock_order(connection, order.order_id)  # orders first, as who settles one does
        entitlements.mark_granted(connection, target, wanted.version)
        _granted(connection, deps, waiting, target, f"{wanted.seats} GiB, version {wanted.version}")

    await deps.db.write(write)


async def _tell(deps: Deps, order_id: str, group_id: str, grant: Grant, *, waiting: tuple[Order, ...]) -> GrantResult:
    try:
        (result,) = await deps.product.grant(order_id, group_id, (grant,))
    except ProductUnavailable:
        await deps.db.write(lambda connection: _delayed(connection, deps, waiting))
        raise
    if not result.ok:
        await deps.db.write(lambda connection: _delayed(connection, deps, waiting))
        raise ProductUnavailable(result.reason) if result.retry else ProductRefused(result.reason)
    return result


def _delayed(connection: Connection, deps: Deps, waiting: tuple[Order, ...]) -> None:
    for order in waiting:
        locked = store.lock_order(connection, order.order_id)
        if locked:
            advance(connection, deps, locked, Action.DELAY, now=deps.clock.wall())


def _granted(connection: Connection, deps: Deps, waiting: tuple[Order, ...], target: str, detail: str) -> None:
    now = deps.clock.wall()
    audit.record(connection, actor="system", action="entitlement.granted", subject=target, detail=detail, now=now)
    for order in waiting:
        locked = store.lock_order(connection, order.order_id)
        if locked and advance(connection, deps, locked, Action.GRANT, now=now) and is_late(deps, order):
            tell_switched_on(connection, deps, order)
