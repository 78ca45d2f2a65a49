"""Which group an order is for: asked of the product at every step, and once more when the button is pressed."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app import formats
from app.core.problems import Problem, ProblemId, problem
from app.entitlements.plan_rules import FREE
from app.entitlements.product import Group, ProductError
from app.flows import wording
from app.flows.deps import Deps
from app.flows.packs import managed_group
from app.identity.actor import Person
from app.orders.intents import GroupCheck, Intent, save_group_check
from app.subscriptions.eligibility import partner_problem
from app.subscriptions.store import live_for_group

CHECK_HOLDS = timedelta(minutes=15)  # so long an answer of the product will do while it is away


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupOption:
    """One group in the picker; ``trial_ends_at``: when a trial that is under way there would end by itself."""

    id: str
    name: str
    members: int
    trial_ends_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupChoice:
    """The groups that an order can be for, and the one that is chosen.

    Attributes:
        options: what the picker offers. chosen: a group of theirs. problem: why none can, or why the
            chosen one cannot after all: a partner sold its plan.
        subscription_id: the plan that the wanted group has, which can be changed instead.
    """

    options: tuple[GroupOption, ...]
    chosen: GroupOption | None
    problem: Problem | None
    subscription_id: str = ""


async def group_choice(deps: Deps, person: Person, intent: Intent) -> GroupChoice:
    """Return the buyer's groups as the product knows them now; a single one that can be bought for is chosen by itself.

    A plan is for a group without one. Packs are for any group, also for one that the buyer does not own but pays for.

    A group that the link names and the person does not own is E-OWNER, and nothing of it is told. While the product
    is away, an answer of the last 15 minutes holds for the same group.
    """
    wanted, is_of_packs = intent.choice.group_id, deps.catalog.addon(intent.choice.plan) is not None
    try:
        groups = await _groups(deps, person, wanted if intent.choice.group_given else "")
        if is_of_packs and wanted and wanted not in [group.id for group in groups]:
            groups = (*groups, *await _paid_for(deps, person, wanted))
    except ProductError:
        return _without_product(deps, intent)
    owned = tuple(group for group in groups if group.can_edit_billing)
    options = tuple(_option(group) for group in owned)
    if not wanted:
        free = [group for group in owned if is_of_packs or group.plan == FREE]
        if len(free) != 1:
            return GroupChoice(options=options, chosen=None, problem=None)
        await _keep_check(deps, intent, free[0])
        return GroupChoice(options=options, chosen=_option(free[0]), problem=None)
    chosen = next((group for group in owned if group.id == wanted), None)
    if chosen is None:
        return GroupChoice(options=options, chosen=None, problem=_not_owned(person, intent))
    refused = None if is_of_packs else await _refused(deps, chosen, options)
    if refused:
        return refused
    await _keep_check(deps, intent, chosen)
    return GroupChoice(options=options, chosen=_option(chosen), problem=None)


async def _refused(deps: Deps, group: Group, options: tuple[GroupOption, ...]) -> GroupChoice | None:
    """Return the choice of a group that has a paid plan by the product's word or our own projection: there is no plan
    to buy for it. E-HASPLAN leads to the plan that it has, E-CHANNEL to the partner who sold that.
    """
    live = await deps.db.read(lambda connection: live_for_group(connection, group.id, now=deps.clock.now()))
    partner = partner_problem(live) if live else None
    if partner:
        return GroupChoice(options=options, chosen=_option(group), problem=partner)
    name = group.name or group.id
    if live:
        found = has_plan(deps, name, live.plan, live.ends_at)
        return GroupChoice(options=options, chosen=None, problem=found, subscription_id=live.subscription_id)
    if group.plan != FREE and (group.ends_at is None or group.ends_at > deps.clock.now()):
        found = has_plan(deps, name, group.plan, group.ends_at)
        return GroupChoice(options=options, chosen=None, problem=found)
    return None


def has_plan(deps: Deps, group: str, plan: str, ends_at: datetime | None) -> Problem:
    """Return E-HASPLAN in words; ``group`` is what people call it."""
    return problem(
        ProblemId.E_HASPLAN,
        "group",
        group=group,
        plan=wording.plan_name(deps.catalog, plan),
        until=formats.date(ends_at) if ends_at else "further notice",
    )


async def _groups(deps: Deps, person: Person, only: str) -> tuple[Group, ...]:
    """Return the person's groups; ``only`` the one that a link named, where they own it, since there is no choice."""
    if person.issuer != deps.config.oidc.issuer:
        return ()  # a contact without a product account: their subject means nothing to the product
    named = await deps.product.group(only, subject=person.subject) if only else None
    if named is not None and named.can_edit_billing:
        return (named,)
    return await deps.product.groups(person.subject)


async def _paid_for(deps: Deps, person: Person, group_id: str) -> tuple[Group, ...]:
    found = await managed_group(deps, person, group_id)
    return (replace(found, can_edit_billing=True),) if found else ()


async def _keep_check(deps: Deps, intent: Intent, group: Group) -> None:
    check = GroupCheck(group_id=group.id, name=group.name, members=group.members, at=deps.clock.wall())
    await deps.db.write(lambda connection: save_group_check(connection, intent.intent_id, check))


def _without_product(deps: Deps, intent: Intent) -> GroupChoice:
    check = intent.group_check
    is_fresh = check is not None and deps.clock.wall() - check.at < CHECK_HOLDS
    if check is None or not is_fresh or check.group_id != intent.choice.group_id:
        return GroupChoice(options=(), chosen=None, problem=problem(ProblemId.E_PRODUCT))
    option = GroupOption(id=check.group_id, name=check.name, members=check.members)
    return GroupChoice(options=(option,), chosen=option, problem=None)


def _not_owned(person: Person, intent: Intent) -> Problem:
    was_theirs = intent.group_check is not None and intent.group_check.group_id == intent.choice.group_id
    if intent.choice.group_given and not was_theirs:
        return problem(ProblemId.E_OWNER, person=person.username or person.email)
    return problem(ProblemId.E_GROUP, "group", group=intent.choice.group_id)


def _option(group: Group) -> GroupOption:
    return GroupOption(id=group.id, name=group.name, members=group.members, trial_ends_at=group.trial_ends_at)
