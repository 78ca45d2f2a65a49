"""Extra storage of a group: always the whole size that is paid for, so that saying it again changes nothing."""

from datetime import timedelta

from sqlalchemy import Connection

from app.catalog.model import Addon
from app.entitlements import store as entitlements
from app.entitlements.plan_rules import NOTHING, PlanState, entitled_plan
from app.entitlements.store import STORAGE_OF
from app.events import audit, outbox
from app.flows.deps import Deps
from app.orders.packs import newest_packs_order
from app.subscriptions import store as subscriptions
from app.subscriptions.store import PACKS_OF, PLAN_OF, Subscription

GRANT_STORAGE = "grant_storage"
_GIB = "storage_gib"


def gib_of(addon: Addon) -> int:
    """Return the GiB that one pack gives, 0 for an add-on that gives none."""
    return dict(addon.grants).get(_GIB, 0)


def storage_offers(deps: Deps) -> tuple[str, ...]:
    """Return the price rows of storage, retired ones included."""
    return tuple(row.id for row in deps.catalog.prices if _gib_of_offer(deps, row.id))


def derive_storage(connection: Connection, deps: Deps, subscription: Subscription) -> None:
    """Let the product know what storage the group of ``subscription`` has, from all that is paid for it."""
    group_id = _group_of(subscription)
    state = _entitled(connection, deps, group_id) if group_id else None
    target = f"{STORAGE_OF}{group_id}"
    if state is None or (state == NOTHING and entitlements.get(connection, target) is None):
        return
    now = deps.clock.wall()
    paid_by = newest_packs_order(connection, group_id, offers=storage_offers(deps))
    wanted = entitlements.want(connection, target, state, subscription_id="", order_id=paid_by, now=now)
    if wanted is None:
        return
    outbox.enqueue(
        connection,
        kind=GRANT_STORAGE,
        dedupe_key=f"{target}:{wanted.version}",
        payload={"target": target},
        order_id=paid_by,
        now=now,
    )
    detail = f"{wanted.seats} GiB, version {wanted.version}"
    audit.record(connection, actor="system", action="entitlement.wanted", subject=target, detail=detail, now=now)


def _entitled(connection: Connection, deps: Deps, group_id: str) -> PlanState | None:
    """Return the storage that is paid for; None while one of its subscriptions is in a state that nobody knows."""
    gib = 0
    ends = []
    for subscription, packs in subscriptions.of_subject(connection, group_id):
        size = _size(deps, subscription, packs)
        state = _state(deps, subscription)
        if size and state is None:
            return None
        if size and state and state.ends_at:
            gib += size
            ends.append(state.ends_at)
    return PlanState(plan="storage", seats=gib, starts_at=None, ends_at=max(ends)) if gib else NOTHING


def _state(deps: Deps, subscription: Subscription) -> PlanState | None:
    return entitled_plan(
        status=subscription.status,
        plan=subscription.plan,
        seats=subscription.seats,
        starts_at=subscription.starts_at,
        ends_at=subscription.ends_at,
        cancel_at=subscription.cancel_at,
        grace=timedelta(days=deps.catalog.rules.grace_days),
        now=deps.clock.now(),
    )


def _size(deps: Deps, subscription: Subscription, packs: dict[str, int]) -> int:
    held = {subscription.offer: subscription.seats} if subscription.is_of_packs else packs
    return sum(_gib_of_offer(deps, offer) * count for offer, count in held.items())


def _gib_of_offer(deps: Deps, offer: str) -> int:
    item = next((row.item for row in deps.catalog.prices if row.id == offer), "")
    addon = deps.catalog.addon(item)
    return gib_of(addon) if addon else 0


def _group_of(subscription: Subscription) -> str:
    for prefix in (PLAN_OF, PACKS_OF):
        if subscription.subject.startswith(prefix):
            return subscription.subject.removeprefix(prefix)
    return ""
