"""From a subscription to what it entitles to: pure, absolute, and the same however often it is worked out."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.vendor_adapters.types import SubscriptionStatus

FREE = "free"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanState:
    """What a group should have; ``free`` has no seats and no dates."""

    plan: str
    seats: int
    starts_at: datetime | None
    ends_at: datetime | None


NOTHING = PlanState(plan=FREE, seats=0, starts_at=None, ends_at=None)


def entitled_plan(
    *,
    status: SubscriptionStatus,
    plan: str,
    seats: int,
    starts_at: datetime,
    ends_at: datetime,
    cancel_at: datetime | None,
    grace: timedelta,
    now: datetime,
) -> PlanState | None:
    """Return what a subscription entitles to at ``now`` (business time); None leaves what is granted untouched.

    A first failed renewal never cuts anybody off: past due keeps the plan for ``grace`` from the start of the term that
    is not paid. An unknown status grants nothing new and revokes nothing. A cancelled one keeps what was paid until
    its end, or until it was ended early.
    """
    if status in (SubscriptionStatus.ACTIVE, SubscriptionStatus.TRIALING):
        return PlanState(plan=plan, seats=seats, starts_at=starts_at, ends_at=ends_at)
    if status is SubscriptionStatus.PAST_DUE:
        return PlanState(plan=plan, seats=seats, starts_at=starts_at, ends_at=min(ends_at, starts_at + grace))
    if status is SubscriptionStatus.CANCELLED:
        until = min(ends_at, cancel_at or ends_at)
        return PlanState(plan=plan, seats=seats, starts_at=starts_at, ends_at=until) if until > now else NOTHING
    return None
