"""What a checkout of packs needs beyond that of a plan: whose group it is, which term it shares, how many."""

from dataclasses import dataclass

from sqlalchemy import Connection

from app.catalog.model import Addon
from app.core.problems import Problem, ProblemId, problem
from app.entitlements.product import Group
from app.flows.deps import Deps
from app.identity.accounts import BillingAccount, account_for
from app.identity.actor import Person
from app.subscriptions.eligibility import partner_problem, renewed_problem
from app.subscriptions.store import Subscription, live_for_group
from app.vendor_adapters.capabilities import Capability
from app.vendor_adapters.types import SalesChannel, SubscriptionStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """The plan that a group has, and the account that pays for it if the buyer manages that one."""

    subscription: Subscription | None
    account: BillingAccount | None


def linked_plan(connection: Connection, deps: Deps, group_id: str, person: Person) -> Linked:
    """Return the plan that a group has now, with its account when ``person`` manages it."""
    found = live_for_group(connection, group_id, now=deps.clock.now())
    account = account_for(connection, found.account_id, person.person_id) if found else None
    if account and account.vendor != deps.selling:
        account = None
    return Linked(subscription=found, account=account)


def coterm_of(deps: Deps, addon: Addon, linked: Linked) -> Subscription | None:
    """Return the subscription that the packs end with; None for what never renews, and for a term of their own."""
    found = linked.subscription
    if not addon.is_recurring or found is None or linked.account is None:
        return None
    can_change = found.channel == SalesChannel.DIRECT.value and Capability.CHANGES in deps.vendor.capabilities
    return found if can_change and found.status is SubscriptionStatus.ACTIVE else None


async def managed_group(deps: Deps, person: Person, group_id: str) -> Group | None:
    """Return a group whose plan is paid by an account of ``person``, who need not own the group itself."""
    linked = await deps.db.read(lambda connection: linked_plan(connection, deps, group_id, person))
    return await deps.product.state(group_id) if linked.account else None


def packs_blocker(linked: Linked, coterm: Subscription | None = None) -> Problem | None:
    """Return why packs are not sold for a group here.

    Whoever sold its plan through a partner sells its packs too, and what is to end with the plan (``coterm``) cannot be
    added while the plan's next term is paid.
    """
    partner = partner_problem(linked.subscription) if linked.subscription else None
    return partner or (renewed_problem(coterm) if coterm else None)


def packs_problem(addon: Addon, packs: int) -> Problem | None:
    """Return what is wrong with a number of packs."""
    if addon.min_packs <= packs <= addon.max_packs:
        return None
    text = f"Enter the number of packs as a whole number from {addon.min_packs} to {addon.max_packs}, like 2."
    return problem(ProblemId.E_INPUT, "packs", text=text)
