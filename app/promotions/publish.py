"""Publishing checked campaigns, and pausing and resuming them: all of a file or nothing of it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from app.db.sealing import Sealer
from app.promotions.model import Campaign, Status
from app.promotions.store import campaigns, codes
from app.promotions.store.campaigns import Change


class PublishRefused(Exception):
    """A code of the file already stands for a published campaign outside it that runs at the same time.

    Attributes:
        conflicts: (campaign, code, other campaign) each.
    """

    def __init__(self, conflicts: Sequence[tuple[str, str, str]]) -> None:
        super().__init__("; ".join(f"{slug}: {code} stands for {other} too" for slug, code, other in conflicts))
        self.conflicts = tuple(conflicts)


def publish(
    connection: Connection, checked: Sequence[Campaign], *, sealer: Sealer, actor: str, now: datetime
) -> tuple[Change, ...]:
    """Make a new version of each campaign that changed; the file must have been checked without findings.

    Orders that were reserved under an earlier version keep it. Raises PublishRefused before anything is written.
    """
    codes.take_turns_at_codes(connection)  # two files that name one code would else not see each other
    found = codes.conflicts(connection, checked, sealer)
    if found:
        raise PublishRefused(found)
    changes = []
    for campaign in checked:
        before = campaigns.find(connection, campaign.slug)
        changes.append(campaigns.publish_campaign(connection, campaign, actor=actor, now=now))
        had = before.campaign if before else None
        codes.sync_codes(connection, campaign, had=had, sealer=sealer, actor=actor, now=now)
    return tuple(changes)


def pause(connection: Connection, slug: str) -> bool:
    """Stop a campaign at once for everybody who has not reserved yet; whether it was live."""
    return campaigns.set_status(connection, slug, Status.PAUSED, expected=Status.LIVE)


def resume(connection: Connection, slug: str) -> bool:
    """Let a paused campaign run again; whether it was paused."""
    return campaigns.set_status(connection, slug, Status.LIVE, expected=Status.PAUSED)
