"""``kassa seed FILE``: more people and groups for the demonstration, from JSON or TOML."""

import json
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

from app.config import Config
from app.core.clock import SystemClock
from app.demo import product as demo_product
from app.demo.seed import BadSeed, SeedGroup, SeedPerson

T = TypeVar("T", SeedPerson, SeedGroup)


async def seed_file(config: Config, path: Path) -> int:
    """Add ``people`` and ``groups`` of the file; all or none, repeatable, also while the demonstration runs."""
    try:
        data = _read(path)
        people = [_made(SeedPerson, row) for row in _rows(data, "people")]
        groups = [_made(SeedGroup, row) for row in _rows(data, "groups")]
        product = demo_product.create(config, SystemClock())
        await product.prepare()
        await product.seed(people, groups)
    except (BadSeed, OSError, ValueError) as error:
        sys.stderr.write(f"{path}: {error}\n")
        return 1
    product.close()
    sys.stdout.write(f"{len(people)} people and {len(groups)} groups are there.\n")
    return 0


def _read(path: Path) -> Mapping[str, Any]:
    text = path.read_text("utf-8")
    data = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    if not isinstance(data, dict):
        raise BadSeed("the file holds no people and no groups")
    unknown = set(data) - {"people", "groups"}
    if unknown:
        raise BadSeed(f"unknown keys {', '.join(sorted(unknown))}; there are people and groups")
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
