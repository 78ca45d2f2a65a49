"""``check``: whether a campaign file may be published. Every fault has a name, a line and a reason."""

import tomllib
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from app.catalog.model import Catalog
from app.promotions.codes import canonical
from app.promotions.files.check_campaigns import check_campaigns
from app.promotions.files.check_combining import check_combining
from app.promotions.files.check_offers import check_offers
from app.promotions.files.findings import VENDOR_CANNOT, Finding, Findings
from app.promotions.files.findings import Path as Place
from app.promotions.files.parse import read_campaigns
from app.promotions.files.positions import key_lines
from app.promotions.files.scope import Scope
from app.promotions.files.table import Table
from app.promotions.model import Campaign
from app.vendor_adapters.capabilities import Capabilities

_LARGEST_FILE = 5_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A file's campaigns and its faults; only without faults may the campaigns be published.

    Attributes:
        warnings: what may be published and does less than it says. name: the file's, as it stands in
            findings. lines: of every key in it, where they are known.
    """

    campaigns: tuple[Campaign, ...]
    findings: tuple[Finding, ...]
    name: str
    warnings: tuple[Finding, ...] = ()
    lines: Mapping[Place, int] = field(default_factory=dict, repr=False)

    def carried(self) -> "Checked":
        """Return the same without the campaigns that the vendor cannot carry, if nothing else is wrong with the file.

        For samples that are made for every vendor; what somebody wrote for this store is published whole or not at all.
        """
        if any(finding.fault != VENDOR_CANNOT for finding in self.findings):
            return self
        starts = [self.lines.get(("campaign", i), 1) for i in range(len(self.campaigns))]
        lacking = {bisect_right(starts, finding.line) - 1 for finding in self.findings}
        kept = tuple(campaign for i, campaign in enumerate(self.campaigns) if i not in lacking)
        return replace(self, campaigns=kept, findings=())

    def taken(self, conflicts: Sequence[tuple[str, str, str]]) -> tuple[Finding, ...]:
        """Return what publishing found: codes that published campaigns outside the file have meanwhile.

        Args:
            conflicts: those of ``PublishRefused``.
        """
        findings = Findings(self.name, self.lines)
        for slug, code, other in conflicts:
            reason = f"{code} stands for {other} too, which is published and runs at the same time"
            findings.add(self._place_of(slug, code), "duplicate-code", reason)
        return findings.sorted

    def _place_of(self, slug: str, code: str) -> Place:
        for i, campaign in enumerate(self.campaigns):
            for j, spec in enumerate(campaign.codes):
                if campaign.slug == slug and canonical(spec.code) == canonical(code):
                    return ("campaign", i, "codes", j, "code")
        return ()


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
    return check_values(values, key_lines(text.replace("\r\n", "\n")), name, catalog, vendor)


def check_values(
    values: Mapping[str, object], lines: Mapping[Place, int], name: str, catalog: Catalog, vendor: Capabilities
) -> Checked:
    """Check what a campaign file holds, however it was read; a place that is not in ``lines`` is on line 1."""
    findings = Findings(name, lines)
    read = read_campaigns(Table(values, (), findings))
    whole = tuple((i, campaign) for i, campaign in enumerate(read) if campaign is not None)
    scope = Scope(campaigns=whole, catalog=catalog, capabilities=vendor, findings=findings)
    check_campaigns(scope)
    check_offers(scope)
    check_combining(scope)
    campaigns = tuple(campaign for _, campaign in whole)
    return Checked(campaigns=campaigns, findings=findings.sorted, warnings=findings.warnings, name=name, lines=lines)


def _unreadable(path: Path, line: int, fault: str, reason: str) -> Checked:
    finding = Finding(file=str(path), line=line, fault=fault, reason=reason)
    return Checked(campaigns=(), findings=(finding,), name=str(path))


def _line_of(error: tomllib.TOMLDecodeError) -> int:
    """The standard library says where only in words: ``… (at line 3, column 7)``."""
    words = str(error).rpartition("at line ")[2].partition(",")[0]
    return int(words) if words.isascii() and words.isdigit() else 1
