"""Telling who is billed what became of a subscription by itself: a renewal that is not paid, paid after all, its end.

Written with the projection, from what it was before and is now: whichever way that became known, each is told once.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from app import formats
from app.catalog.model import Catalog
from app.emails.mails import Mail, RenewalFailed, RenewalRecovered, SubscriptionEnded
from app.flows import wording
from app.flows.deps import Deps
from app.flows.own_account import account_name
from app.flows.post import GROUP, enqueue_mail
from app.identity.accounts import BillingAccount, account_by_id
from app.subscriptions.eligibility import Reason, ended_at
from app.subscriptions.store import Subscription
from app.subscriptions.windows import window_of
from app.vendor_adapters.capabilities import Capability
from app.vendor_adapters.types import Arrangement, SubscriptionStatus


def tell_changes(connection: Connection, deps: Deps, before: Subscription | None, after: Subscription) -> None:
    """Enqueue the mail that follows from ``before`` having become ``after``, if one does."""
    if before is None or not after.is_direct or after.paid_by is not Arrangement.CARD:
        return
    account = account_by_id(connection, after.account_id)
    if account is None:
        return
    term = f"{after.subscription_id}:{after.starts_at:%Y-%m-%d}"
    was_owing = before.status is SubscriptionStatus.PAST_DUE and before.starts_at == after.starts_at
    if after.status is SubscriptionStatus.PAST_DUE and not was_owing:
        _tell(connection, deps, _failed(deps, account, after), f"renewal_failed:{term}", after)
    elif after.status is SubscriptionStatus.ACTIVE and before.status is SubscriptionStatus.PAST_DUE:
        _tell(connection, deps, _recovered(deps, account, after), f"renewal_recovered:{term}", after)
    elif after.status is SubscriptionStatus.CANCELLED and _ran_out(before, after):
        _tell(connection, deps, _ended(deps, account, after), f"ended:{term}", after)


def subject_of(catalog: Catalog, subscription: Subscription, group_name: str = GROUP) -> str:
    """Return what a mail calls a subscription, such as ``Team for Globex (10 seats)``.

    Without ``group_name`` the group is named when the mail is sent: give its id to ``enqueue_mail``.
    """
    if subscription.is_of_packs:
        return f"{wording.pack_gain(catalog, subscription.plan, subscription.seats)} for {group_name}"
    name = wording.plan_name(catalog, subscription.plan)
    for_group = f" for {group_name}" if subscription.group_id else ""
    return f"{name}{for_group} ({wording.seats(subscription.seats)})"


def group_of(subscription: Subscription) -> str:
    """Return the id of the group that a subscription is for, empty for an instance of one's own."""
    return subscription.for_group


def page_url(deps: Deps, subscription: Subscription) -> str:
    """Return where what is owed is paid and a card is mended; packs alone have that of their renewal."""
    path = wording.subscription_path(subscription.subscription_id)
    path = f"{path}/renewal" if subscription.is_of_packs else path
    return f"{deps.config.base_url}{path}"


def grace_ends_at(deps: Deps, subscription: Subscription) -> str:
    """Return until when an unpaid term keeps what it had."""
    return formats.date(_grace_end(deps, subscription))


def is_grace_over(deps: Deps, subscription: Subscription) -> bool:
    """Whether an unpaid term is kept up no more, whatever the vendor still tries."""
    return _grace_end(deps, subscription) <= deps.clock.now()


def _grace_end(deps: Deps, subscription: Subscription) -> datetime:
    return subscription.starts_at + timedelta(days=deps.catalog.rules.grace_days)


def _ran_out(before: Subscription, after: Subscription) -> bool:
    """Whether it ended by itself; what was ended early (paid back, doubled) is told by who did that."""
    if before.status is SubscriptionStatus.CANCELLED:
        return False
    was_unpaid = before.status is SubscriptionStatus.PAST_DUE or after.starts_at >= before.ends_at
    return was_unpaid or after.cancel_at is None or after.cancel_at >= after.ends_at


def _failed(deps: Deps, account: BillingAccount, subscription: Subscription) -> Mail:
    return RenewalFailed(
        to=account.email,
        name=account_name(account),
        what=subject_of(deps.catalog, subscription),
        keeps_until=grace_ends_at(deps, subscription),
        pay_url=page_url(deps, subscription),
    )


def _recovered(deps: Deps, account: BillingAccount, subscription: Subscription) -> Mail:
    return RenewalRecovered(
        to=account.email,
        name=account_name(account),
        what=subject_of(deps.catalog, subscription),
        until=formats.date(subscription.ends_at),
        page_url=page_url(deps, subscription),
    )


def _ended(deps: Deps, account: BillingAccount, subscription: Subscription) -> Mail:
    vendor = deps.vendors[subscription.vendor]
    window = window_of(subscription, Reason.EXPIRED, deps.catalog.rules)
    can_renew = (
        window is not None
        and Capability.PAID_RENEWAL in vendor.capabilities
        and not subscription.is_of_packs
        and window.is_open(deps.clock.now())
    )
    return SubscriptionEnded(
        to=account.email,
        name=account_name(account),
        what=subject_of(deps.catalog, subscription),
        ended_on=formats.date(ended_at(subscription)),
        renew_until=formats.date(window.closes_at) if window and can_renew else "",
        page_url=page_url(deps, subscription),
    )


def _tell(connection: Connection, deps: Deps, mail: Mail, dedupe_key: str, subscription: Subscription) -> None:
    group_id, now = group_of(subscription), deps.clock.wall()
    enqueue_mail(connection, deps.sealer, mail, dedupe_key=dedupe_key, group_id=group_id, now=now)
