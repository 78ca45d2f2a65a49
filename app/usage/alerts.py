"""When somebody has to be told that seats, minutes or storage run out. Pure: figures and thresholds in, alerts out.

An alert has two lives. On pages it stays until it is dismissed, and comes back when it is worse than it was then: at
the next seat used, the next threshold, or in the next month. By mail each threshold is told once, and nothing milder
than what was told already.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from app.catalog.thresholds import AlertRules
from app.usage.readings import Reading


class AlertKind(Enum):
    """What runs out."""

    SEATS = "seats"
    MINUTES = "minutes"
    STORAGE = "storage"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How bad it was: steps of one period (a number of seats, a month) can be compared, those of two cannot."""

    period: str
    step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Something runs out.

    Attributes:
        mark: how bad it is. is_on_pages: whether pages tell it. mail_keys: what names the mail, empty where none is
            sent; after its own key come those of every graver mail of the same kind.
    """

    kind: AlertKind
    mark: Mark
    is_on_pages: bool
    mail_keys: tuple[str, ...]


def check(reading: Reading, rules: AlertRules, now: datetime) -> tuple[Alert, ...]:
    """Return what has to be told of a group at ``now`` (business time), at most one alert of a kind.

    Minutes begin anew each month: a reading of another month says nothing of this one's.
    """
    is_of_this_month = f"{reading.counted_at:%Y-%m}" == f"{now:%Y-%m}"
    found = (_seats(reading, rules), _minutes(reading, rules) if is_of_this_month else None, _storage(reading, rules))
    return tuple(alert for alert in found if alert)


def is_dismissed(alert: Alert, dismissed: Mark | None) -> bool:
    """Whether an alert was dismissed when it was as bad as it is now, or worse."""
    return dismissed is not None and dismissed.period == alert.mark.period and alert.mark.step <= dismissed.step


def few_seats(seats: int, rules: AlertRules) -> int | None:
    """Return how many seats left are few for a subscription of so many; None when that is never told."""
    band = next((band for band in rules.seat_bands if seats <= band.up_to), None)
    return band.few(seats) if band else None


def _seats(reading: Reading, rules: AlertRules) -> Alert | None:
    few = few_seats(reading.seats, rules)
    if not reading.seats or few is None or reading.seats - reading.seats_in_use > few:
        return None
    period = f"of {reading.seats}"
    return Alert(
        kind=AlertKind.SEATS,
        mark=Mark(period=period, step=reading.seats_in_use),
        is_on_pages=True,
        mail_keys=(f"seats:{period}",),
    )


def _minutes(reading: Reading, rules: AlertRules) -> Alert | None:
    left, whole = reading.minutes_left, reading.minutes_in_all
    if not whole:
        return None  # there are none to run out of
    step = sum(left * 100 < pct * whole if pct else not left for pct in rules.minutes_left_pct)
    if not step:
        return None
    month = f"{reading.counted_at:%Y-%m}"
    return Alert(
        kind=AlertKind.MINUTES,
        mark=Mark(period=month, step=step),
        is_on_pages=True,
        mail_keys=_keys(f"minutes:{month}", step, len(rules.minutes_left_pct)),
    )


def _storage(reading: Reading, rules: AlertRules) -> Alert | None:
    full = reading.storage_pct
    if full is None:
        return None
    banner = rules.storage_banner_pct
    is_on_pages = banner is not None and full >= banner
    by_mail = sum(full >= pct for pct in rules.storage_mail_pct)
    if not is_on_pages and not by_mail:
        return None
    steps = {*rules.storage_mail_pct, *(() if banner is None else (banner,))}
    return Alert(
        kind=AlertKind.STORAGE,
        mark=Mark(period=f"{reading.counted_at:%Y-%m}", step=sum(full >= pct for pct in steps)),
        is_on_pages=is_on_pages,
        mail_keys=_keys(f"storage:{reading.storage_quota_gib}", by_mail, len(rules.storage_mail_pct)),
    )


def _keys(what: str, step: int, most: int) -> tuple[str, ...]:
    return tuple(f"{what}:{each}" for each in range(step, most + 1)) if step else ()
