"""From where on somebody is told that seats, minutes or storage run out, and what a trial is; read from the catalog."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from app.core.durations import after

_ANY_DAY = datetime(2026, 1, 1, tzinfo=UTC)  # the length of a duration in days and less is the same from any


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatBand:
    """For subscriptions of up to ``up_to`` seats: told when ``left`` seats are left, or ``left_pct`` of them."""

    up_to: int
    left: int | None = None
    left_pct: int | None = None

    def few(self, seats: int) -> int:
        """Return how many seats left are few; a share of them rounds down."""
        return self.left if self.left is not None else seats * (self.left_pct or 0) // 100


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRules:
    """The thresholds, each list from mild to grave; what is not there is never told.

    Attributes:
        seat_bands: by size, the smallest first. minutes_left_pct: below that share of the month's minutes, 0 with none.
        storage_banner_pct: from that share of the storage on a page tells; None never. storage_mail_pct: a mail does.
        stale_after: figures older than that are shown with their day.
    """

    seat_bands: tuple[SeatBand, ...] = ()
    minutes_left_pct: tuple[int, ...] = ()
    storage_banner_pct: int | None = None
    storage_mail_pct: tuple[int, ...] = ()
    stale_after: timedelta = timedelta(hours=36)


NOTHING_TOLD = AlertRules()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRules:
    """The trial that the product gives: of which plan, for how many days from which plan, with how many minutes."""

    plan: str
    days_from: tuple[tuple[str, int], ...]
    once_per_group: bool
    compute_minutes: int

    def days(self, plan: str) -> int:
        """Return how long a trial of a group on ``plan`` is; 0 when there is none."""
        return dict(self.days_from).get(plan, 0)


def read_alerts(alerts: Mapping[str, Any]) -> AlertRules:
    """Read ``[alerts]``; a part that is missing is never told."""
    seats, compute, storage = (alerts.get(name, {}) for name in ("seats", "compute", "storage"))
    bands = (SeatBand(**row) for row in seats.get("bands", ()))
    return AlertRules(
        seat_bands=tuple(sorted(bands, key=lambda band: band.up_to)),
        minutes_left_pct=tuple(sorted(compute.get("left_pct", ()), reverse=True)),
        storage_banner_pct=storage.get("banner_from_pct"),
        storage_mail_pct=tuple(sorted(storage.get("email_at_pct", ()))),
        stale_after=after(_ANY_DAY, alerts.get("stale_after", "PT36H")) - _ANY_DAY,
    )


def read_trial(trial: Mapping[str, Any]) -> TrialRules | None:
    """Read ``[rules.trial]``; None when there is no trial."""
    if not trial:
        return None
    days = {name.removeprefix(_DAYS): count for name, count in trial.items() if name.startswith(_DAYS)}
    return TrialRules(
        plan=trial["plan"],
        days_from=tuple(days.items()),
        once_per_group=trial["once_per_group"],
        compute_minutes=trial["compute_minutes"],
    )


_DAYS = "days_from_"
