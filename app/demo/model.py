"""What the demo product knows: people, groups, what was bought for them, and the requests of its sign-in."""

from dataclasses import dataclass, replace
from datetime import datetime

from app.demo.minutes import Pack, draw, left_in, month_of, next_month

OWNER = "owner"
DEVELOPER = "developer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A plan as the product sees it; ``minutes`` are the compute minutes that each month includes,
    ``storage_gib`` what a project may hold: a group counts here as one project."""

    key: str
    name: str
    minutes: int
    storage_gib: int


PLANS = {
    plan.key: plan
    for plan in (
        Plan(key="free", name="Free", minutes=400, storage_gib=10),
        Plan(key="team", name="Team", minutes=10_000, storage_gib=500),
        Plan(key="scale", name="Scale", minutes=50_000, storage_gib=500),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody with an account; ``sub`` never changes, the other facts may."""

    sub: str
    username: str
    name: str
    email: str
    email_verified: bool
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A trial of ``plan`` with ``minutes`` a month; ``ends_at`` is exclusive, and comes early when a plan is bought."""

    plan: str
    minutes: int
    started_at: datetime
    ends_at: datetime

    def is_running(self, now: datetime) -> bool:
        """Whether it is under way at ``now`` (business time)."""
        return self.started_at <= now < self.ends_at


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRecord:
    """A group with all that was granted to it; ``members`` counts everybody, with or without an account here;
    ``seats_max`` is the most seats in use at once in this term.

    ``plan`` stays what was last granted, also after ``ends_at``: see ``is_paid``. ``minutes_counted`` are the compute
    minutes used in the month that begins at ``minutes_month``; None is the month that runs.
    """

    id: str
    name: str
    source: str
    plan: str
    seats: int
    starts_at: datetime | None
    ends_at: datetime | None
    members: int
    seats_in_use: int
    seats_max: int
    minutes_counted: int
    minutes_month: datetime | None
    storage_used_gib: int
    storage_gib: int
    storage_ends_at: datetime | None
    packs: tuple[Pack, ...]
    trial: Trial | None

    def is_paid(self, now: datetime) -> bool:
        """Whether a paid plan holds at ``now`` (business time); the end is exclusive."""
        return self.plan != "free" and (self.ends_at is None or now < self.ends_at)

    def minutes_included(self, now: datetime) -> int:
        """Return the compute minutes that this month includes."""
        if self.is_paid(now):
            return PLANS[self.plan].minutes
        return self.trial.minutes if self.trial and self.trial.is_running(now) else PLANS["free"].minutes

    def storage_quota_gib(self, now: datetime) -> int:
        """Return all the storage that may be used: what the plan includes, and what was bought beside it."""
        holds = self.storage_ends_at is None or now < self.storage_ends_at
        return PLANS[self.plan if self.is_paid(now) else "free"].storage_gib + (self.storage_gib if holds else 0)

    def counted(self, now: datetime) -> "GroupRecord":
        """Return the group as it is at ``now``: a new month begins with nothing used and with what its packs had left.

        What is used above the month's own minutes comes out of the packs.
        """
        month, is_over = month_of(now), self.minutes_month is not None and self.minutes_month < month_of(now)
        used = 0 if is_over else self.minutes_counted
        packs = next_month(self.packs) if is_over else self.packs
        drawn = draw(packs, max(0, used - self.minutes_included(now)), now)
        return replace(self, minutes_counted=used, minutes_month=month, packs=drawn)

    def minutes_used(self, now: datetime) -> int:
        """Return the compute minutes used this month."""
        return self.counted(now).minutes_counted

    def minutes_in_packs(self, now: datetime) -> int:
        """Return the bought minutes that are left."""
        return left_in(self.counted(now).packs, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """A group as one of its people sees it."""

    group: GroupRecord
    role: str

    @property
    def is_owner(self) -> bool:
        return self.role == OWNER


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """A checked request of a client to sign somebody in; ``challenge`` is the PKCE S256 challenge."""

    client_id: str
    redirect_uri: str
    state: str
    scope: str
    nonce: str
    challenge: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingSignIn:
    """What goes on once somebody has signed in: a client's request, or a page of the product."""

    request: AuthorizationRequest | None
    next_path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody signed in at ``auth_time`` (wall time)."""

    person: Person
    auth_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault to have: ``op`` of the product's API or of the sign-in; ``times`` 0 means until it is cleared."""

    op: str
    kind: str
    times: int
