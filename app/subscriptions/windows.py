"""When the next term can be paid by hand: in the last days of a term, and for some days after it has ended. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.catalog.model import Rules
from app.subscriptions.eligibility import Reason
from app.subscriptions.store import Subscription
from app.vendor_adapters.types import SubscriptionStatus

HOSTED = "hosted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The days in which a renewal can be paid: ``opens_at`` counts, ``closes_at`` does not.

    ``base`` is the end of what is paid: the new term begins there. ``is_after_end``: nothing runs any more.
    """

    base: datetime
    opens_at: datetime
    closes_at: datetime
    is_after_end: bool

    def is_open(self, now: datetime) -> bool:
        """Whether it can be paid at ``now`` (business time)."""
        return self.opens_at <= now < self.closes_at


def window_of(subscription: Subscription, reason: Reason, rules: Rules) -> Window | None:
    """Return when the next term can be paid by hand; None where that is not for the buyer, or paid already.

    A renewal that is owed is paid by its invoice, never beside it.
    """
    if subscription.paid_until is not None:
        return None
    if reason is Reason.OK:
        base = subscription.ends_at
        opens_at = base - timedelta(days=rules.renewal_window_days)
        return Window(base=base, opens_at=opens_at, closes_at=base, is_after_end=False)
    if reason is Reason.EXPIRED and subscription.status is SubscriptionStatus.CANCELLED:
        base, hosted = paid_end(subscription), subscription.deployment == HOSTED
        if hosted and base != subscription.ends_at:
            return None  # the grace of its unpaid term is over by then, or it was paid back: it is bought anew
        days = rules.grace_days if hosted else rules.reactivate_days_self_hosted
        return Window(base=base, opens_at=base, closes_at=base + timedelta(days=days), is_after_end=True)
    return None


def paid_end(subscription: Subscription) -> datetime:
    """Return until when an ended subscription was paid: a term that ended early was never paid, or was paid back."""
    was_cut = subscription.cancel_at is not None and subscription.cancel_at < subscription.ends_at
    return subscription.starts_at if was_cut else subscription.ends_at
