"""``check``: whether a campaign file may be published. Every fault has a name, a line and a reason."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from app.catalog.model import Catalog
from app.promotions.files.check_campaigns import check_campaigns
from app.promotions.files.check_combining import check_combining
from app.promotions.files.check_offers import check_offers
from app.promotions.files.findings import Finding, Findings
from app.promotions.files.parse import read_campaigns
from app.promotions.files.positions import key_lines
from app.promotions.files.scope import Scope
from app.promotions.files.table import Table
from app.promotions.model import Campaign
from app.vendor_adapters.capabilities import Capabilities

_LARGEST_FILE = 5_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A file's campaigns and its faults; only without faults may the campaigns be published."""

    campaigns: tuple[Campaign, ...]
    findings: tuple[Finding, ...]


def check(path: Path, catalog: Catalog, vendor: Capabilities) -> Checked:
    """Read and check the file at ``path`` against the catalog and what the selling vendor can do; never raises."""
    try:
        text = path.read_bytes()[: _LARGEST_FILE + 1].decode()
    except (OSError, UnicodeDecodeError) as error:
        return _unreadable(path, 1, "unreadable", f"it cannot be read: {error}")
    if len(text) > _LARGEST_FILE:
        return _unreadable(path, 1, "unreadable", f"it has more than {_LARGEST_FILE} characters")
    return check_text(text, str(path), catalog, vendor)


def check_text(text: str, name: str, catalog: Catalog, vendor: Capabilities) -> Checked:
    """Check the text of a campaign file; ``name`` stands in the findings."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return _unreadable(Path(name), _line_of(error), "not-toml", str(error))
    findings = Findings(name, key_lines(text.replace("\r\n", "\n")))
    read = read_campaigns(Table(values, (), findings))
    whole = tuple((i, campaign) for i, campaign in enumerate(read) if campaign is not None)
    scope = Scope(campaigns=whole, catalog=catalog, capabilities=vendor, findings=findings)
    check_campaigns(scope)
    check_offers(scope)
    check_combining(scope)
    return Checked(campaigns=tuple(campaign for _, campaign in whole), findings=findings.sorted)


def _unreadable(path: Path, line: int, fault: str, reason: str) -> Checked:
    return Checked(campaigns=(), findings=(Finding(file=str(path), line=line, fault=fault, reason=reason),))


def _line_of(error: tomllib.TOMLDecodeError) -> int:
    """The standard library says where only in words: ``… (at line 3, column 7)``."""
    words = str(error).rpartition("at line ")[2].partition(",")[0]
    return int(words) if words.isascii() and words.isdigit() else 1
