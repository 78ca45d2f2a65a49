"""Desired state per target, with a version that grows with each change and the version that the product confirmed."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from app.db.schema.entitlements import entitlements
from app.db.sql import insert_new
from app.entitlements.plan_rules import PlanState

STORAGE_OF = "storage:"
"""The target of a group's extra storage; ``seats`` are then GiB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitlement:
    """What a target (``group:acme``, ``storage:acme``) should have, since which order."""

    target: str
    subscription_id: str
    order_id: str
    plan: str
    seats: int
    starts_at: datetime | None
    ends_at: datetime | None
    version: int
    granted_version: int

    @property
    def group_id(self) -> str:
        """The product's group."""
        return self.target.removeprefix("group:")

    @property
    def is_granted(self) -> bool:
        """Whether the product has confirmed the newest version."""
        return self.granted_version >= self.version


def want(
    connection: Connection, target: str, state: PlanState, *, subscription_id: str, order_id: str, now: datetime
) -> Entitlement | None:
    """Make ``state`` what the target should have; None when it is that already. ``now`` is wall time."""
    values = {
        "subscription_id": subscription_id,
        "order_id": order_id,
        "plan": state.plan,
        "seats": state.seats,
        "starts_at": state.starts_at,
        "ends_at": state.ends_at,
        "changed_at": now,
    }
    if insert_new(connection, entitlements, {"target": target, "version": 1, "granted_version": 0} | values):
        return get(connection, target)
    current = get(connection, target)
    if current and _same(current, state) and current.subscription_id == subscription_id:
        return None
    connection.execute(
        update(entitlements).where(entitlements.c.target == target).values(version=entitlements.c.version + 1, **values)
    )
    return get(connection, target)


def get(connection: Connection, target: str) -> Entitlement | None:
    """Return what a target should have."""
    columns = [column for column in entitlements.c if column.name != "changed_at"]
    row = connection.execute(select(*columns).where(entitlements.c.target == target)).mappings().first()
    return Entitlement(**row) if row else None


def mark_granted(connection: Connection, target: str, version: int) -> None:
    """The product confirmed ``version``; an older confirmation that comes late changes nothing."""
    connection.execute(
        update(entitlements)
        .where(entitlements.c.target == target, entitlements.c.granted_version < version)
        .values(granted_version=version)
    )


def _same(current: Entitlement, state: PlanState) -> bool:
    stored = PlanState(plan=current.plan, seats=current.seats, starts_at=current.starts_at, ends_at=current.ends_at)
    return stored == state
