"""Looking around before something is chosen: told to the funnel where it costs the visitor nothing."""

import structlog

from app.db.errors import DATABASE_AWAY
from app.events import funnel
from app.flows.deps import Deps

_MOST_SLUG = 60
_log = structlog.get_logger()


async def note_plans_viewed(deps: Deps, keys: tuple[str, ...], campaign: str) -> None:
    """Note that a browser saw the plan page. The page stands without it: a database that is away is only logged.

    Args:
        keys: what the browser's visits are filed under. campaign: a slug from a link, kept if it can be one.
    """
    slug = campaign if len(campaign) <= _MOST_SLUG else ""
    at = deps.clock.now()
    try:
        await deps.db.write(lambda connection: funnel.viewed_plans(connection, keys, campaign=slug, at=at))
    except DATABASE_AWAY as error:
        _log.warning("visit not noted", error=type(error).__name__)
