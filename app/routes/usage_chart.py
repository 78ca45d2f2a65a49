"""The pictures of the usage page, as numbers for its template: the server draws, no script and no inline style.

A chart is 360 units wide, so that its letters are read on a phone too. Every month takes as much room, read or not.
"""

from dataclasses import dataclass

from app import formats
from app.usage.months import Month
from app.usage.readings import Reading

WIDTH, HEIGHT, BASE = 360, 150, 126  # units; the months' names stand below the base line
_TOP, _BAR = 8, 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A month's bar: ``height`` of what was used, of which ``extra`` on top came out of packs. ``text`` says it."""

    x: int
    width: int
    y: int
    height: int
    extra: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line through the months that were read: ``points`` as an SVG polyline has them, ``dots`` as (x, y)."""

    name: str
    points: str
    dots: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Bars or lines, with the names of the months as (x, text). ``limit_y`` is where the quota lies, None without."""

    bars: tuple[Bar, ...]
    lines: tuple[Line, ...]
    labels: tuple[tuple[int, str], ...]
    limit_y: int | None
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """One bar for one limit: ``used`` of ``width`` units; ``level`` is ok, high or full."""

    width: int
    used: int
    level: str


def minutes_chart(months: tuple[Month, ...]) -> Chart:
    """Draw the minutes of each month; what came out of packs lies above the month's own."""
    read = [month.reading for month in months if month.reading]
    quota = read[-1].minutes_quota if read else 0
    most = max([quota, *(reading.minutes_used for reading in read), 1])
    bars = tuple(_bar(place, month, most) for place, month in enumerate(months) if month.reading)
    limit = _y(quota, most) if quota else None
    return Chart(bars=bars, lines=(), labels=_labels(months), limit_y=limit, most=most)


def seats_chart(months: tuple[Month, ...]) -> Chart:
    """Draw the seats of each month: bought, in use, and the most in use."""
    read = [month.reading for month in months if month.reading]
    most = max([1, *(max(each.seats, each.seats_in_use, each.seats_max) for each in read)])
    series = (
        ("bought", [each.reading.seats if each.reading else None for each in months]),
        ("most", [each.reading.seats_max if each.reading else None for each in months]),
        ("in-use", [each.reading.seats_in_use if each.reading else None for each in months]),
    )
    lines = tuple(_line(name, values, most) for name, values in series)
    return Chart(bars=(), lines=lines, labels=_labels(months), limit_y=None, most=most)


def storage_gauge(reading: Reading, high_from_pct: int | None) -> Gauge | None:
    """Draw how full the storage is; None where nothing limits it."""
    full = reading.storage_pct
    if full is None:
        return None
    level = "full" if full >= 100 else "high" if high_from_pct is not None and full >= high_from_pct else "ok"
    return Gauge(width=WIDTH, used=min(full, 100) * WIDTH // 100, level=level)


def month_name(month: Month) -> str:
    """Return a month's name, such as ``November 2026``."""
    return f"{month.starts_at:%B %Y}"


def _bar(place: int, month: Month, most: int) -> Bar:
    reading = month.reading
    used, quota = (reading.minutes_used, reading.minutes_quota) if reading else (0, 0)
    y = _y(used, most)
    extra = max(0, _y(quota, most) - y)
    text = f"{month_name(month)}: {formats.number(used)} of {formats.number(quota)} minutes"
    x = _middle(place) - _BAR // 2
    return Bar(x=x, width=_BAR, y=y, height=BASE - y, extra=min(extra, BASE - y), text=text)


def _line(name: str, values: list[int | None], most: int) -> Line:
    dots = tuple((_middle(place), _y(value, most)) for place, value in enumerate(values) if value is not None)
    return Line(name=name, points=" ".join(f"{x},{y}" for x, y in dots), dots=dots)


def _labels(months: tuple[Month, ...]) -> tuple[tuple[int, str], ...]:
    return tuple((_middle(place), f"{month.starts_at:%b}") for place, month in enumerate(months))


def _middle(place: int) -> int:
    return 15 + place * 30


def _y(value: int, most: int) -> int:
    return BASE - value * (BASE - _TOP) // most
