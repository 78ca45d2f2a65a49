"""Telling who is billed that a term is about to renew: what, when, for how much, and what stands in the way.

As many seats renew as people use: who is above the seats by then is told so with the amount, in time to change it.
A vendor that takes no changes renews what there is; its sum is told by the price that was paid, without the tax.
"""

from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from app import formats
from app.core.ids import new_id
from app.core.money import Money
from app.emails.mails import RenewalNotice
from app.flows import wording
from app.flows.cards import can_pay
from app.flows.deps import Deps
from app.flows.own_account import account_name
from app.flows.own_subscriptions import Owned, read_known
from app.flows.post import enqueue_mail
from app.flows.renewals.renewal import RenewalPage, book, renewal_of
from app.flows.renewals.untold import untold
from app.subscriptions import store
from app.subscriptions.eligibility import Reason
from app.subscriptions.store import Subscription
from app.vendor_adapters.types import SetSeats

_log = structlog.get_logger()


async def send_notices(deps: Deps) -> int:
    """Send each notice that is due and was not sent for this term; return how many. One failure stops no other."""
    due = await deps.db.read(lambda connection: _due(connection, deps))
    return sum([await _try(deps, subscription) for subscription in due])


def _due(connection: Connection, deps: Deps) -> tuple[Subscription, ...]:
    now = deps.clock.now()
    until = now + timedelta(days=deps.catalog.rules.renewal_notice_days)

    def read(limit: int, offset: int) -> tuple[Subscription, ...]:
        return store.renewing(connection, after=now, until=until, limit=limit, offset=offset)

    return untold(connection, read, _dedupe_key)


async def _try(deps: Deps, subscription: Subscription) -> bool:
    try:
        return await _notify(deps, subscription)
    except Exception as error:  # away, changed right now, or not to be read: the others are told all the same
        _log.warning("renewal notice put off", error=type(error).__name__)
        return False


async def _notify(deps: Deps, subscription: Subscription) -> bool:
    owned = await read_known(deps, subscription)
    is_open = owned.reason in (Reason.OK, Reason.UNCHANGEABLE)
    if not is_open or not owned.is_fresh or owned.subscription.cancel_at is not None:
        return False
    if owned.subscription.group_id and owned.usage is None:
        return False  # without the people in it nothing true can be said: the next sweep tries again
    takes_changes = owned.reason is Reason.OK
    owned, raised = await _covered(deps, owned) if takes_changes else (owned, False)
    found = await renewal_of(deps, owned)
    if (takes_changes and found.preview is None) or found.cards is None:
        return False  # nothing is said of a card that nobody told of
    mail = _mail(deps, found, raised=raised)
    now = deps.clock.wall()
    return await deps.db.write(
        lambda connection: enqueue_mail(connection, deps.sealer, mail, dedupe_key=_dedupe_key(subscription), now=now)
    )


async def _covered(deps: Deps, owned: Owned) -> tuple[Owned, bool]:
    """Book as many seats as people use when fewer would renew; return it as it is then, and whether that was so."""
    subscription = owned.subscription
    renews = subscription.booked.quantity if subscription.booked else subscription.seats
    people = owned.usage.seats_in_use if owned.usage else 0
    if people <= renews:
        return owned, False
    change = SetSeats(base=subscription.seats, seats=people, at_renewal=True)
    await book(deps, owned, change, new_id("att"), actor="system")
    return await read_known(deps, subscription), True


def _mail(deps: Deps, found: RenewalPage, *, raised: bool) -> RenewalNotice:
    owned, subscription = found.owned, found.owned.subscription
    at, amount = _sum(found)
    for_group = f" for {owned.group_name}" if owned.group_name else ""
    card = found.cards[0] if found.cards else None
    return RenewalNotice(
        to=owned.account.email,
        name=account_name(owned.account),
        what=_what(deps, found, for_group),
        renews_on=formats.date(at),
        amount=amount,
        card=f"{card.brand.title()} ending {card.last4}" if card else "",
        trouble=_trouble(found, at, raised=raised),
        renewal_url=f"{deps.config.base_url}{wording.subscription_path(subscription.subscription_id)}/renewal",
    )


def _what(deps: Deps, found: RenewalPage, for_group: str) -> str:
    if found.owned.subscription.is_of_packs:
        return f"{wording.pack_gain(deps.catalog, found.plan, found.seats)}{for_group}"
    return f"{wording.plan_name(deps.catalog, found.plan)}{for_group}, {wording.seats(found.seats)},"


def _sum(found: RenewalPage) -> tuple[datetime, str]:
    """Return when it renews and for how much, by the vendor's word where there is one."""
    subscription, preview = found.owned.subscription, found.preview
    if preview is None:
        about = Money(subscription.unit_amount * found.seats, subscription.currency)
        return subscription.ends_at, f"about {formats.money(about)} plus tax"
    amount = f"{'about ' if found.is_estimate else ''}{formats.money(preview.total or preview.subtotal)}"
    return preview.at, amount if preview.total else f"{amount} plus tax"


def _trouble(found: RenewalPage, at: datetime, *, raised: bool) -> str:
    if found.preview is None:
        return ""  # a vendor that takes no changes need not tell of cards either
    texts = []
    if not found.cards:
        texts.append("There is no card on file, so the renewal cannot be paid. Add one.")
    elif not can_pay(found.cards[0], at):
        texts.append("The card expires before that day, so the renewal cannot be paid. Add another.")
    if raised:
        texts.append(
            f"{formats.counted(found.seats, 'person', 'people')} use seats, so that many renew. "
            "Remove people from the group and choose fewer seats if you do not want them all."
        )
    return " ".join(texts)


def _dedupe_key(subscription: Subscription) -> str:
    return f"renewal_notice:{subscription.subscription_id}:{subscription.ends_at:%Y-%m-%d}"
