"""Whether what was bought goes on: journeys that still pay some days after they paid first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, func, select

from app.db.schema.entitlements import subscriptions
from app.db.schema.funnel import funnel, journeys
from app.db.schema.orders import orders
from app.events.funnel import Step
from app.events.funnel_counts import Which, chosen

AFTER_DAYS = (30, 90)
_REFUNDED = "refunded"
_PAID = ("paid", "grant_retry", "granted", _REFUNDED)
_OVER = ("cancelled", "incomplete")
_OWING = ("past_due", "paused")


@dataclass(frozen=True, slots=True)
class Kept:
    """Of ``old_enough`` journeys that paid so long ago, ``count`` still pay."""

    count: int
    old_enough: int


@dataclass(frozen=True, slots=True)
class _Sold:
    paid_at: datetime
    state: str
    status: str | None
    ends_at: datetime | None


def still_paying(connection: Connection, which: Which, *, now: datetime) -> Mapping[int, Kept]:
    """Return, for each of AFTER_DAYS, how many journeys of ``which`` still paid then.

    An order that was paid back does not count any more, whenever that was; a subscription that is over counts up to
    the end of its term. What needs no subscription, such as packs, goes on unless it is paid back.
    """
    sold = _sold(connection, which)
    return {days: _kept(sold, timedelta(days=days), now) for days in AFTER_DAYS}


def _kept(sold: Sequence[_Sold], after: timedelta, now: datetime) -> Kept:
    old = [each for each in sold if each.paid_at + after <= now]
    return Kept(sum(_pays(each, after) for each in old), len(old))


def _pays(sold: _Sold, after: timedelta) -> bool:
    if sold.state == _REFUNDED or sold.status in _OWING:
        return False
    return sold.status not in _OVER or (sold.ends_at is not None and sold.ends_at >= sold.paid_at + after)


def _sold(connection: Connection, which: Which) -> Sequence[_Sold]:
    is_of = (orders.c.intent_id == funnel.c.journey_id) | (orders.c.order_id == funnel.c.journey_id)
    ends_at = func.coalesce(subscriptions.c.cancel_at, subscriptions.c.ends_at)
    query = (
        select(funnel.c.at, func.max(orders.c.state), func.max(subscriptions.c.status), func.max(ends_at))
        .join(journeys, journeys.c.journey_id == funnel.c.journey_id)
        .join(orders, and_(is_of, orders.c.state.in_(_PAID)))
        .outerjoin(subscriptions, subscriptions.c.subscription_ref == orders.c.subscription_ref)
        .where(*chosen(which), funnel.c.event == Step.PAID.value)
        .group_by(funnel.c.journey_id, funnel.c.at)
    )
    return [_Sold(*row) for row in connection.execute(query)]
