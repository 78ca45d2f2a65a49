"""Which subscriptions have more people than seats, as the product was last read."""

from datetime import datetime

from sqlalchemy import Connection, func, select

from app.db.schema.entitlements import subscriptions
from app.db.schema.usage import usage_days
from app.subscriptions.store import PLAN_OF, Subscription, by_id
from app.usage.readings import Reading
from app.usage.store import days_of
from app.vendor_adapters.types import SubscriptionStatus

_HELD = (SubscriptionStatus.ACTIVE.value, SubscriptionStatus.PAST_DUE.value)


def over_their_seats(connection: Connection, *, now: datetime) -> tuple[tuple[Subscription, tuple[Reading, ...]], ...]:
    """Return every running plan whose last reading of its term tells more people than seats, by its group.

    Each with the readings of the term, the oldest first. ``now`` is business time.
    """
    last = select(usage_days.c.group_id, func.max(usage_days.c.day).label("day")).group_by(usage_days.c.group_id)
    newest = last.subquery()
    columns = subscriptions.c
    ids = connection.execute(
        select(columns.subscription_id)
        .join(newest, newest.c.group_id == columns.group_id)
        .join(usage_days, (usage_days.c.group_id == newest.c.group_id) & (usage_days.c.day == newest.c.day))
        .where(
            columns.subject.like(f"{PLAN_OF}%"),
            columns.status.in_(_HELD),
            columns.ends_at > now,
            usage_days.c.counted_at >= columns.starts_at,
            usage_days.c.seats_max > columns.seats,
        )
        .order_by(columns.group_id, columns.subscription_id)
    ).scalars()
    found = [each for each in (by_id(connection, subscription_id) for subscription_id in ids.all()) if each]
    return tuple((each, days_of(connection, each.group_id, since=each.starts_at)) for each in found)
