"""Listings for people and for programs: the same rows as aligned columns or as JSON."""

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime

Row = Mapping[str, object]


def write_json(value: object) -> None:
    """Write a value to standard output; instants are ISO 8601."""
    sys.stdout.write(json.dumps(value, indent=1, ensure_ascii=False, default=_plain) + "\n")


def write_rows(rows: Sequence[Row], *, as_json: bool, empty: str) -> None:
    """Write rows that have the same keys.

    Args:
        empty: what is said to people when there are none.
    """
    if as_json:
        write_json(rows)
    elif not rows:
        sys.stdout.write(f"{empty}\n")
    else:
        sys.stdout.writelines(_lines(rows))


def shown(value: object) -> str:
    """Return a value as people read it: instants to the minute, a dash for nothing."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%MZ")
    return "-" if value is None or value == "" else str(value)


def _lines(rows: Sequence[Row]) -> list[str]:
    table = [[name.replace("_", " ") for name in rows[0]], *([shown(value) for value in row.values()] for row in rows)]
    widths = [max(len(line[i]) for line in table) for i in range(len(table[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() + "\n" for line in table
    ]


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{value!r} has no form in JSON")
