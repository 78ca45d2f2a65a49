"""Plots as shapes for a template to draw as SVG: numbers in, places out. Colours are classes of the style sheet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app import formats

_LABEL_ENDS = 160
_LONGEST_BAR = 190
_ROW = 30
_BAR = 20
_DAYS_WIDE = 640
_DAYS_HIGH = 140
_TOP = 30
_BELOW = 30
_MOST_BARS = 62  # more days than that are shown by the week
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar; ``before`` is how long the bar above it is, to show what was lost on the way."""

    label: str
    text: str
    x: int
    y: int
    width: int
    height: int
    before: int = 0
    text_x: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A plot in a box of ``width`` x ``height``; it grows and shrinks as a whole."""

    width: int
    height: int
    bars: tuple[Bar, ...]
    most: str = ""
    first: str = ""
    last: str = ""


def steps_chart(rows: Sequence[tuple[str, int]]) -> Chart:
    """Return one bar a step, its length in proportion to the largest."""
    most = max((count for _label, count in rows), default=0)
    bars: list[Bar] = []
    for index, (label, count) in enumerate(rows):
        width = _scaled(count, most, _LONGEST_BAR)
        before = bars[-1].width if bars else width
        bar = Bar(
            label=label,
            text=formats.number(count),
            x=_LABEL_ENDS,
            y=index * _ROW + 4,
            width=width,
            height=_BAR,
            before=max(before, width),
            text_x=_LABEL_ENDS + max(before, width) + 6,
        )
        bars.append(bar)
    return Chart(width=_LABEL_ENDS + _LONGEST_BAR + 50, height=max(len(rows), 1) * _ROW, bars=tuple(bars))


def days_chart(days: Sequence[tuple[datetime, int]], *, since: datetime, until: datetime) -> Chart:
    """Return one bar a day (00:00Z) from ``since`` to ``until``, or one a week where that would be too many."""
    first, last = _midnight(since), max(_midnight(until), _midnight(since))
    step = _DAY if (last - first) // _DAY < _MOST_BARS else 7 * _DAY
    sums = [0] * ((last - first) // step + 1)
    for day, count in days:
        if first <= day <= last:
            sums[(day - first) // step] += count
    most = max(sums)
    wide = _DAYS_WIDE // len(sums)
    bars = tuple(
        Bar(
            label=formats.date(first + index * step),
            text=formats.number(count),
            x=index * _DAYS_WIDE // len(sums),
            y=_TOP + _DAYS_HIGH - _scaled(count, most, _DAYS_HIGH),
            width=max(1, min(wide - 2, 48)),
            height=_scaled(count, most, _DAYS_HIGH),
        )
        for index, count in enumerate(sums)
        if count
    )
    return Chart(
        width=_DAYS_WIDE,
        height=_TOP + _DAYS_HIGH + _BELOW,
        bars=bars,
        most=formats.number(most),
        first=formats.date(first),
        last=formats.date(last),
    )


def _scaled(count: int, most: int, length: int) -> int:
    """Return the length for ``count``; what is not nothing can be seen."""
    return max(2, count * length // most) if count else 0


def _midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)
