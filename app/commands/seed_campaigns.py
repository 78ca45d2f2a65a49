"""The campaigns of a seed file: the keys of a campaign file, under ``campaigns`` or as they are in one."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from app.catalog.model import Catalog
from app.promotions.files.findings import Path as Place
from app.promotions.files.lint import Checked, check_values
from app.promotions.files.parse import SCHEMA
from app.promotions.files.positions import key_lines
from app.vendor_adapters.capabilities import Capabilities

KEYS = frozenset({"campaigns", "campaign", "schema"})
_LISTS = ("campaigns", "campaign")
_INSTANTS = frozenset({"starts", "ends", "expires"})


def checked_campaigns(
    data: Mapping[str, Any], text: str, path: Path, catalog: Catalog, vendor: Capabilities
) -> Checked | None:
    """Return a seed file's campaigns, checked as those of a campaign file are; None when it has none.

    JSON has no instants, so that there they may be texts.
    """
    name = next((each for each in _LISTS if each in data), None)
    if name is None:
        return None
    is_toml = path.suffix == ".toml"
    lines = _lines(text, name) if is_toml else {}
    rows = data[name] if is_toml else _with_instants(data[name])
    values = {"schema": data.get("schema", SCHEMA), "campaign": rows}
    return check_values(values, lines, str(path), catalog, vendor)


def _lines(text: str, name: str) -> dict[Place, int]:
    found = key_lines(text.replace("\r\n", "\n"))
    return {("campaign", *place[1:]): line for place, line in found.items() if place[0] == name}


def _with_instants(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _with_instants(each, name) for name, each in value.items()}
    if isinstance(value, list):
        return [_with_instants(each) for each in value]
    if key in _INSTANTS and isinstance(value, str):
        return _instant(value)
    return value


def _instant(text: str) -> datetime | str:
    """Return the instant, or the text as it is, of which the check then says what it should be."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return text
