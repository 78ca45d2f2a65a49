"""Orders: one row each, its history, and the row that lets only one order be under way for a target."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, delete, func, insert, or_, select, update
from sqlalchemy.engine import RowMapping

from app.core.pauses import pause_after
from app.core.problems import NotYours
from app.db.schema.identity import account_managers
from app.db.schema.orders import attempts, declines, live_orders, order_states, orders
from app.db.sql import count_by, insert_new
from app.orders.kinds import CHANGES, OF_PACKS, RENEWAL
from app.orders.states import KEPT, PAID, UNPAID, Action, State, next_state
from app.vendor_adapters.types import Decline

FIRST_LOOK = timedelta(seconds=5)  # the buyer's own return settles most orders before the sweep looks
LONGEST_PAUSE = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order. Amounts are minor units of ``currency`` as the buyer confirmed them; ``attempt`` numbers the keys.

    ``packs`` of ``packs_addon`` were bought with the plan; ``packs_granted``: the product has confirmed them.
    """

    order_id: str
    kind: str
    intent_id: str | None
    person_id: str
    account_id: str
    vendor: str
    state: State
    plan: str
    deployment: str
    group_id: str
    group_name: str
    offer: str
    seats: int
    currency: str
    subtotal: int
    discount: int
    tax: int
    total: int
    renews_at: datetime | None
    renewal_total: int | None
    email: str
    company: str
    return_to: str
    attempt: int
    request: str
    quote: str
    payment_method_ref: str
    checkout_ref: str | None
    checkout_url: str
    checkout_expires_at: datetime | None
    subscription_ref: str | None
    invoice_ref: str | None
    charge_ref: str | None
    amount_paid: int
    decline: str
    created_at: datetime
    settled_at: datetime | None
    check_at: datetime | None
    check_tries: int
    amount_refunded: int = 0
    packs_addon: str = ""
    packs: int = 0
    packs_granted: bool = False

    @property
    def target(self) -> str:
        """What only one order at a time may be under way for; of packs there may be several for one group."""
        if self.is_change:
            return f"subscription:{self.subscription_ref}"
        is_plan_of_group = self.group_id and self.kind not in OF_PACKS
        return f"group:{self.group_id}" if is_plan_of_group else f"intent:{self.intent_id}"

    @property
    def bought_packs(self) -> tuple[str, int]:
        """Which add-on's packs were bought and how many, alone or with a plan; ("", 0) without any."""
        return (self.plan, self.seats) if self.kind in OF_PACKS else (self.packs_addon, self.packs)

    @property
    def is_change(self) -> bool:
        """Whether it changes the subscription ``subscription_ref``; ``request`` is then the packed change."""
        return self.kind in CHANGES


def insert_order(connection: Connection, order: Order, *, attempt_id: str, now: datetime) -> bool:
    """Store a draft and take its target; False, with nothing stored, when another order holds the target.

    ``now`` is wall time.
    """
    values = dataclasses.asdict(order) | {"state": order.state.value}
    connection.execute(insert(orders).values(**values))
    if not insert_new(connection, live_orders, {"target": order.target, "order_id": order.order_id}):
        connection.execute(delete(orders).where(orders.c.order_id == order.order_id))
        return False
    insert_new(connection, attempts, {"attempt_id": attempt_id, "order_id": order.order_id, "made_at": now})
    _append_state(connection, order.order_id, order.state, "create", now)
    return True


def add_attempt(connection: Connection, attempt_id: str, order_id: str, *, now: datetime) -> None:
    """Let another press of the button mean the same order."""
    insert_new(connection, attempts, {"attempt_id": attempt_id, "order_id": order_id, "made_at": now})


def order_of_attempt(connection: Connection, attempt_id: str) -> Order | None:
    """Return the order that a press of the button made, if it made one."""
    return _first(
        connection.execute(
            select(orders)
            .join(attempts, attempts.c.order_id == orders.c.order_id)
            .where(attempts.c.attempt_id == attempt_id)
        )
        .mappings()
        .all()
    )


def live_order(connection: Connection, target: str) -> Order | None:
    """Return the order that holds a target."""
    return _first(
        connection.execute(
            select(orders)
            .join(live_orders, live_orders.c.order_id == orders.c.order_id)
            .where(live_orders.c.target == target)
        )
        .mappings()
        .all()
    )


def kept_order(connection: Connection, intent_id: str) -> Order | None:
    """Return the order that an intent has become for good: paid, perhaps paid, or paid back."""
    states = [state.value for state in KEPT]
    query = select(orders).where(orders.c.intent_id == intent_id, orders.c.state.in_(states))
    return _first(connection.execute(query.order_by(orders.c.created_at)).mappings().all())


def newest_order_of(connection: Connection, intent_id: str, person_id: str) -> Order | None:
    """Return what somebody has ordered last by an intent, which may be forgotten by now."""
    query = select(orders).where(orders.c.intent_id == intent_id, orders.c.person_id == person_id)
    return _first(connection.execute(query.order_by(orders.c.created_at.desc()).limit(1)).mappings().all())


def get_order(connection: Connection, order_id: str) -> Order | None:
    """Return an order for the worker; pages ask ``order_of``."""
    return _first(connection.execute(select(orders).where(orders.c.order_id == order_id)).mappings().all())


def get_orders(connection: Connection, order_ids: Sequence[str]) -> dict[str, Order]:
    """Return the orders of these ids, by id, in one statement."""
    rows = connection.execute(select(orders).where(orders.c.order_id.in_(order_ids))).mappings()
    return {row["order_id"]: _order(row) for row in rows}


def order_of(connection: Connection, order_id: str, person_id: str) -> Order:
    """Return the person's own order or one of an account they manage; NotYours otherwise."""
    found = connection.execute(select(orders).where(orders.c.order_id == order_id, _is_of(person_id))).mappings().all()
    order = _first(found)
    if order is None:
        raise NotYours(order_id)
    return order


def orders_of(connection: Connection, person_id: str, *, limit: int, offset: int = 0) -> tuple[Order, ...]:
    """Return the person's orders, newest first."""
    rows = connection.execute(
        select(orders)
        .where(_is_of(person_id))
        .order_by(orders.c.created_at.desc(), orders.c.order_id)
        .limit(limit)
        .offset(offset)
    ).mappings()
    return tuple(_order(row) for row in rows)


def order_of_charge(connection: Connection, vendor: str, charge_ref: str) -> Order | None:
    """Return the order that a vendor's charge paid."""
    paid_by = (orders.c.charge_ref == charge_ref) & (orders.c.vendor == vendor)
    return _first(connection.execute(select(orders).where(paid_by)).mappings().all()) if charge_ref else None


def unpaid_of(connection: Connection, person_id: str) -> tuple[Order, ...]:
    """Return the orders of a person that may still be paid, oldest first."""
    states = [state.value for state in UNPAID]
    query = select(orders).where(orders.c.person_id == person_id, orders.c.state.in_(states))
    rows = connection.execute(query.order_by(orders.c.created_at, orders.c.order_id)).mappings()
    return tuple(_order(row) for row in rows)


def has_paid_order(connection: Connection, account_id: str) -> bool:
    """Whether the account ever paid here: before that, no card can be stored."""
    paid = connection.execute(
        select(func.count()).select_from(orders).where(orders.c.account_id == account_id, orders.c.amount_paid > 0)
    ).scalar_one()
    return paid > 0


def account_mark(connection: Connection, account_id: str) -> str:
    """Return a text that is another one after each of the account's orders that was settled."""
    found = select(func.count(), func.max(orders.c.settled_at)).where(orders.c.account_id == account_id)
    row = connection.execute(found.where(orders.c.settled_at.is_not(None))).one()
    return f"{row[0]} {row[1]}"


def follow(connection: Connection, before: str, after: str) -> None:
    """Let the settled orders of a subscription be those of the one in which it goes on at its vendor."""
    settled = orders.c.state.in_([State.REFUNDED.value, *(state.value for state in PAID)])
    mine = (orders.c.subscription_ref == before) & settled
    connection.execute(update(orders).where(mine).values(subscription_ref=after))


def awaiting_grant(connection: Connection, subscription_ref: str) -> tuple[Order, ...]:
    """Return the paid orders of a subscription's plan that the product has not confirmed yet, oldest first."""
    waiting = [state.value for state in PAID if state is not State.GRANTED]
    rows = connection.execute(
        select(orders)
        .where(
            orders.c.subscription_ref == subscription_ref,
            orders.c.state.in_(waiting),
            orders.c.kind.not_in(OF_PACKS),  # their grants are of their own
        )
        .order_by(orders.c.created_at, orders.c.order_id)
    ).mappings()
    return tuple(_order(row) for row in rows)


def last_renewal(connection: Connection, subscription_ref: str) -> Order | None:
    """Return the newest paid order of a subscription's next term."""
    paid = [state.value for state in PAID]
    query = select(orders).where(
        orders.c.subscription_ref == subscription_ref, orders.c.kind == RENEWAL, orders.c.state.in_(paid)
    )
    return _first(connection.execute(query.order_by(orders.c.created_at.desc()).limit(1)).mappings().all())


def lock_order(connection: Connection, order_id: str) -> Order | None:
    """Return an order and hold its row until the transaction ends, so that two settlers take turns."""
    rows = connection.execute(select(orders).where(orders.c.order_id == order_id).with_for_update()).mappings().all()
    return _first(rows)


def advance(connection: Connection, order: Order, action: Action, *, now: datetime, **changes: object) -> State | None:
    """Take ``action`` on a locked order with ``changes`` of its columns; None when the state does not allow it.

    Leaving the unpaid states gives the target free and ends the sweep's looks. ``now`` is wall time.
    """
    state = next_state(order.state, action)
    if state is None:
        return None
    if state not in UNPAID:
        connection.execute(delete(live_orders).where(live_orders.c.order_id == order.order_id))
        changes = {"settled_at": order.settled_at or now, "check_at": None, **changes}
    connection.execute(update(orders).where(orders.c.order_id == order.order_id).values(state=state.value, **changes))
    if state is not order.state:
        _append_state(connection, order.order_id, state, action.value, now)
    return state


def update_order(connection: Connection, order_id: str, **changes: object) -> None:
    """Change columns that are not the state."""
    connection.execute(update(orders).where(orders.c.order_id == order_id).values(**changes))


def state_history(connection: Connection, order_id: str) -> tuple[tuple[str, str, datetime], ...]:
    """Return (state, action, instant), oldest first."""
    rows = connection.execute(
        select(order_states).where(order_states.c.order_id == order_id).order_by(order_states.c.seq)
    ).all()
    return tuple((row.state, row.action, row.at) for row in rows)


def claim_due(connection: Connection, *, now: datetime, limit: int = 20) -> Sequence[Order]:
    """Take up to ``limit`` unpaid orders whose next look is due, and put that look off, ever longer."""
    return _claim(connection, select(orders).where(orders.c.check_at <= now).order_by(orders.c.check_at), now, limit)


def claim_after(connection: Connection, order_id: str, *, now: datetime, limit: int = 20) -> Sequence[Order]:
    """Take up to ``limit`` unpaid orders that follow ``order_id`` (empty: from the first), due or not."""
    is_open = orders.c.check_at.is_not(None) & (orders.c.order_id > order_id)
    return _claim(connection, select(orders).where(is_open).order_by(orders.c.order_id), now, limit)


def count_by_state(connection: Connection) -> dict[str, int]:
    """Return how many orders are in each state."""
    return count_by(connection, orders.c.state)


def oldest_unsettled(connection: Connection) -> datetime | None:
    """Return since when (wall time) the oldest order that may still move money is open, None when none is."""
    states = [state.value for state in UNPAID]
    first = (order_states.c.order_id == orders.c.order_id) & (order_states.c.seq == 1)
    found = select(order_states.c.at).join(orders, first).where(orders.c.state.in_(states))
    return connection.execute(found.order_by(order_states.c.at).limit(1)).scalar()


def record_decline(connection: Connection, order: Order, decline: Decline) -> bool:
    """Count a refused payment once, however often it is read; whether it was new."""
    values = {
        "decline_ref": decline.ref,
        "order_id": order.order_id,
        "account_id": order.account_id,
        "person_id": order.person_id,
        "reason": decline.reason.value,
        "at": decline.at,
    }
    return insert_new(connection, declines, values)


def recent_declines(connection: Connection, person_id: str, account_id: str, *, since: datetime) -> list[datetime]:
    """Return when payments of this person or account were refused since then, oldest first."""
    rows = connection.execute(
        select(declines.c.at)
        .where(or_(declines.c.person_id == person_id, declines.c.account_id == account_id), declines.c.at > since)
        .order_by(declines.c.at)
    )
    return [row.at for row in rows]


def _is_of(person_id: str) -> ColumnElement[bool]:
    managed = select(account_managers.c.account_id).where(account_managers.c.person_id == person_id)
    return or_(orders.c.person_id == person_id, orders.c.account_id.in_(managed))


def _claim(connection: Connection, which: Select[Any], now: datetime, limit: int) -> Sequence[Order]:
    rows = connection.execute(which.limit(limit).with_for_update(skip_locked=True)).mappings().all()
    for row in rows:
        tries = row["check_tries"] + 1
        check_at = now + pause_after(tries, first=FIRST_LOOK, longest=LONGEST_PAUSE)
        update_order(connection, row["order_id"], check_at=check_at, check_tries=tries)
    return [_order(row) for row in rows]


def _append_state(connection: Connection, order_id: str, state: State, action: str, now: datetime) -> None:
    last = connection.execute(
        select(func.coalesce(func.max(order_states.c.seq), 0)).where(order_states.c.order_id == order_id)
    ).scalar_one()
    values = {"order_id": order_id, "seq": last + 1, "state": state.value, "action": action, "at": now}
    connection.execute(insert(order_states).values(**values))


def _first(rows: Sequence[RowMapping]) -> Order | None:
    return _order(rows[0]) if rows else None


def _order(row: RowMapping) -> Order:
    return Order(**{**row, "state": State(row["state"])})
