"""Mails that keep a promise: a buyer who was told "confirming", or who paid for nothing, hears how it ended."""

from sqlalchemy import Connection

from app import formats
from app.core.money import Money
from app.emails.mails import NotCharged, PaidBack
from app.flows import wording
from app.flows.deps import Deps
from app.flows.greetings import greeted
from app.flows.post import enqueue_mail
from app.orders import store
from app.orders.states import State
from app.orders.store import Order

_UNCHARGED = (State.FAILED, State.EXPIRED, State.CANCELLED)


def tell_not_charged(connection: Connection, deps: Deps, before: Order) -> None:
    """Mail that nothing was charged, once, where an order has just ended so that was ``before`` being confirmed.

    Call it after the order was written, and not for an answer that the buyer is given on the spot.
    """
    if before.state is not State.CONFIRMING:
        return
    order = store.get_order(connection, before.order_id)
    if order is None or order.state not in _UNCHARGED:
        return
    is_refused = order.state is State.FAILED and order.decline
    mail = NotCharged(
        to=order.email,
        name=greeted(connection, order),
        order_id=order.order_id,
        bought=wording.bought(deps.catalog, order),
        reason=wording.decline_problem(order.decline).text if is_refused else "",
        again_url=f"{deps.config.base_url}{wording.again_path(order)}",
    )
    _enqueue(connection, deps, mail, f"not_charged:{order.order_id}")


def tell_paid_back(connection: Connection, deps: Deps, order: Order, *, by_hand: bool = False) -> bool:
    """Mail that the later of two payments for one group goes back, once; whether that was now.

    Args:
        by_hand: people give it back, because the vendor makes no refunds.
    """
    mail = PaidBack(
        to=order.email,
        name=greeted(connection, order),
        order_id=order.order_id,
        bought=wording.bought(deps.catalog, order),
        amount=formats.money(Money(order.amount_paid, order.currency)),
        order_url=wording.order_url(deps.config, order.order_id),
        by_hand=by_hand,
    )
    return _enqueue(connection, deps, mail, f"paid_back:{order.order_id}")


def _enqueue(connection: Connection, deps: Deps, mail: NotCharged | PaidBack, dedupe_key: str) -> bool:
    now = deps.clock.wall()
    return enqueue_mail(connection, deps.sealer, mail, dedupe_key=dedupe_key, order_id=mail.order_id, now=now)
