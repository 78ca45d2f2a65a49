"""Checking and publishing campaign files: all of a file or nothing of it, with a line in the audit for each change."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection

from app.events import audit
from app.flows.deps import Deps
from app.promotions.busy import write_unless_busy
from app.promotions.files.findings import Finding
from app.promotions.files.lint import Checked, check, check_text
from app.promotions.publish import PublishRefused, publish
from app.promotions.store import codes
from app.promotions.store.campaigns import Change


class CampaignsRefused(Exception):
    """The file has faults, or a code of it is taken; nothing was published."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("; ".join(map(str, findings)))
        self.findings = tuple(findings)


def check_file(deps: Deps, path: Path) -> Checked:
    """Return a file's campaigns and faults by the catalog and what the selling vendor can do. Asks nobody."""
    return check(path, deps.catalog, deps.vendor.capabilities)


async def publish_text(deps: Deps, text: str, *, name: str = "campaigns.toml", actor: str) -> tuple[Change, ...]:
    """As ``publish_checked``, for the text of a campaign file."""
    checked = check_text(text, name, deps.catalog, deps.vendor.capabilities)
    return await publish_checked(deps, checked, actor=actor)


async def publish_checked(deps: Deps, checked: Checked, *, actor: str) -> tuple[Change, ...]:
    """Make a new version of each campaign of a file that changed; repeating it changes nothing.

    They count from then on in every process, and start and stop by their windows. ``actor`` stands in the audit: a
    person's id, ``system``, or who gave a command. Raises CampaignsRefused, and Busy while others write for longer
    than one waits; nothing is published then.
    """
    if checked.findings:
        raise CampaignsRefused(checked.findings)
    now = deps.clock.now()

    def write(connection: Connection) -> tuple[Change, ...]:
        changes = publish(connection, checked.campaigns, sealer=deps.sealer, actor=actor, now=now)
        for change in changes:
            if change.is_changed:
                subject, detail = f"campaign:{change.slug}", f"version {change.version}"
                audit.record(
                    connection, actor=actor, action="campaign.published", subject=subject, detail=detail, now=now
                )
        return changes

    try:
        return await write_unless_busy(deps.db, write)
    except PublishRefused as refused:
        raise CampaignsRefused(checked.taken(refused.conflicts)) from refused


async def taken_codes(deps: Deps, checked: Checked) -> tuple[Finding, ...]:
    """Return what ``publish_checked`` would be refused for although the file is good. Writes nothing."""
    found = await deps.db.read(lambda connection: codes.conflicts(connection, checked.campaigns, deps.sealer))
    return checked.taken(found)
