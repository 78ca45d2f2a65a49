"""What a group uses: asked of the product, else as it was last read; and what to buy when something runs out."""

from dataclasses import dataclass

from app.catalog.model import Addon, Catalog
from app.core.problems import Problem
from app.entitlements.product import ProductError, Usage
from app.flows.deps import Deps
from app.flows.packs import Linked, packs_blocker
from app.subscriptions.eligibility import Reason, reason_for
from app.subscriptions.store import Subscription
from app.usage import store
from app.usage.alerts import AlertKind
from app.usage.missing import minutes_packs_missing, storage_packs_missing
from app.usage.readings import Reading

MINUTES, GIB = "compute_minutes", "storage_gib"
_GIVES = {AlertKind.MINUTES: MINUTES, AlertKind.STORAGE: GIB}


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyable:
    """What can be bought here for a group, seats for its plan and packs, and if not, why (None: nothing to tell)."""

    kinds: frozenset[AlertKind]
    packs_problem: Problem | None


async def usage_now(deps: Deps, group_id: str) -> Usage | None:
    """Return what the product says now; None while it does not answer, for a group that is gone, and for no group."""
    try:
        return await deps.product.usage(group_id) if group_id else None
    except ProductError:
        return None


async def last_known(deps: Deps, group_id: str, usage: Usage | None, seats: int) -> Reading | None:
    """Return ``usage`` as a reading of a group with so many seats paid; without it the last one that was kept."""
    if usage is not None:
        return reading_of(usage, group_id, seats)
    return await deps.db.read(lambda connection: store.latest(connection, group_id)) if group_id else None


def reading_of(usage: Usage, group_id: str, seats: int) -> Reading:
    """Return the product's figures beside the seats that are paid."""
    return Reading(
        group_id=group_id,
        seats=seats,
        seats_in_use=usage.seats_in_use,
        seats_max=usage.seats_max,
        minutes_used=usage.minutes_used,
        minutes_quota=usage.minutes_quota,
        minutes_in_packs=usage.minutes_in_packs,
        storage_gib=usage.storage_gib,
        storage_quota_gib=usage.storage_quota_gib,
        counted_at=usage.counted_at,
    )


def buyable(deps: Deps, plan: Subscription | None) -> Buyable:
    """Return what can be bought for a group that has ``plan``, or none."""
    found = packs_blocker(Linked(subscription=plan, account=None))
    kinds = set() if found else {AlertKind.MINUTES, AlertKind.STORAGE}
    if plan is not None and reason_for(plan, now=deps.clock.now()) is Reason.OK:
        kinds.add(AlertKind.SEATS)
    return Buyable(kinds=frozenset(kinds), packs_problem=found)


def addon_for(catalog: Catalog, kind: AlertKind) -> Addon | None:
    """Return the add-on that gives what runs out; None for seats, and where none is sold."""
    gives = _GIVES.get(kind, "")
    return next((addon for addon in catalog.addons if dict(addon.grants).get(gives)), None)


async def proposed_packs(deps: Deps, addon: Addon, group_id: str) -> int:
    """Return as many packs as cover what the group is short of by the product's word, at least one."""
    usage = await usage_now(deps, group_id)
    return packs_for(addon, reading_of(usage, group_id, 0)) if usage else addon.min_packs


def packs_for(addon: Addon, reading: Reading) -> int:
    """Return as many packs as cover what the group is short of, within what one order may hold."""
    grants = dict(addon.grants)
    wanted = addon.min_packs
    if grants.get(MINUTES):
        wanted = minutes_packs_missing(reading, grants[MINUTES])
    elif grants.get(GIB):
        wanted = storage_packs_missing(reading, grants[GIB])
    return min(max(wanted, addon.min_packs), addon.max_packs)
