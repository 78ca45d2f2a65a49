"""The port to the product being sold: who owns what, what is in use, and granting what was bought."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class ProductError(Exception):
    """The product told nothing that can be gone by; a page that needs its word answers E-PRODUCT."""


class ProductUnavailable(ProductError):
    """The product did not answer, or not in time; nothing is known, and trying again later is right."""


class ProductRefused(ProductError):
    """The product answered that it will not (an unknown group, a bad request); people must look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A top-level group of the product as one person sees it.

    Attributes:
        id: the group's short name. members: people in it. seats_in_use: billable ones. plan: its plan's key (``free``
            when none), with ``ends_at`` of a paid one. can_edit_billing: whether that person may buy for it.
        trial_ends_at: when a trial that is under way ends; None without one.
    """

    id: str
    name: str
    members: int
    seats_in_use: int
    plan: str
    seats: int
    ends_at: datetime | None
    can_edit_billing: bool
    trial_ends_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanGrant:
    """Desired state of a group: absolute, so that repeating it changes nothing; ``free`` has no end."""

    plan: str
    seats: int
    starts_at: datetime | None
    ends_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MinutesGrant:
    """A pack of compute minutes: a ledger entry, found again by ``purchase_id`` so that it is granted once."""

    purchase_id: str
    minutes: int
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MinutesBack:
    """Nothing shall be left of the pack ``purchase_id``: it was paid back. What was used of it stays used."""

    purchase_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageGrant:
    """Extra storage of a group: the absolute size and its end."""

    gib: int
    ends_at: datetime | None
    version: int


Grant = PlanGrant | MinutesGrant | MinutesBack | StorageGrant


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantResult:
    """What became of one grant; each succeeds or fails alone. ``retry`` tells a passing fault from a refusal.

    ``minutes`` are those that a pack still held when it was taken back.
    """

    ok: bool
    retry: bool = False
    reason: str = ""
    minutes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a group uses, as the product counted it at ``counted_at``.

    ``minutes_quota`` is what the month includes; ``minutes_in_packs`` what is left of bought ones, used after it.
    ``storage_quota_gib`` is all that may be used, bought storage included; None when nothing limits it.
    """

    seats_in_use: int
    seats_max: int
    minutes_used: int
    minutes_quota: int
    storage_gib: int
    counted_at: datetime
    minutes_in_packs: int = 0
    storage_quota_gib: int | None = None


class Product(Protocol):
    """What the store asks of the product. Every call ends within 5 s or raises ProductUnavailable."""

    async def groups(self, subject: str) -> tuple[Group, ...]:
        """Return the top-level groups that the person with this sign-in subject belongs to."""
        ...

    async def group(self, group_id: str, *, subject: str) -> Group | None:
        """Return one group as that person sees it; None when it does not exist or the person is not in it."""
        ...

    async def grant(self, order_id: str, group_id: str, grants: tuple[Grant, ...]) -> tuple[GrantResult, ...]:
        """Ask for ``grants`` to hold, in order; repeating a call changes nothing more."""
        ...

    async def state(self, group_id: str) -> Group | None:
        """Return what the group has now, for the drift check; None when it is gone."""
        ...

    async def usage(self, group_id: str) -> Usage:
        """Return what the group uses."""
        ...
