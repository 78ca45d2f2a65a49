"""What may be done with a subscription now, and if nothing, why: one reason, one text. Pure."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from urllib.parse import quote

from app import formats
from app.core.problems import Problem, ProblemId, problem
from app.subscriptions.store import Subscription
from app.vendor_adapters.types import Arrangement, SalesChannel, SubscriptionStatus

_ONE_YEAR = timedelta(days=366)
_EMAIL, _PAGE = re.compile(r"[^\s@<>?&]+@[^\s@<>?&]+\.[^\s@<>?&]+"), re.compile(r"https://[^\s<>]+")


class Reason(Enum):
    """Why somebody can or cannot change something by themselves; each has the text of one problem."""

    OK = "ok"
    RESELLER = "reseller"
    MARKETPLACE = "marketplace"
    MULTI_YEAR = "multi_year"
    PURCHASE_ORDER = "purchase_order"
    OFFLINE_LICENSE = "offline_license"
    PUBLIC_SECTOR = "public_sector"
    BANK_TRANSFER = "bank_transfer"
    COMMUNITY = "community"
    EXPIRED = "expired"
    PAST_DUE = "past_due"
    NOT_MANAGER = "not_manager"
    SEAT_MAX = "seat_max"
    NO_GROUP_OWNER = "no_group_owner"
    GROUP_HAS_PLAN = "group_has_plan"
    VENDOR_DOWN = "vendor_down"
    UNCHANGEABLE = "unchangeable"
    """The vendor that holds it takes no changes."""


def reason_for(subscription: Subscription, *, now: datetime, takes_changes: bool = True) -> Reason:
    """Return why a subscription cannot be changed here at ``now`` (business time), OK when it can.

    Who sold it and how it is paid come first: they say whom to ask, whatever else is wrong.

    Args:
        takes_changes: whether the vendor that holds it lets it be changed.
    """
    if subscription.channel in _CHANNELS:
        return _CHANNELS[subscription.channel]
    if subscription.paid_by in _ARRANGEMENTS:
        return _ARRANGEMENTS[subscription.paid_by]
    if subscription.ends_at - subscription.starts_at > _ONE_YEAR:
        return Reason.MULTI_YEAR
    if not subscription.is_direct:
        return Reason.PURCHASE_ORDER
    if subscription.status is SubscriptionStatus.CANCELLED or subscription.ends_at <= now:
        return Reason.EXPIRED
    if subscription.status is SubscriptionStatus.PAST_DUE:
        return Reason.PAST_DUE
    if not takes_changes:
        return Reason.UNCHANGEABLE
    return Reason.OK if subscription.status is SubscriptionStatus.ACTIVE else Reason.VENDOR_DOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What a reason's text names beside the subscription itself, where it is known.

    Attributes:
        invoice: the number of the unpaid one. renew_until: until when what has ended can be taken up again.
        group: what people call it. plan_now, until: what it has instead. most: how many seats can be bought here.
    """

    invoice: str = ""
    renew_until: datetime | None = None
    group: str = ""
    plan_now: str = ""
    until: datetime | None = None
    most: int = 0


def renewed_problem(subscription: Subscription) -> Problem | None:
    """Return E-RENEWED where the next term is paid already."""
    if subscription.paid_until is None:
        return None
    words = {"until": formats.date(subscription.paid_until), "start": formats.date(subscription.ends_at)}
    return problem(ProblemId.E_RENEWED, **words)


def reason_problem(
    reason: Reason, subscription: Subscription, around: Circumstances = Circumstances()
) -> Problem | None:
    """Return the text of ``reason``; None for OK."""
    if reason is Reason.OK:
        return None
    if _PROBLEMS[reason] is ProblemId.E_CHANNEL:
        return channel_problem(subscription)
    words = {
        "how": _HOW.get(reason, ""),
        "date": formats.date(ended_at(subscription)),
        "what": _after_end(around.renew_until),
        "invoice": f"Invoice {around.invoice}" if around.invoice else "The invoice of this term",
        "group": around.group or subscription.group_id,
        "plan": around.plan_now or subscription.plan,
        "until": formats.date(around.until or subscription.ends_at),
        "most": formats.number(around.most),
    }
    return problem(_PROBLEMS[reason], **words)


def partner_problem(subscription: Subscription) -> Problem | None:
    """Return E-CHANNEL for what a partner sold, whatever is to be bought for it; None for all else."""
    return channel_problem(subscription) if subscription.channel in _CHANNELS else None


def channel_problem(subscription: Subscription) -> Problem:
    """Return E-CHANNEL: who sold it, and how they are reached, with the link for that where it can be one."""
    contact, path = subscription.sold_by_contact, ""
    if _EMAIL.fullmatch(contact):
        path = f"mailto:{quote(contact, safe='@')}"
    elif _PAGE.fullmatch(contact):
        path = contact
    how = f"Contact them: {contact}" if contact else "Their invoice says how to reach them"
    found = problem(ProblemId.E_CHANNEL, partner=subscription.sold_by or "a partner", contact=how)
    return replace(found, path=path)


def ended_at(subscription: Subscription) -> datetime:
    """Return when a subscription ended, or will."""
    return min(subscription.ends_at, subscription.cancel_at or subscription.ends_at)


def _after_end(renew_until: datetime | None) -> str:
    if renew_until is None:
        return "Buy a new one to go on"
    return f"Until {formats.date(renew_until)} it can be renewed without a gap"


_CHANNELS = {
    SalesChannel.RESELLER.value: Reason.RESELLER,
    SalesChannel.MARKETPLACE.value: Reason.MARKETPLACE,
}
_ARRANGEMENTS = {
    Arrangement.PURCHASE_ORDER: Reason.PURCHASE_ORDER,
    Arrangement.BANK_TRANSFER: Reason.BANK_TRANSFER,
    Arrangement.COMMUNITY: Reason.COMMUNITY,
    Arrangement.PUBLIC_SECTOR: Reason.PUBLIC_SECTOR,
    Arrangement.OFFLINE_LICENSE: Reason.OFFLINE_LICENSE,
}
_HOW = {
    Reason.PURCHASE_ORDER: "purchase order",
    Reason.BANK_TRANSFER: "bank transfer",
    Reason.PUBLIC_SECTOR: "a public sector contract",
}
_PROBLEMS = {
    Reason.RESELLER: ProblemId.E_CHANNEL,
    Reason.MARKETPLACE: ProblemId.E_CHANNEL,
    Reason.MULTI_YEAR: ProblemId.E_MULTIYEAR,
    Reason.PURCHASE_ORDER: ProblemId.E_PO,
    Reason.BANK_TRANSFER: ProblemId.E_PO,
    Reason.PUBLIC_SECTOR: ProblemId.E_PO,
    Reason.OFFLINE_LICENSE: ProblemId.E_OFFLINE,
    Reason.COMMUNITY: ProblemId.E_COMMUNITY,
    Reason.EXPIRED: ProblemId.E_EXPIRED,
    Reason.SEAT_MAX: ProblemId.E_SEATS_MAX,
    Reason.NO_GROUP_OWNER: ProblemId.E_GROUP,
    Reason.GROUP_HAS_PLAN: ProblemId.E_HASPLAN,
    Reason.PAST_DUE: ProblemId.E_PASTDUE,
    Reason.NOT_MANAGER: ProblemId.E_GONE,
    Reason.VENDOR_DOWN: ProblemId.E_VENDOR,
    Reason.UNCHANGEABLE: ProblemId.E_CHANGES,
}
