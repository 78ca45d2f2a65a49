"""Whose a subscription is, and what its page knows of it: each number asked of the one who has it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from sqlalchemy import Connection

from app.core.problems import NotYours, Problem, ProblemId, problem
from app.entitlements import activation
from app.entitlements.product import ProductError, Usage
from app.flows import wording
from app.flows.deps import Deps
from app.flows.group_names import group_name
from app.flows.sync import sync
from app.flows.usage.known import last_known, usage_now
from app.identity import accounts
from app.identity.accounts import BillingAccount
from app.identity.actor import Person
from app.subscriptions import store
from app.subscriptions.eligibility import Circumstances, Reason, reason_for, reason_problem
from app.subscriptions.store import Subscription
from app.subscriptions.windows import Window, window_of
from app.usage.readings import Reading
from app.vendor_adapters.capabilities import Capability
from app.vendor_adapters.errors import VendorError
from app.vendor_adapters.types import (
    CustomerRef,
    InvoiceStatus,
    InvoiceSummary,
    PaymentMethodSummary,
    PortalPurpose,
    SubscriptionRef,
)

PAGE_SIZE = 20
_PAGES_SEARCHED = 5  # of invoices, for the unpaid one: an account of many subscriptions has newer ones of others


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """A subscription with what everybody concerned says of it now.

    Attributes:
        is_fresh: the vendor was asked just now, or a quote is about to ask it; else the projection's ``observed_at``
            says how old this is.
        usage: None while the product does not tell, and for an instance of one's own.
        reading: the same to be shown, or what was last read.
        problem: why nothing can be changed.
        unpaid: the invoice that has to be paid first.
        window: when the next term can be paid by hand, where it can; can_renew: that is now.
        other: the plan that the group has instead of this one, which has ended.
        group_name: what people call the group; its id while the product does not tell.
        is_managed: whether the person who asks manages the account; else they own the group.
    """

    subscription: Subscription
    account: BillingAccount
    is_fresh: bool
    usage: Usage | None
    reading: Reading | None
    reason: Reason
    problem: Problem | None
    unpaid: InvoiceSummary | None
    window: Window | None = None
    can_renew: bool = False
    other: Subscription | None = None
    group_name: str = ""
    is_managed: bool = False

    @property
    def cards_path(self) -> str:
        """The page where another card is chosen: the account's, and the subscription's for who does not manage it."""
        if self.is_managed:
            return f"/payment-methods?{urlencode({'account': self.account.account_id})}"
        return wording.subscription_path(self.subscription.subscription_id)

    @property
    def customer(self) -> CustomerRef:
        """The vendor's customer that pays."""
        return CustomerRef(self.account.customer_ref or "")

    @property
    def ref(self) -> SubscriptionRef:
        """The vendor's name of the subscription."""
        return SubscriptionRef(self.subscription.subscription_ref)

    @property
    def seats_owed(self) -> int:
        """People above the seats at the most; 0 when it is not known."""
        return max(0, self.usage.seats_max - self.subscription.seats) if self.usage else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A page of what somebody may change, and whether there is more; ``names`` are those of its groups, by id."""

    subscriptions: tuple[Subscription, ...]
    has_more: bool
    names: Mapping[str, str]


async def open_subscription(
    deps: Deps, person: Person, subscription_id: str, *, with_packs: bool = False
) -> Subscription:
    """Return a plan's subscription to a manager of its account or an owner of its group; NotYours to anybody else.

    ``with_packs``: that of packs without a plan counts as well, for the managers of its account.

    Raises ProductError when only the product could tell whether the person owns the group.
    """
    found = await deps.db.read(lambda connection: store.by_id(connection, subscription_id))
    if found is None or (found.is_of_packs and not with_packs):
        raise NotYours(subscription_id)
    account_id = found.account_id
    managed = await deps.db.read(lambda connection: accounts.account_for(connection, account_id, person.person_id))
    if managed is None and not await _owns_group(deps, person, found.group_id):
        raise NotYours(subscription_id)
    return found


async def subscription_of_group(deps: Deps, person: Person, group_id: str) -> Subscription | None:
    """Return the plan that a group has, None when it has none; NotYours to somebody who may not change it."""
    found = await deps.db.read(lambda connection: store.live_for_group(connection, group_id, now=deps.clock.now()))
    if found is None:
        return None
    return await open_subscription(deps, person, found.subscription_id)


async def only_subscription(deps: Deps, person: Person) -> Subscription | None:
    """Return the one subscription that somebody may change; None when there is none, or a choice."""
    found = await list_subscriptions(deps, person, 1)
    running = [each for each in found.subscriptions if not each.is_of_packs and _reason(deps, each) is Reason.OK]
    if len(running) != 1:
        return None
    try:
        return await open_subscription(deps, person, running[0].subscription_id)
    except NotYours:  # the list remembers a group that the person owns no more
        return None


async def read_owned(
    deps: Deps, person: Person, subscription_id: str, *, looks: bool = True, with_packs: bool = False
) -> Owned:
    """Return a subscription with what vendor and product say of it now; what does not answer is left as it was.

    Args:
        looks: whether the vendor is asked for it. Without it the projection stands, for a page whose quote is refused
            by the vendor when the subscription is something else by now. with_packs: as in ``open_subscription``.
    """
    opened = await open_subscription(deps, person, subscription_id, with_packs=with_packs)
    owned = await read_known(deps, opened, looks=looks)
    account_id = owned.account.account_id
    managed = await deps.db.read(lambda connection: accounts.account_for(connection, account_id, person.person_id))
    return replace(owned, is_managed=managed is not None)


async def read_known(deps: Deps, subscription: Subscription, *, looks: bool = True) -> Owned:
    """Return the same for a subscription that was opened before, or that the worker looks after."""
    account_id = subscription.account_id
    account = await deps.db.read(lambda connection: accounts.account_by_id(connection, account_id))
    if account is None:
        raise NotYours(subscription.subscription_id)
    (subscription, is_fresh), usage, name = await asyncio.gather(
        _as_it_is(deps, subscription, looks=looks),
        usage_now(deps, subscription.group_id),
        group_name(deps, subscription.for_group),
    )
    reading = await last_known(deps, subscription.group_id, usage, subscription.seats)
    now = deps.clock.now()
    reason = _reason(deps, subscription)
    unpaid = await _unpaid(deps, account, subscription) if reason is Reason.PAST_DUE else None
    other = await _other_plan(deps, subscription) if reason is Reason.EXPIRED else None
    reason = Reason.GROUP_HAS_PLAN if other else reason
    window = _window(deps, subscription, reason)
    can_renew = window is not None and window.is_open(now)
    return Owned(
        subscription=subscription,
        account=account,
        is_fresh=is_fresh,
        usage=usage,
        reading=reading,
        reason=reason,
        problem=reason_problem(reason, subscription, _around(deps, name, unpaid, other, window if can_renew else None)),
        unpaid=unpaid,
        window=window,
        can_renew=can_renew,
        other=other,
        group_name=name,
    )


async def list_subscriptions(deps: Deps, person: Person, page: int) -> Listed:
    """Return a page (from 1) of what the person may change, as it was last read."""
    owned = await _owned_groups(deps, person)

    def read(connection: Connection) -> tuple[Subscription, ...]:
        managed = [account.account_id for account in accounts.accounts_of(connection, person.person_id)]
        offset = (page - 1) * PAGE_SIZE
        return store.plans_of(connection, managed, tuple(owned or ()), limit=PAGE_SIZE + 1, offset=offset)

    found = await deps.db.read(read)
    shown = found[:PAGE_SIZE]
    names = {} if owned is None else await _names(deps, shown, owned)
    return Listed(subscriptions=shown, has_more=len(found) > PAGE_SIZE, names=names)


async def cards(deps: Deps, owned: Owned) -> tuple[PaymentMethodSummary, ...] | None:
    """Return the cards on file, the default first; None while the vendor does not tell: there may be one."""
    if not owned.customer:
        return ()
    try:
        return await deps.vendors[owned.subscription.vendor].payment_methods(owned.customer)
    except VendorError:
        return None


async def activation_code(deps: Deps, owned: Owned) -> str:
    """Return the code of an instance of one's own, in groups, to who manages the account; empty for all others."""
    found = owned.subscription
    if found.group_id or not owned.is_managed:
        return ""
    code = await deps.db.read(lambda connection: activation.find_code(connection, deps.sealer, found.subscription_id))
    return activation.grouped(code) if code else ""


def has_card_page(deps: Deps, owned: Owned) -> bool:
    """Whether the vendor has a page where cards are added and removed."""
    return Capability.PORTAL_PAYMENT_METHODS in deps.vendors[owned.subscription.vendor].capabilities


async def card_page(deps: Deps, owned: Owned, return_to: str) -> str:
    """Return the vendor's page where cards are added and removed."""
    vendor = deps.vendors[owned.subscription.vendor]
    return await vendor.portal_page(owned.customer, purpose=PortalPurpose.PAYMENT_METHODS, return_to=return_to)


def away() -> Problem:
    """Return what a page says while the vendor does not answer."""
    return problem(ProblemId.E_VENDOR)


def _reason(deps: Deps, subscription: Subscription) -> Reason:
    takes_changes = Capability.CHANGES in deps.vendors[subscription.vendor].capabilities
    return reason_for(subscription, now=deps.clock.now(), takes_changes=takes_changes)


def _window(deps: Deps, subscription: Subscription, reason: Reason) -> Window | None:
    vendor = deps.vendors[subscription.vendor]
    if Capability.PAID_RENEWAL not in vendor.capabilities:
        return None
    return window_of(subscription, reason, deps.catalog.rules)


def _around(
    deps: Deps, name: str, unpaid: InvoiceSummary | None, other: Subscription | None, window: Window | None
) -> Circumstances:
    return Circumstances(
        invoice=unpaid.number if unpaid else "",
        renew_until=window.closes_at if window else None,
        group=name,
        plan_now=wording.plan_name(deps.catalog, other.plan) if other else "",
        until=other.ends_at if other else None,
        most=deps.catalog.rules.seats.self_serve_max,
    )


async def _other_plan(deps: Deps, ended: Subscription) -> Subscription | None:
    """Return the plan that a group has by now instead of one that has ended."""
    if not ended.group_id:
        return None
    now = deps.clock.now()
    found = await deps.db.read(lambda connection: store.live_for_group(connection, ended.group_id, now=now))
    return found if found and found.subscription_id != ended.subscription_id else None


async def _as_it_is(deps: Deps, subscription: Subscription, *, looks: bool) -> tuple[Subscription, bool]:
    if not looks:
        return subscription, True
    try:
        fresh = await sync(deps, subscription.vendor, subscription.subscription_ref)
    except VendorError:
        return subscription, False
    return fresh or subscription, True


async def _unpaid(deps: Deps, account: BillingAccount, subscription: Subscription) -> InvoiceSummary | None:
    """Return the open invoice of a subscription among the account's newest; an older one is on the page of invoices."""
    if account.customer_ref is None:
        return None
    cursor = ""
    for _ in range(_PAGES_SEARCHED):
        try:
            page = await deps.vendors[subscription.vendor].list_invoices(account.customer_ref, cursor=cursor)
        except VendorError:
            return None
        mine = (row for row in page.rows if row.subscription == subscription.subscription_ref)
        found = next((row for row in mine if row.status is InvoiceStatus.OPEN), None)
        if found is not None or not page.next_cursor:
            return found
        cursor = page.next_cursor
    return None


async def _owns_group(deps: Deps, person: Person, group_id: str) -> bool:
    if not group_id or person.issuer != deps.config.oidc.issuer:
        return False
    group = await deps.product.group(group_id, subject=person.subject)
    return group is not None and group.can_edit_billing


async def _owned_groups(deps: Deps, person: Person) -> Mapping[str, str] | None:
    """Return the names of the groups that somebody owns, by id; None while the product does not tell."""
    if person.issuer != deps.config.oidc.issuer:
        return {}
    now = deps.clock.wall()
    known = deps.owned_groups.known(person, now)
    if known is not None:
        return known
    try:
        found = await deps.product.groups(person.subject)
    except ProductError:
        return None
    names = {group.id: group.name for group in found if group.can_edit_billing}
    deps.owned_groups.keep(person, names, now)
    return names


async def _names(deps: Deps, shown: Sequence[Subscription], owned: Mapping[str, str]) -> Mapping[str, str]:
    """Return the names of the groups on a page; those that the person does not own are asked for one by one."""
    more = sorted({each.for_group for each in shown if each.for_group and each.for_group not in owned})
    found = await asyncio.gather(*(group_name(deps, each) for each in more))
    return {**owned, **dict(zip(more, found, strict=True))}
