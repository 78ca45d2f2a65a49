"""Looking around before something is chosen: told to the funnel where it costs the visitor nothing."""

import structlog
from sqlalchemy import Connection

from app.db.errors import DATABASE_AWAY
from app.events import funnel
from app.flows.deps import Deps
from app.promotions.store import campaigns

_log = structlog.get_logger()


async def note_plans_viewed(deps: Deps, keys: tuple[str, ...], campaign: str) -> None:
    """Note that a browser saw the plan page. The page stands without it: a database that is away is only logged.

    Args:
        keys: what the browser's visits are filed under. campaign: a slug from a link, kept if there is one: each makes
            a visit of its own, and whoever invents some makes no more.
    """
    at = deps.clock.now()

    def write(connection: Connection) -> None:
        slug = campaign if campaign and campaigns.find(connection, campaign) else ""
        funnel.viewed_plans(connection, keys, campaign=slug, at=at)

    try:
        await deps.db.write(write)
    except DATABASE_AWAY as error:
        _log.warning("visit not noted", error=type(error).__name__)
