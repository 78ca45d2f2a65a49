"""The one writer of the projection: what the vendor says of a subscription, and what that entitles to."""

from datetime import timedelta

from sqlalchemy import Connection

from app.entitlements import store as entitlements
from app.entitlements.plan_rules import entitled_plan
from app.events import audit, outbox
from app.flows.deps import Deps
from app.flows.renewals.mails import tell_changes
from app.flows.storage import derive_storage
from app.identity.accounts import account_of_customer
from app.orders import store as orders
from app.subscriptions import store as subscriptions
from app.subscriptions.store import Subscription
from app.vendor_adapters.types import SubscriptionRef, SubscriptionSnapshot

GRANT = "grant"


async def sync(deps: Deps, vendor: str, ref: str) -> Subscription | None:
    """Read a subscription at its vendor and project it; None when its customer is nobody's here.

    Called for a notification, a return, the sweep and after every change: however often, the result is the same.
    """
    snapshot = await deps.vendors[vendor].get_subscription(SubscriptionRef(ref))

    def write(connection: Connection) -> Subscription | None:
        account_id = account_of_customer(connection, vendor, snapshot.customer)
        return project(connection, deps, vendor, snapshot, account_id) if account_id else None

    return await deps.db.write(write)


def project(
    connection: Connection, deps: Deps, vendor: str, snapshot: SubscriptionSnapshot, account_id: str
) -> Subscription:
    """Write the projection and what follows from it, in the caller's transaction.

    Raises LookupError for an offer that the catalog has dropped: people must put its row back.
    """
    price = next((row for row in deps.catalog.prices if row.id == snapshot.offer), None)
    if price is None:
        raise LookupError(f"subscription {snapshot.ref} is for {snapshot.offer}, which the catalog does not have")
    kind, _, target = snapshot.subject.partition(":")
    before = subscriptions.by_ref(connection, snapshot.ref) or subscriptions.by_ref(connection, snapshot.resumes or "")
    subscription, changed = subscriptions.write_snapshot(
        connection,
        snapshot,
        vendor=vendor,
        account_id=account_id,
        plan=price.item,
        deployment=price.deployment,
        group_id=target if kind == "group" else "",
    )
    if before is not None and before.subscription_ref != subscription.subscription_ref:
        orders.follow(connection, before.subscription_ref, subscription.subscription_ref)
    if changed and subscription.group_id:
        _derive(connection, deps, subscription)
    if changed:
        derive_storage(connection, deps, subscription)
        tell_changes(connection, deps, before, subscription)
    return subscription


def _derive(connection: Connection, deps: Deps, subscription: Subscription) -> None:
    live = subscriptions.live_for_group(connection, subscription.group_id, now=deps.clock.now())
    if live and live.subscription_id != subscription.subscription_id:
        return  # an older one that is still linked must not take away what a newer one gives
    state = entitled_plan(
        status=subscription.status,
        plan=subscription.plan,
        seats=subscription.seats,
        starts_at=subscription.starts_at,
        ends_at=subscription.ends_at,
        cancel_at=subscription.cancel_at,
        grace=timedelta(days=deps.catalog.rules.grace_days),
        now=deps.clock.now(),
    )
    if state is None:
        return
    wall = deps.clock.wall()
    wanted = entitlements.want(
        connection,
        f"group:{subscription.group_id}",
        state,
        subscription_id=subscription.subscription_id,
        order_id=subscription.order_id,
        now=wall,
    )
    if wanted is None:
        return
    outbox.enqueue(
        connection,
        kind=GRANT,
        dedupe_key=f"{wanted.target}:{wanted.version}",
        payload={"target": wanted.target},
        order_id=wanted.order_id,
        now=wall,
    )
    audit.record(
        connection,
        actor="system",
        action="entitlement.wanted",
        subject=wanted.target,
        detail=f"{wanted.plan} for {wanted.seats}, version {wanted.version}",
        now=wall,
    )
