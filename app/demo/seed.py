"""The people and groups that the demonstration starts with, and the form in which more can be given."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from app.demo.model import PLANS

_GROUP_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


class BadSeed(ValueError):
    """A person or a group that cannot be seeded; its text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedPerson:
    """Somebody to have an account. Without ``sub`` it is worked out from the username, and so stays the same."""

    username: str
    name: str = ""
    email: str = ""
    email_verified: bool = True
    roles: tuple[str, ...] = ()
    sub: str = ""

    def __post_init__(self) -> None:
        if not _USERNAME.fullmatch(self.username):
            raise BadSeed(f"{self.username!r} is no username: use small letters, digits and . _ -")

    @property
    def subject(self) -> str:
        """The subject that the sign-in tells."""
        return self.sub or f"usr_{self.username}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedGroup:
    """A group to have.

    Attributes:
        owners, developers: usernames. members: the head count with those included; by default just those.
        seats_in_use: by default everybody. seats_max: the most at once in this term, by default those now.
        plan, seats, starts_at, ends_at: only for a group that is new, since what the store has granted since then
            must stand.
    """

    id: str
    name: str = ""
    owners: tuple[str, ...] = ()
    developers: tuple[str, ...] = ()
    members: int | None = None
    seats_in_use: int | None = None
    seats_max: int | None = None
    source: str = "direct"
    plan: str = "free"
    seats: int = 0
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    minutes_used: int = 0
    storage_used_gib: int = 0

    def __post_init__(self) -> None:
        if not _GROUP_ID.fullmatch(self.id):
            raise BadSeed(f"{self.id!r} is no group id: use small letters, digits and -")
        if self.plan not in PLANS:
            raise BadSeed(f"{self.id}: {self.plan!r} is no plan; there are {', '.join(PLANS)}.")
        if self.head_count < len(self.owners) + len(self.developers):
            raise BadSeed(f"{self.id}: {self.members} members are fewer than the people named.")
        if min(self.seats, self.billable, self.minutes_used, self.storage_used_gib) < 0:
            raise BadSeed(f"{self.id}: a count is below zero.")

    @property
    def head_count(self) -> int:
        """Everybody in the group."""
        return len(self.owners) + len(self.developers) if self.members is None else self.members

    @property
    def billable(self) -> int:
        """Those of them who use a seat."""
        return self.head_count if self.seats_in_use is None else self.seats_in_use

    @property
    def most_billable(self) -> int:
        """The most of them who used a seat at once."""
        return self.billable if self.seats_max is None else max(self.seats_max, self.billable)


def _day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


PEOPLE = (
    SeedPerson(username="ann", name="Ann Archer", email="ann@acme.example", roles=("marketing", "support")),
    SeedPerson(username="bob", name="Bob Baker", email="bob@globex.example"),
    SeedPerson(username="cleo", name="Cleo Carter", email="cleo@initech.example"),
    SeedPerson(username="dan", name="Dan Draper", email="dan@dan.example"),
    SeedPerson(username="eve", name="Eve Ellis", email="eve@hooli.example"),
)

GROUPS = (
    SeedGroup(id="acme", name="Acme", owners=("ann",), members=7, minutes_used=310, storage_used_gib=6),
    SeedGroup(id="zen", name="Zen", owners=("ann",), members=14, minutes_used=120, storage_used_gib=3),
    SeedGroup(
        id="globex",
        name="Globex",
        owners=("bob",),
        members=8,
        plan="team",
        seats=10,
        starts_at=_day("2026-03-01"),
        ends_at=_day("2027-03-01"),
        minutes_used=8_400,
        storage_used_gib=41,
    ),
    SeedGroup(
        id="initech",
        name="Initech",
        owners=("cleo",),
        members=18,
        source="reseller",
        plan="team",
        seats=20,
        starts_at=_day("2026-06-01"),
        ends_at=_day("2027-06-01"),
        minutes_used=5_200,
        storage_used_gib=77,
    ),
    SeedGroup(
        id="hooli",
        name="Hooli",
        owners=("eve",),
        members=5,
        plan="team",
        seats=5,
        starts_at=_day("2026-11-15"),
        ends_at=_day("2027-11-15"),
    ),
    SeedGroup(
        id="umbrella",
        name="Umbrella",
        owners=("eve",),
        members=36,
        source="multi_year",
        plan="team",
        seats=40,
        starts_at=_day("2025-01-01"),
        ends_at=_day("2028-01-01"),
    ),
    SeedGroup(
        id="stark",
        name="Stark",
        owners=("eve",),
        members=28,
        source="purchase_order",
        plan="scale",
        seats=30,
        starts_at=_day("2026-04-01"),
        ends_at=_day("2027-04-01"),
    ),
    SeedGroup(
        id="wayne",
        name="Wayne",
        owners=("eve",),
        members=22,
        source="community",
        plan="scale",
        seats=25,
        starts_at=_day("2026-09-01"),
        ends_at=_day("2027-09-01"),
    ),
)
