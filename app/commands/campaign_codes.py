"""``kassa campaign codes``: batches of secret codes, shown once, and what became of every code."""

import argparse
import csv
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TextIO

from app.commands.listings import Row, write_rows
from app.commands.operator import operator
from app.commands.progress import Progress
from app.flows.campaigns.manage import CampaignFault, check_room, find_campaign, make_codes, revoke_codes
from app.flows.deps import Deps
from app.promotions.store import codes
from app.promotions.store.codes import Code

_AT_A_TIME = 500  # in one transaction: buyers do not wait for a large batch


async def make(deps: Deps, options: argparse.Namespace) -> int:
    """Make codes and write them, one a line, each stretch as soon as it is made: they cannot be shown again."""
    await check_room(deps, options.slug, options.count)
    progress = Progress("codes", options.count)
    with _output(options.output) as out:
        for first in range(0, options.count, _AT_A_TIME):
            count = min(_AT_A_TIME, options.count - first)
            made = await make_codes(deps, options.slug, count, actor=operator())
            out.writelines(f"{each.text}\n" for each in made)
            out.flush()
            progress.advance(count)
    sys.stderr.write(f"{options.count} codes of {options.slug}. Keep them now: they are not shown again.\n")
    return 0


async def list_all(deps: Deps, options: argparse.Namespace) -> int:
    """Print a campaign's codes with their uses."""
    write_rows(
        await _rows(deps, options.slug), as_json=options.json, empty=f"{options.slug} has no codes; make a batch."
    )
    return 0


async def export(deps: Deps, options: argparse.Namespace) -> int:
    """Write a campaign's codes as CSV; of secret ones prefix and last characters alone are known."""
    rows = await _rows(deps, options.slug)
    with _output(options.output) as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows([_cell(value) for value in row.values()] for row in rows)
    return 0


async def revoke(deps: Deps, options: argparse.Namespace) -> int:
    """Let a code work no more."""
    for code in await revoke_codes(deps, options.code, actor=operator()):
        sys.stdout.write(f"{code.code_id} ({code.label}) of {code.slug}: revoked\n")
    return 0


_COLUMNS = ("id", "code", "secret", "state", "used", "held", "cap", "expires", "made")


async def _rows(deps: Deps, slug: str) -> list[Row]:
    await find_campaign(deps, slug)
    found = await deps.db.read(lambda connection: codes.list_codes(connection, slug))
    now = deps.clock.now()
    return [dict(zip(_COLUMNS, _values(code, now), strict=True)) for code in found]


def _values(code: Code, now: datetime) -> tuple[object, ...]:
    return (
        code.code_id,
        code.label,
        "yes" if code.is_secret else "no",
        _state(code, now),
        code.used,
        code.held,
        code.cap,
        code.expires_at,
        code.made_at,
    )


def _state(code: Code, now: datetime) -> str:
    if code.revoked_at is not None:
        return "revoked"
    if code.expires_at is not None and code.expires_at <= now:
        return "over"
    return "used up" if code.cap is not None and code.used + code.held >= code.cap else "works"


def _cell(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return "" if value is None else value


@contextmanager
def _output(path: Path | None) -> Iterator[TextIO]:
    """Yield where to write: standard output, or a new file for its owner alone, never over one that is there."""
    if path is None:
        yield sys.stdout
        return
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise CampaignFault("unwritable", f"{path} cannot be written: {error.strerror}") from error
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        yield out
