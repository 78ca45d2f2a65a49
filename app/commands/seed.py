"""``kassa seed FILE``: more people, groups and campaigns for the demonstration, from JSON or TOML."""

import json
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar, cast

from app.commands.database import prepare_database
from app.commands.neighbours import neighbours
from app.commands.operator import operator
from app.commands.seed_campaigns import KEYS, checked_campaigns
from app.config import Config
from app.core.clock import SystemClock
from app.db.clock_store import follow
from app.db.errors import DATABASE_AWAY
from app.demo import product as demo_product
from app.demo.seed import BadSeed, SeedGroup, SeedPerson
from app.flows.campaigns.publish import CampaignsRefused, publish_checked, taken_codes
from app.flows.deps import Deps
from app.promotions.files.lint import Checked

T = TypeVar("T", SeedPerson, SeedGroup)


async def seed_file(config: Config, path: Path) -> int:
    """Add ``people``, ``groups`` and ``campaigns`` of the file; all or none, repeatable, also while the demo runs."""
    try:
        async with neighbours(config) as deps:
            sys.stdout.write(await _seed(deps, path))
    except CampaignsRefused as refused:
        sys.stderr.writelines(f"{finding}\n" for finding in refused.findings)
        return 1
    except DATABASE_AWAY as error:
        sys.stderr.write(f"The database does not answer ({type(error).__name__}): check KASSA_DATABASE_URL.\n")
        return 1
    except (BadSeed, OSError, ValueError) as error:
        sys.stderr.write(f"{path}: {error}\n")
        return 1
    return 0


async def _seed(deps: Deps, path: Path) -> str:
    """Do it, what can refuse first, and return what is then there."""
    text = _text(path)
    data = _read(text, path)
    people = [_made(SeedPerson, row) for row in _rows(data, "people")]
    groups = [_made(SeedGroup, row) for row in _rows(data, "groups")]
    checked = checked_campaigns(data, text, path, deps.catalog, deps.vendor.capabilities)
    if checked is not None:
        await _check_publishable(deps, checked)
    await _seed_product(deps.config, people, groups)
    if checked is None:
        return f"{len(people)} people and {len(groups)} groups are there.\n"
    await publish_checked(deps, checked, actor=operator())
    return f"{len(people)} people, {len(groups)} groups and {len(checked.campaigns)} campaigns are there.\n"


async def _check_publishable(deps: Deps, checked: Checked) -> None:
    if deps.config.is_demo:  # elsewhere the schema is moved by ``migrate`` alone
        prepare_database(deps.config).close()
        await follow(deps.db, cast(SystemClock, deps.clock))
    findings = checked.findings or await taken_codes(deps, checked)
    if findings:
        raise CampaignsRefused(findings)


async def _seed_product(config: Config, people: list[SeedPerson], groups: list[SeedGroup]) -> None:
    product = demo_product.create(config, SystemClock())
    try:
        await product.prepare()
        await product.seed(people, groups)
    finally:
        product.close()


def _text(path: Path) -> str:
    return path.read_text("utf-8")


def _read(text: str, path: Path) -> Mapping[str, Any]:
    data = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    if not isinstance(data, dict):
        raise BadSeed("the file holds no people, no groups and no campaigns")
    unknown = set(data) - {"people", "groups"} - KEYS
    if unknown:
        raise BadSeed(f"unknown keys {', '.join(sorted(unknown))}; there are people, groups and campaigns")
    return dict(data)


def _rows(data: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    rows = data.get(name, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadSeed(f"{name} is a list, each with its own fields")
    return rows


def _made(kind: type[T], row: Mapping[str, Any]) -> T:
    known = {field.name for field in fields(kind)}
    unknown = set(row) - known
    if unknown:
        raise BadSeed(f"unknown keys {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}")
    try:
        return kind(**{name: _value(value) for name, value in row.items()})
    except TypeError as error:
        raise BadSeed(f"something is missing: {error}") from error


def _value(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    if isinstance(value, str) and len(value) >= 10 and value[4:5] == "-" and value[:4].isdigit():
        at = datetime.fromisoformat(value)
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return value
