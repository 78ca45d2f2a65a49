"""How often a card may be tried: only refusals count, by the minute and by the hour, and honest orders never do."""

from dataclasses import replace
from datetime import datetime, timedelta

from app.core.problems import ProblemId, Refused, problem
from app.flows.deps import Deps
from app.orders import store

_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)


async def check_declines(deps: Deps, person_id: str, account_id: str) -> None:
    """Raise Refused with E-CARD-RATE, which says for how long, when too many cards were refused lately."""
    since = deps.clock.wall() - _HOUR
    declines = await deps.db.read(
        lambda connection: store.recent_declines(connection, person_id, account_id, since=since)
    )
    seconds = _wait(deps, declines)
    if seconds:
        over = deps.clock.wall() + timedelta(seconds=seconds)
        found = problem(ProblemId.E_CARD_RATE, seconds=str(seconds), time=f"{over:%H:%M:%S}")
        raise Refused(replace(found, wait=seconds))


def _wait(deps: Deps, declines: list[datetime]) -> int:
    """Return the seconds until another card may be tried, 0 when now."""
    rules, now = deps.catalog.rules.payment, deps.clock.wall()
    waits = [0]
    for most, window in ((rules.declines_per_minute, _MINUTE), (rules.declines_per_hour, _HOUR)):
        inside = [at for at in declines if at > now - window]
        if len(inside) >= most:
            waits.append(int((inside[-most] + window - now).total_seconds()) + 1)
    return max(waits)
