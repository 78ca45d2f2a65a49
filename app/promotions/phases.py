"""Where a campaign stands at an instant: its status and its window in one word."""

from datetime import datetime
from enum import Enum

from app.promotions.model import Published, Status


class Phase(Enum):
    """DRAFT and PAUSED by status; a live one is SCHEDULED, RUNNING or ENDED by its window."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    ENDED = "ended"


def phase_of(published: Published, now: datetime) -> Phase:
    """Return where a campaign stands at ``now`` (business time); one whose window is over has ended, even if paused."""
    if published.status is Status.DRAFT:
        return Phase.DRAFT
    window = published.campaign.window
    if now >= window.ends:
        return Phase.ENDED
    if published.status is Status.PAUSED:
        return Phase.PAUSED
    return Phase.RUNNING if now in window else Phase.SCHEDULED
