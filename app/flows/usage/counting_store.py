"""Which groups something was bought for, so that what they use is worth asking for, and who pays for them."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, func, literal, or_, select, union

from app.db.schema.entitlements import subscriptions
from app.db.schema.orders import orders
from app.db.schema.usage import usage_looks
from app.orders.kinds import OF_PACKS
from app.orders.states import PAID
from app.subscriptions.store import PACKS_OF, PLAN_OF
from app.vendor_adapters.types import SubscriptionStatus

BOUGHT_LASTS = timedelta(days=400)  # minutes bought once are good for a year


def due_groups(connection: Connection, *, now: datetime, wall: datetime, limit: int) -> tuple[str, ...]:
    """Return groups whose look is due at ``now`` (business time), those never looked at first."""
    columns = subscriptions.c
    runs = [columns.status != SubscriptionStatus.CANCELLED.value, columns.ends_at > now]
    known = union(
        select(columns.group_id.label("group_id")).where(columns.group_id != "", *runs),
        select(func.substr(columns.subject, len(PACKS_OF) + 1)).where(columns.subject.like(f"{PACKS_OF}%"), *runs),
        select(orders.c.group_id).where(*_paid_packs(wall)),
    ).subquery()
    rows = connection.execute(
        select(known.c.group_id)
        .join(usage_looks, usage_looks.c.group_id == known.c.group_id, isouter=True)
        .where(or_(usage_looks.c.due_at.is_(None), usage_looks.c.due_at <= now))
        .order_by(usage_looks.c.due_at.is_not(None), usage_looks.c.due_at, known.c.group_id)
        .limit(limit)
    )
    return tuple(rows.scalars())


def payer_of(connection: Connection, group_id: str, *, now: datetime, wall: datetime) -> str:
    """Return the account that pays for a group: for its plan, else for its packs; empty when none does any more."""
    columns = subscriptions.c
    runs = [columns.status != SubscriptionStatus.CANCELLED.value, columns.ends_at > now]
    found = union(
        select(columns.account_id, literal(0).label("rank"), columns.starts_at.label("at")).where(
            columns.subject == f"{PLAN_OF}{group_id}", *runs
        ),
        select(columns.account_id, literal(1), columns.starts_at).where(
            columns.subject == f"{PACKS_OF}{group_id}", *runs
        ),
        select(orders.c.account_id, literal(2), orders.c.created_at).where(
            *_paid_packs(wall), orders.c.group_id == group_id
        ),
    ).subquery()
    query = select(found.c.account_id).order_by(found.c.rank, found.c.at.desc(), found.c.account_id).limit(1)
    return connection.execute(query).scalar() or ""


def _paid_packs(wall: datetime) -> tuple[ColumnElement[bool], ...]:
    states = [state.value for state in PAID]
    return (
        or_(orders.c.kind.in_(sorted(OF_PACKS)), orders.c.packs > 0),
        orders.c.state.in_(states),
        orders.c.group_id != "",
        orders.c.settled_at > wall - BOUGHT_LASTS,
    )
