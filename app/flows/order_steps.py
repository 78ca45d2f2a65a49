"""An order's next state, and in the same transaction what follows from it for what the order has reserved."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from app.entitlements import store as entitlements
from app.events import audit, outbox
from app.flows import journey, wording
from app.flows.deps import Deps
from app.orders import store
from app.orders.states import PAID, Action, State
from app.orders.store import Order
from app.promotions import settling
from app.promotions.reservation import Cause, Refund, Reservation
from app.promotions.store import entries
from app.promotions.store.campaigns import version_of
from app.subscriptions.store import by_ref

PROMO_REDEEMED = "promo.redeemed"
END_RENEWAL = "end_renewal"
TAKE_MINUTES_BACK = "take_minutes_back"
PAGE_GRACE = timedelta(minutes=5)  # after a payment page's time, before the vendor is asked what became of it
_CAUSES = {
    State.FAILED: Cause.PAYMENT_FAILED,
    State.EXPIRED: Cause.EXPIRED,
    State.CANCELLED: Cause.ABANDONED,
}


def advance(
    connection: Connection,
    deps: Deps,
    order: Order,
    action: Action,
    *,
    now: datetime,
    cause: Cause | None = None,
    is_dead: bool = True,
    changes: Mapping[str, object] | None = None,
    keys: Sequence[str] = (),
) -> State | None:
    """Take ``action`` on a locked order with ``changes`` of its columns; None when its state does not allow it.

    Paid, its reservations are final; closed, they are let go; paid back, the uses are given back, and the product
    takes back the minutes that are left. All of it the funnel hears of.

    Args:
        cause: why a closed order's reservations are let go, where it is not what the state says.
        is_dead: the vendor has said that nothing can be paid any more. Otherwise they stand, and the sweep asks.
        keys: of ``identity_keys``, what a payment tells of the buyer.
    """
    state = store.advance(connection, order, action, now=now, **(changes or {}))
    if state is None or state is order.state:
        return state
    business = deps.clock.now()
    if state is State.PAID:
        _commit(connection, order, keys, business, now)
    elif state is State.REFUNDED and order.state in PAID:
        settling.reverse(connection, order.order_id, Refund.FULL, now=business)
        take_minutes_back(connection, deps, order)
    elif state in _CAUSES and is_dead:
        settling.release(connection, order.order_id, cause or _CAUSES[state], now=business)
    journey.moved(connection, deps, order, state, decline=str((changes or {}).get("decline") or order.decline))
    return state


def take_minutes_back(connection: Connection, deps: Deps, order: Order) -> None:
    """Let the product take back, once, what is left of the minutes of an order whose money is all back."""
    if wording.minutes_of(deps.catalog, order):
        outbox.enqueue(
            connection,
            kind=TAKE_MINUTES_BACK,
            dedupe_key=order.order_id,
            payload={"order": order.order_id},
            order_id=order.order_id,
            now=deps.clock.wall(),
        )


def is_plan_granted(connection: Connection, order: Order) -> bool:
    """Whether the product has confirmed all that an order's group is entitled to."""
    wanted = entitlements.get(connection, f"group:{order.group_id}")
    return wanted is not None and wanted.is_granted


def _commit(connection: Connection, order: Order, keys: Sequence[str], business: datetime, wall: datetime) -> None:
    done = settling.commit(connection, order.order_id, keys=keys, now=business)
    entries.close(connection, _subject(connection, order), wall=wall)
    if any(_has_agreement(connection, each) for each in done.reservations):
        payload: outbox.Payload = {"order": order.order_id}
        outbox.enqueue(
            connection, kind=END_RENEWAL, dedupe_key=order.order_id, payload=payload, order_id=order.order_id, now=wall
        )
    for each in done.reservations:
        outbox.enqueue(
            connection,
            kind=PROMO_REDEEMED,
            dedupe_key=each.reservation_id,
            payload={
                "order": order.order_id,
                "campaign": each.slug,
                "amount": each.amount,
                "currency": each.currency,
            },
            order_id=order.order_id,
            now=wall,
        )
    for each in done.alarms:
        detail = f"{each.slug} {each.amount} {each.currency}"
        audit.record(
            connection, actor="system", action="alarm.overdraft", subject=order.order_id, detail=detail, now=wall
        )


def _has_agreement(connection: Connection, reservation: Reservation) -> bool:
    """Whether it is of a programme, which is for one term and is applied for anew."""
    campaign = version_of(connection, reservation.slug, reservation.version)
    return campaign is not None and campaign.agreement != ""


def _subject(connection: Connection, order: Order) -> str:
    """Return what the buyer's codes were kept for: the checkout, or the subscription that was changed."""
    if order.intent_id:
        return order.intent_id
    changed = by_ref(connection, order.subscription_ref) if order.subscription_ref else None
    return changed.subscription_id if changed else ""
