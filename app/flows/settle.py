"""Settling an order: reading what the vendor knows of it and taking that over. The response, the notification, the
buyer's return and the sweep all end here, in any order and any number of times, and all end in the same state."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Connection

from app.core.money import Money
from app.core.problems import NotYours
from app.emails.mails import ActivationCode
from app.entitlements import activation
from app.entitlements import store as entitlements
from app.events import audit, outbox
from app.flows import wording
from app.flows.deps import Deps
from app.flows.greetings import greeted
from app.flows.order_steps import advance
from app.flows.packs_paid import packs_paid, queue_minutes
from app.flows.post import enqueue_mail
from app.flows.sync import project
from app.flows.told import tell_not_charged
from app.orders import store
from app.orders.estimates import is_estimate
from app.orders.kinds import ADD_SEATS, FIRST_ORDER, OF_PACKS, OF_PLANS, RENEWAL
from app.orders.states import PAID, Action, State
from app.orders.store import Order
from app.promotions.identity_keys import identity_keys
from app.promotions.reservation import Cause
from app.subscriptions.store import live_for_group
from app.vendor_adapters.errors import VendorError
from app.vendor_adapters.types import (
    CheckoutRef,
    CheckoutSnapshot,
    CheckoutState,
    OrderId,
    SubscriptionSnapshot,
)

RECEIPT = "receipt"
REFUND_DUPLICATE = "refund_duplicate"
ORDER_PAID = "order.paid"
SEATS_ADDED = "seats.added"
SUBSCRIPTION_CHANGED = "subscription.changed"
NEVER_OPENED_AFTER = timedelta(minutes=10)  # no call to a vendor lives that long: the payment page was never made


async def settle(deps: Deps, order_id: str) -> Order:
    """Read the vendor's side of an order, take it over, and return the order as it then stands.

    Raises the vendor's errors; then nothing has changed and the next look will find out.
    """
    order = await deps.db.read(lambda connection: store.get_order(connection, order_id))
    if order is None:
        raise NotYours(order_id)
    if order.state in PAID or order.state is State.REFUNDED:
        return order
    snapshot = await _look_up(deps, order)
    if snapshot is None:
        return await _settle_unopened(deps, order)
    subscription = None
    if snapshot.state is CheckoutState.COMPLETE and snapshot.subscription:
        subscription = await deps.vendors[order.vendor].get_subscription(snapshot.subscription)
    return await take_over(deps, order_id, snapshot, subscription)


async def look_up(deps: Deps, order: Order) -> tuple[Order, bool]:
    """Settle ``order`` and return it with whether it is known if it was paid.

    A vendor that does not answer leaves that open, but for a draft: nobody was ever asked to pay it.
    """
    try:
        return await settle(deps, order.order_id), True
    except VendorError:
        return order, order.state is State.DRAFT


async def settle_quietly(deps: Deps, order: Order) -> Order:
    """Look at an order's vendor side once more; what was known stands when the vendor does not answer."""
    return (await look_up(deps, order))[0]


async def take_over(
    deps: Deps,
    order_id: str,
    snapshot: CheckoutSnapshot,
    subscription: SubscriptionSnapshot | None,
    *,
    closed_by: Action = Action.EXPIRE,
    cause: Cause | None = None,
) -> Order:
    """Write what the vendor said of an order's checkout, in one transaction.

    Args:
        closed_by: why a checkout is closed: CANCEL where we asked for it, else its time was up.
        cause: why what the order has reserved is let go then, where ``closed_by`` does not say it.
    """

    def write(connection: Connection) -> Order:
        order = store.lock_order(connection, order_id)
        if order is None:
            raise NotYours(order_id)
        _take_over(connection, deps, order, snapshot, subscription, closed_by, cause)
        tell_not_charged(connection, deps, order)
        return store.get_order(connection, order_id) or order

    return await deps.db.write(write)


async def _look_up(deps: Deps, order: Order) -> CheckoutSnapshot | None:
    vendor = deps.vendors[order.vendor]
    if order.checkout_ref:
        return await vendor.get_checkout(CheckoutRef(order.checkout_ref))
    found = await vendor.find_checkouts(OrderId(order.order_id))
    complete = (each for each in found if each.state is CheckoutState.COMPLETE)
    return next(complete, found[-1] if found else None)


async def _settle_unopened(deps: Deps, order: Order) -> Order:
    """Close a draft whose payment page was never made; one that is younger may still be on its way."""
    now = deps.clock.wall()
    if order.state is not State.DRAFT:
        return order

    def write(connection: Connection) -> Order:
        locked = store.lock_order(connection, order.order_id)
        history = store.state_history(connection, order.order_id)
        if locked and locked.state is State.DRAFT and now - history[0][2] > NEVER_OPENED_AFTER:
            advance(connection, deps, locked, Action.EXPIRE, now=now)
        return store.get_order(connection, order.order_id) or order

    return await deps.db.write(write)


def _take_over(
    connection: Connection,
    deps: Deps,
    order: Order,
    snapshot: CheckoutSnapshot,
    subscription: SubscriptionSnapshot | None,
    closed_by: Action,
    cause: Cause | None,
) -> None:
    now = deps.clock.wall()
    for decline in snapshot.declines:
        if store.record_decline(connection, order, decline):
            store.update_order(connection, order.order_id, decline=decline.reason.value)
            order = replace(order, decline=decline.reason.value)
    seen = {
        "checkout_ref": snapshot.ref,
        "checkout_url": snapshot.url,
        "checkout_expires_at": snapshot.expires_at,
    }
    if snapshot.state is CheckoutState.COMPLETE:
        _paid(connection, deps, order, snapshot, subscription)
    elif snapshot.state is CheckoutState.EXPIRED:
        # the vendor closes a stored card's purchase that the bank refused; on its page another card can be tried
        is_refused = order.payment_method_ref and snapshot.declines and closed_by is Action.EXPIRE
        action = Action.DECLINE if is_refused else closed_by
        advance(connection, deps, order, action, now=now, cause=cause, changes=seen)
    elif snapshot.state is CheckoutState.PROCESSING:
        advance(connection, deps, order, Action.AWAIT, now=now, changes=seen)
    elif snapshot.state is CheckoutState.OPEN and order.state in (State.DRAFT, State.CONFIRMING):
        advance(connection, deps, order, Action.OPEN, now=now, changes=seen)


def _paid(
    connection: Connection,
    deps: Deps,
    order: Order,
    snapshot: CheckoutSnapshot,
    subscription: SubscriptionSnapshot | None,
) -> None:
    now = deps.clock.wall()
    changes: dict[str, object] = {
        "checkout_ref": snapshot.ref,
        "subscription_ref": snapshot.subscription,
        "invoice_ref": snapshot.invoice,
        "charge_ref": snapshot.charge,
        "amount_paid": snapshot.amount_paid.minor,
        "decline": "",
    }
    keys = identity_keys(deps.sealer, card_fingerprint=snapshot.card_fingerprint)
    if advance(connection, deps, order, Action.PAY, now=now, changes=changes, keys=keys) is None:
        return
    paid = replace(order, state=State.PAID, amount_paid=snapshot.amount_paid.minor)
    _record_payment(connection, paid, snapshot, deps)
    if order.kind in OF_PACKS:
        packs_paid(connection, deps, paid, subscription)
        _announce(connection, deps, paid)
        return
    if _has_other_plan(connection, deps, paid, subscription):
        _refund_duplicate(connection, deps, paid, snapshot)
        return
    if order.kind in OF_PLANS:
        _changed(connection, deps, paid, subscription)
        return
    if subscription is not None:
        projected = project(connection, deps, order.vendor, subscription, order.account_id)
        if not order.group_id:
            _hand_out_code(connection, deps, paid, projected.subscription_id)
    if order.packs:
        queue_minutes(connection, deps, paid)
    _announce(connection, deps, paid)


def _changed(connection: Connection, deps: Deps, order: Order, subscription: SubscriptionSnapshot | None) -> None:
    """Take a paid change over; what the product knows already (a notification was faster) is switched on at once."""
    target = ""
    if subscription is not None:
        projected = project(connection, deps, order.vendor, subscription, order.account_id)
        target = f"group:{projected.group_id}" if projected.group_id else ""
    wanted = entitlements.get(connection, target) if target else None
    if not target or (wanted is not None and wanted.is_granted):
        advance(connection, deps, order, Action.GRANT, now=deps.clock.wall())
    kind = SEATS_ADDED if order.kind == ADD_SEATS else SUBSCRIPTION_CHANGED
    outbox.enqueue(
        connection,
        kind=kind,
        dedupe_key=order.order_id,
        payload={"order": order.order_id, "plan": order.plan, "seats": order.seats},
        order_id=order.order_id,
        now=deps.clock.wall(),
    )
    _announce(connection, deps, order)


def _record_payment(connection: Connection, order: Order, snapshot: CheckoutSnapshot, deps: Deps) -> None:
    now = deps.clock.wall()
    amount = f"{snapshot.amount_paid.minor} {snapshot.amount_paid.currency}"
    audit.record(connection, actor=order.person_id, action="order.paid", subject=order.order_id, detail=amount, now=now)
    if snapshot.total != Money(order.total, order.currency):
        action = "order.estimate" if is_estimate(order.quote) else "alarm.amount"
        detail = f"confirmed {order.total}, charged {snapshot.total.minor} {order.currency}"
        audit.record(connection, actor="system", action=action, subject=order.order_id, detail=detail, now=now)


def _has_other_plan(
    connection: Connection, deps: Deps, order: Order, subscription: SubscriptionSnapshot | None
) -> bool:
    # an ended plan that is taken up again meets a newer one of its group just as a first order does
    if order.kind not in (FIRST_ORDER, RENEWAL) or not order.group_id or subscription is None:
        return False
    live = live_for_group(connection, order.group_id, now=deps.clock.now())
    return live is not None and live.subscription_ref != subscription.ref


def _refund_duplicate(connection: Connection, deps: Deps, order: Order, snapshot: CheckoutSnapshot) -> None:
    """Two owners paid for one group: the later payment is given back and its subscription ended at once."""
    now = deps.clock.wall()
    outbox.enqueue(
        connection,
        kind=REFUND_DUPLICATE,
        dedupe_key=order.order_id,
        payload={"charge": snapshot.charge, "subscription": snapshot.subscription},
        order_id=order.order_id,
        now=now,
    )
    audit.record(connection, actor="system", action="order.duplicate", subject=order.order_id, now=now)


def _hand_out_code(connection: Connection, deps: Deps, order: Order, subscription_id: str) -> None:
    now = deps.clock.wall()
    code = activation.code_for(
        connection, deps.sealer, subscription_id=subscription_id, order_id=order.order_id, now=now
    )
    mail = ActivationCode(
        to=order.email,
        name=greeted(connection, order),
        order_id=order.order_id,
        bought=wording.bought(deps.catalog, order),
        code=activation.grouped(code),
        order_url=wording.order_url(deps.config, order.order_id),
    )
    enqueue_mail(connection, deps.sealer, mail, dedupe_key=f"code:{order.order_id}", order_id=order.order_id, now=now)
    advance(connection, deps, order, Action.GRANT, now=now)


def _announce(connection: Connection, deps: Deps, order: Order) -> None:
    now = deps.clock.wall()
    payload: outbox.Payload = {
        "order": order.order_id,
        "total": order.amount_paid,
        "currency": order.currency,
        "plan": order.plan,
    }
    for kind in (RECEIPT, ORDER_PAID):
        outbox.enqueue(
            connection, kind=kind, dedupe_key=order.order_id, payload=payload, order_id=order.order_id, now=now
        )
