"""Telling who is billed that something is about to end: a term that is not to renew, and the grace of an unpaid one."""

from datetime import timedelta

import structlog
from sqlalchemy import Connection

from app import formats
from app.emails.mails import AboutToEnd
from app.flows import wording
from app.flows.deps import Deps
from app.flows.own_account import account_name
from app.flows.own_subscriptions import Owned, read_known
from app.flows.post import enqueue_mail
from app.flows.renewals.mails import grace_ends_at, page_url, subject_of
from app.flows.renewals.untold import untold
from app.subscriptions import store
from app.subscriptions.eligibility import Reason
from app.subscriptions.store import Subscription

_log = structlog.get_logger()


async def send_ending_notices(deps: Deps) -> int:
    """Send each notice that is due and was not sent for this end; return how many. One failure stops no other."""
    due = await deps.db.read(lambda connection: _due(connection, deps))
    return sum([await _try(deps, subscription) for subscription in due])


def _due(connection: Connection, deps: Deps) -> tuple[Subscription, ...]:
    now, rules = deps.clock.now(), deps.catalog.rules
    until = now + timedelta(days=rules.renewal_notice_days)
    grace = timedelta(days=rules.grace_days)
    last_days = now - grace + timedelta(days=rules.grace_notice_days)

    def ending(limit: int, offset: int) -> tuple[Subscription, ...]:
        return store.ending(connection, after=now, until=until, limit=limit, offset=offset)

    def owing(limit: int, offset: int) -> tuple[Subscription, ...]:
        return store.owing(connection, since=now - grace, until=last_days, limit=limit, offset=offset)

    return (*untold(connection, ending, _dedupe_key), *untold(connection, owing, _dedupe_key))


async def _try(deps: Deps, subscription: Subscription) -> bool:
    try:
        return await _notify(deps, subscription)
    except Exception as error:  # away, changed right now, or not to be read: the others are told all the same
        _log.warning("notice of an end put off", error=type(error).__name__)
        return False


async def _notify(deps: Deps, subscription: Subscription) -> bool:
    owned = await read_known(deps, subscription)
    is_same = _dedupe_key(owned.subscription) == _dedupe_key(subscription)
    if not owned.is_fresh or not is_same or owned.reason not in (Reason.OK, Reason.PAST_DUE, Reason.UNCHANGEABLE):
        return False
    mail = _unpaid(deps, owned) if owned.reason is Reason.PAST_DUE else _not_renewed(deps, owned)
    now = deps.clock.wall()
    return await deps.db.write(
        lambda connection: enqueue_mail(connection, deps.sealer, mail, dedupe_key=_dedupe_key(subscription), now=now)
    )


def _not_renewed(deps: Deps, owned: Owned) -> AboutToEnd:
    subscription = owned.subscription
    path = f"{wording.subscription_path(subscription.subscription_id)}/renewal"
    return AboutToEnd(
        to=owned.account.email,
        name=account_name(owned.account),
        what=subject_of(deps.catalog, subscription, owned.group_name),
        ends_on=formats.date(subscription.cancel_at or subscription.ends_at),
        why="Automatic renewal is off.",
        action="Renew it, or turn automatic renewal on" if owned.reason is Reason.OK else "Ask us to let it go on",
        action_url=f"{deps.config.base_url}{path}",
    )


def _unpaid(deps: Deps, owned: Owned) -> AboutToEnd:
    subscription = owned.subscription
    invoice = f"Invoice {owned.unpaid.number}" if owned.unpaid else "The invoice of this term"
    return AboutToEnd(
        to=owned.account.email,
        name=account_name(owned.account),
        what=subject_of(deps.catalog, subscription, owned.group_name),
        ends_on=grace_ends_at(deps, subscription),
        why=f"{invoice} is still unpaid.",
        action="Pay it, or use another card",
        action_url=page_url(deps, subscription),
    )


def _dedupe_key(subscription: Subscription) -> str:
    if subscription.cancel_at is not None:
        return f"about_to_end:{subscription.subscription_id}:{subscription.cancel_at:%Y-%m-%d}"
    return f"grace_ends:{subscription.subscription_id}:{subscription.starts_at:%Y-%m-%d}"
