"""What a group used when the product was last asked. The product is the authority; this is what can be shown of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One group at ``counted_at`` (business time).

    Attributes:
        seats: paid, 0 without a plan. seats_max: the most in use at once in this term. minutes_used: this month.
        minutes_quota: what the month includes. minutes_in_packs: what is left of bought ones, used after it.
        storage_quota_gib: all that may be used, bought storage included; None when nothing limits it.
    """

    group_id: str
    seats: int
    seats_in_use: int
    seats_max: int
    minutes_used: int
    minutes_quota: int
    minutes_in_packs: int
    storage_gib: int
    storage_quota_gib: int | None
    counted_at: datetime

    @property
    def seats_left(self) -> int:
        """Seats that nobody uses; 0 when there are more people than seats."""
        return max(0, self.seats - self.seats_in_use)

    @property
    def seats_owed(self) -> int:
        """People above the seats, at the most in this term; 0 without a plan."""
        return max(0, self.seats_max - self.seats) if self.seats else 0

    @property
    def minutes_left(self) -> int:
        """Minutes that can be used yet: of this month, then of packs."""
        return max(0, self.minutes_quota - self.minutes_used) + self.minutes_in_packs

    @property
    def minutes_in_all(self) -> int:
        """All minutes of this month, used and left."""
        return self.minutes_used + self.minutes_left

    @property
    def minutes_short(self) -> int:
        """Minutes used above all that there were."""
        return max(0, self.minutes_used - self.minutes_quota) if not self.minutes_in_packs else 0

    @property
    def storage_pct(self) -> int | None:
        """How full the storage is, in percent, rounded down; None when nothing limits it."""
        if self.storage_quota_gib is None:
            return None
        return self.storage_gib * 100 // self.storage_quota_gib if self.storage_quota_gib else 100

    def is_stale(self, now: datetime, stale_after: timedelta) -> bool:
        """Whether the figures are so old that their day has to be said."""
        return now - self.counted_at > stale_after
