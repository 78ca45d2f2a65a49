"""The two clocks. Business time rules terms, quotes and renewals and can be moved in the demo; wall time rules
tokens, sessions, leases and timeouts and is never moved. Nothing else in the project reads the time."""

import calendar
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What flows are handed; both answers are aware and in UTC."""

    def now(self) -> datetime:
        """Return business time."""
        ...

    def wall(self) -> datetime:
        """Return wall time."""
        ...


class SystemClock:
    """The real clock, with the business time's offset that the demo controls set."""

    def __init__(self, offset: timedelta = timedelta(0)) -> None:
        self.offset = offset

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def wall(self) -> datetime:
        return datetime.now(UTC)


class FrozenClock:
    """A clock that stands until it is moved, for tests and the conformance kit."""

    def __init__(self, at: datetime) -> None:
        self._business = at
        self._wall = at

    def now(self) -> datetime:
        return self._business

    def wall(self) -> datetime:
        return self._wall

    @property
    def offset(self) -> timedelta:
        """How far business time is ahead of wall time, as the demo controls set it."""
        return self._business - self._wall

    @offset.setter
    def offset(self, offset: timedelta) -> None:
        self._business = self._wall + offset

    def advance(self, by: timedelta) -> None:
        """Move both clocks on by ``by``."""
        self._business += by
        self._wall += by

    def advance_business(self, by: timedelta) -> None:
        """Move business time alone, as the demo controls do."""
        self._business += by


def midnight(instant: datetime) -> datetime:
    """Return 00:00Z of the day of ``instant``."""
    return instant.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def add_months(instant: datetime, months: int) -> datetime:
    """Return the same day ``months`` later, clamped to the month's end (29 Feb + 12 is 28 Feb)."""
    index = instant.year * 12 + instant.month - 1 + months
    year, month = divmod(index, 12)
    day = min(instant.day, calendar.monthrange(year, month + 1)[1])
    return instant.replace(year=year, month=month + 1, day=day)
