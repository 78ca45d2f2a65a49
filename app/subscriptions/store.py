"""Reading and writing the projection. ``app.flows.sync`` is the only writer."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from app.core.ids import new_id
from app.db.schema.entitlements import subscriptions
from app.db.sql import insert_new
from app.vendor_adapters.types import SubscriptionSnapshot, SubscriptionStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A projected subscription; ``unit_amount`` is minor units per seat and term, ``ends_at`` exclusive."""

    subscription_id: str
    vendor: str
    subscription_ref: str
    account_id: str
    order_id: str
    deployment: str
    group_id: str
    plan: str
    offer: str
    status: SubscriptionStatus
    seats: int
    unit_amount: int
    currency: str
    starts_at: datetime
    ends_at: datetime
    cancel_at: datetime | None
    channel: str
    sold_by: str
    version: int
    observed_at: datetime


def write_snapshot(
    connection: Connection,
    snapshot: SubscriptionSnapshot,
    *,
    vendor: str,
    account_id: str,
    plan: str,
    deployment: str,
    group_id: str,
) -> tuple[Subscription, bool]:
    """Store what the vendor says unless something newer is stored; return what stands now, and whether it changed.

    What has not changed was read again all the same: the sweep goes on with what was read longest ago.
    """
    values = {
        "account_id": account_id,
        "order_id": snapshot.order,
        "deployment": deployment,
        "group_id": group_id,
        "plan": plan,
        "offer": snapshot.offer,
        "status": snapshot.status.value,
        "seats": snapshot.seats,
        "unit_amount": snapshot.unit_price.minor,
        "currency": snapshot.unit_price.currency,
        "starts_at": snapshot.period.starts_at,
        "ends_at": snapshot.period.ends_at,
        "cancel_at": snapshot.cancel_at,
        "channel": snapshot.channel.value,
        "sold_by": snapshot.sold_by,
        "version": snapshot.version,
        "observed_at": snapshot.observed_at,
    }
    identity = {"subscription_id": new_id("sub"), "vendor": vendor, "subscription_ref": snapshot.ref}
    changed = insert_new(connection, subscriptions, identity | values | {"packs": "[]", "renews_as": ""})
    if not changed:
        newer = (subscriptions.c.subscription_ref == snapshot.ref) & (subscriptions.c.version < snapshot.version)
        changed = connection.execute(update(subscriptions).where(newer).values(**values)).rowcount == 1
        same = (subscriptions.c.subscription_ref == snapshot.ref) & (subscriptions.c.version == snapshot.version)
        connection.execute(update(subscriptions).where(same).values(observed_at=snapshot.observed_at))
    stored = by_ref(connection, snapshot.ref)
    if stored is None:
        raise LookupError(f"subscription {snapshot.ref} was written and is not there")
    return stored, changed


def by_ref(connection: Connection, ref: str) -> Subscription | None:
    """Return the projection of one of the vendor's subscriptions."""
    row = connection.execute(select(*_COLUMNS).where(subscriptions.c.subscription_ref == ref)).mappings().first()
    return Subscription(**{**row, "status": SubscriptionStatus(row["status"])}) if row else None


def live_for_group(connection: Connection, group_id: str, *, now: datetime) -> Subscription | None:
    """Return the plan subscription that a group has at ``now`` (business time), if any.

    An ended one that is still linked does not count: it must not block a new order.
    """
    running = subscriptions.c.status.in_([status.value for status in _RUNNING])
    row = (
        connection.execute(
            select(*_COLUMNS)
            .where(subscriptions.c.group_id == group_id, running, subscriptions.c.ends_at > now)
            .order_by(subscriptions.c.starts_at)
        )
        .mappings()
        .first()
    )
    return Subscription(**{**row, "status": SubscriptionStatus(row["status"])}) if row else None


def has_subscription(connection: Connection, account_id: str) -> bool:
    """Whether the account has any subscription, ended ones included."""
    found = select(subscriptions.c.subscription_id).where(subscriptions.c.account_id == account_id).limit(1)
    return connection.execute(found).first() is not None


def stale_refs(connection: Connection, *, before: datetime, limit: int) -> tuple[tuple[str, str], ...]:
    """Return (vendor, ref) of the projections that were last read before ``before``, the oldest first."""
    rows = connection.execute(
        select(subscriptions.c.vendor, subscriptions.c.subscription_ref)
        .where(subscriptions.c.observed_at < before, subscriptions.c.status != SubscriptionStatus.CANCELLED.value)
        .order_by(subscriptions.c.observed_at)
        .limit(limit)
    )
    return tuple((row.vendor, row.subscription_ref) for row in rows)


_RUNNING = (
    SubscriptionStatus.ACTIVE,
    SubscriptionStatus.TRIALING,
    SubscriptionStatus.PAST_DUE,
    SubscriptionStatus.PAUSED,
    SubscriptionStatus.UNKNOWN,
)
_COLUMNS = tuple(column for column in subscriptions.c if column.name not in ("packs", "renews_as"))
