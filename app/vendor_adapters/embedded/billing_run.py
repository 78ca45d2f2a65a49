"""The billing run: what falls due, one thing at a time and in the order in which it fell due."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Column, ColumnElement, select

from app.vendor_adapters.embedded import checkouts, payments, prepaid, renewals, subscriptions, wallet
from app.vendor_adapters.embedded.checkouts import Checkout
from app.vendor_adapters.embedded.desk import Desk
from app.vendor_adapters.embedded.schema import checkouts as checkouts_table
from app.vendor_adapters.embedded.schema import subscriptions as subscriptions_table
from app.vendor_adapters.types import CheckoutState, SubscriptionStatus

BANK_TIMEOUT = timedelta(seconds=60)
"""How long a bank that gives no answer is waited for, in business time, before its silence counts as a no."""

_LIVE = (SubscriptionStatus.ACTIVE.value, SubscriptionStatus.PAST_DUE.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One thing that fell due at ``at``: ``act`` on ``ref``."""

    at: datetime
    ref: str
    act: Callable[[Desk, str], None]


def next_due(desk: Desk, until: datetime) -> Due | None:
    """Return the earliest thing that is due by ``until`` (business time), if there is any; reads only."""
    owing = subscriptions_table.c.status == SubscriptionStatus.PAST_DUE.value
    found = (
        _unanswered(desk, until),
        _first(desk, subscriptions_table.c.give_up_at, owing, until, _give_up),
        _first(desk, subscriptions_table.c.next_try_at, owing, until, _try_again),
        _first(desk, subscriptions_table.c.ends_at, subscriptions_table.c.status.in_(_LIVE), until, _end_of_term),
    )
    earliest = min((due for due in found if due), key=lambda due: due.at, default=None)
    return earliest or _overdue_checkout(desk, until)


def step(desk: Desk, until: datetime) -> bool:
    """Do the earliest thing that is due by ``until``, at the instant that it fell due; False when there is none."""
    due = next_due(desk, until)
    if due is None:
        return False
    due.act(desk.at(due.at), due.ref)
    return True


def _unanswered(desk: Desk, until: datetime) -> Due | None:
    table = checkouts_table.c
    query = (
        select(table.submitted_at, table.ref)
        .where(table.state == CheckoutState.PROCESSING.value, table.submitted_at <= until - BANK_TIMEOUT)
        .order_by(table.submitted_at)
        .limit(1)
    )
    row = desk.connection.execute(query).first()
    return Due(at=row.submitted_at + BANK_TIMEOUT, ref=row.ref, act=payments.give_up_waiting) if row else None


def _first(
    desk: Desk, at: Column[datetime], which: ColumnElement[bool], until: datetime, act: Callable[[Desk, str], None]
) -> Due | None:
    query = select(at.label("at"), subscriptions_table.c.ref).where(which, at <= until).order_by(at).limit(1)
    row = desk.connection.execute(query).first()
    return Due(at=row.at, ref=row.ref, act=act) if row else None


def _overdue_checkout(desk: Desk, until: datetime) -> Due | None:
    # wall time has no place in the order of business: what is over is closed after all that fell due
    table = checkouts_table.c
    over = select(table.ref).where(table.state == CheckoutState.OPEN.value, table.expires_wall <= desk.wall).limit(1)
    ref = desk.connection.execute(over).scalar_one_or_none()
    return Due(at=until, ref=ref, act=_close) if ref else None


def _close(desk: Desk, ref: str) -> None:
    checkouts.close(desk, checkouts.load(desk, ref))


def _end_of_term(desk: Desk, ref: str) -> None:
    subscription = subscriptions.load(desk, ref)
    if subscription.prepaid is not None:
        prepaid.begin(desk, subscription)
        return
    is_owing = subscription.status is SubscriptionStatus.PAST_DUE
    if is_owing or subscription.cancel_at is not None:
        renewals.end(desk, subscription)
    else:
        _collect(desk, renewals.bill_next_term(desk, subscription))


def _try_again(desk: Desk, ref: str) -> None:
    checkout = renewals.next_try(desk, ref)
    if checkout is not None and checkout.state is CheckoutState.OPEN:
        _collect(desk, checkout)


def _give_up(desk: Desk, ref: str) -> None:
    renewals.end(desk, subscriptions.load(desk, ref))


def _collect(desk: Desk, checkout: Checkout) -> None:
    card = wallet.default(desk, checkout.customer)
    if not checkout.bill.total:
        payments.complete(desk, checkout, None)
    elif card is not None:
        payments.ask(desk, checkout, card, is_buyer_present=False)
