"""The page of what a group uses: who may see it, what was read month by month, and what can be bought."""

import asyncio
from dataclasses import dataclass

from sqlalchemy import Connection

from app.core.clock import add_months, midnight
from app.core.problems import NotYours, Problem
from app.entitlements.product import Group, ProductError
from app.flows.deps import Deps
from app.flows.group_names import group_name
from app.flows.own_subscriptions import open_subscription
from app.flows.usage.alerts import Told, alerts_on_pages
from app.flows.usage.counting_store import payer_of
from app.flows.usage.known import Buyable, buyable, last_known, usage_now
from app.identity.accounts import account_for
from app.identity.actor import Person
from app.subscriptions.eligibility import reason_for, reason_problem
from app.subscriptions.store import Subscription, live_for_group
from app.usage import store
from app.usage.months import MONTHS, Month, by_month
from app.usage.readings import Reading

_NOTHING = Buyable(kinds=frozenset(), packs_problem=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class UsagePage:
    """What the page shows.

    Attributes:
        group_id: empty for an instance of one's own, whose figures are nowhere but there. plan: the group's, None
            without one. reading: None while nothing is known. is_live: the product was asked just now. may_buy: the
            person owns the group or manages the account; the others ask an owner. seats_problem: why no seats can be
            added. group_name: what people call the group.
    """

    group_id: str
    group_name: str
    plan: Subscription | None
    reading: Reading | None
    is_live: bool
    is_stale: bool
    months: tuple[Month, ...]
    may_buy: bool
    can_buy: Buyable
    seats_problem: Problem | None
    alerts: tuple[Told, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A group that a person may see, with the plan that it has."""

    group_id: str
    plan: Subscription | None
    may_buy: bool


async def see_subscription(deps: Deps, person: Person, subscription_id: str) -> Seen:
    """Return the group of a subscription to somebody who may change it; NotYours to anybody else."""
    plan = await open_subscription(deps, person, subscription_id)
    return Seen(group_id=plan.group_id, plan=plan, may_buy=True)


async def see_group(deps: Deps, person: Person, group_id: str) -> Seen:
    """Return a group to the people who are in it and to those who pay for it; NotYours to anybody else.

    Raises ProductError when only the product could tell.
    """

    def read(connection: Connection) -> tuple[Subscription | None, bool]:
        plan = live_for_group(connection, group_id, now=deps.clock.now())
        account_id = payer_of(connection, group_id, now=deps.clock.now(), wall=deps.clock.wall())
        pays = bool(account_id) and account_for(connection, account_id, person.person_id) is not None
        return plan, pays

    plan, pays = await deps.db.read(read)
    if pays:
        return Seen(group_id=group_id, plan=plan, may_buy=True)
    group = await _group(deps, person, group_id)
    if group is None:
        raise NotYours(group_id)
    return Seen(group_id=group_id, plan=plan, may_buy=group.can_edit_billing)


async def read_usage_page(deps: Deps, person: Person, seen: Seen) -> UsagePage:
    """Return the page: the product's word of now, else what was last read; a live reading is kept as the day's."""
    plan, now = seen.plan, deps.clock.now()
    usage, name = await asyncio.gather(usage_now(deps, seen.group_id), group_name(deps, seen.group_id))
    reading = await last_known(deps, seen.group_id, usage, plan.seats if plan else 0)
    if usage is not None and reading is not None:
        await deps.db.write(lambda connection: store.record(connection, reading))
    can_buy = buyable(deps, plan) if seen.may_buy else _NOTHING
    return UsagePage(
        group_id=seen.group_id,
        group_name=name,
        plan=plan,
        reading=reading,
        is_live=usage is not None,
        is_stale=reading is not None and reading.is_stale(now, deps.catalog.rules.alerts.stale_after),
        months=by_month(await read_days(deps, seen.group_id), now),
        may_buy=seen.may_buy,
        can_buy=can_buy,
        seats_problem=reason_problem(reason_for(plan, now=now), plan) if plan else None,
        alerts=await alerts_on_pages(deps, person, reading, plan, can_buy, name),
    )


async def read_days(deps: Deps, group_id: str) -> tuple[Reading, ...]:
    """Return the readings of the last twelve months, one a day, the oldest first."""
    first = add_months(midnight(deps.clock.now()).replace(day=1), 1 - MONTHS)
    return await deps.db.read(lambda connection: store.days_of(connection, group_id, since=first))


async def reading_of_group(deps: Deps, seen: Seen) -> Reading | None:
    """Return what is known of a group, for a step that needs no page."""
    usage = await usage_now(deps, seen.group_id)
    return await last_known(deps, seen.group_id, usage, seen.plan.seats if seen.plan else 0)


async def alerts_of_group(deps: Deps, person: Person | None, group_id: str) -> tuple[str, tuple[Told, ...]]:
    """Return a group's name and what runs out of it, for a page of everybody's that was given its id.

    Those who may not buy for it hear nothing but the id.
    """
    if person is None or not group_id:
        return group_id, ()
    try:
        seen = await see_group(deps, person, group_id)
    except (NotYours, ProductError):
        return group_id, ()
    if not seen.may_buy:
        return group_id, ()
    reading, name = await asyncio.gather(reading_of_group(deps, seen), group_name(deps, group_id))
    return name, await alerts_on_pages(deps, person, reading, seen.plan, buyable(deps, seen.plan), name)


async def _group(deps: Deps, person: Person, group_id: str) -> Group | None:
    if person.issuer != deps.config.oidc.issuer:
        return None  # a contact without a product account: their subject means nothing to the product
    return await deps.product.group(group_id, subject=person.subject)
