"""Reading ISO 8601 durations such as ``P30D`` and ``P1Y2M10DT2H30M``."""

import re
from datetime import datetime, timedelta

from app.core.clock import add_months

_FORM = re.compile(
    r"P(?=.)(?:(?P<years>\d{1,3})Y)?(?:(?P<months>\d{1,4})M)?(?:(?P<weeks>\d{1,4})W)?(?:(?P<days>\d{1,5})D)?"
    r"(?:T(?=.)(?:(?P<hours>\d{1,6})H)?(?:(?P<minutes>\d{1,7})M)?(?:(?P<seconds>\d{1,9})S)?)?",
    re.ASCII,
)


class BadDuration(ValueError):
    """The text is no duration."""


def after(instant: datetime, duration: str) -> datetime:
    """Return ``instant`` plus ``duration``: months and years by the calendar, the rest by the clock."""
    found = _FORM.fullmatch(duration)
    if found is None:
        raise BadDuration(f"{duration!r} is no duration such as P30D or PT12H")
    part = {name: int(value or 0) for name, value in found.groupdict().items()}
    moved = add_months(instant, 12 * part.pop("years") + part.pop("months"))
    return moved + timedelta(**part)
