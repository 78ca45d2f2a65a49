"""The funnel of the whole store: how far journeys get from each entry, how they end, and what stands in their way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import Connection

from app.events import funnel_counts
from app.events.funnel import Step
from app.events.funnel_counts import Counts, Which
from app.events.still_paying import Kept, still_paying
from app.flows.deps import Deps

ENTRIES = (Step.LANDING, Step.PLANS_VIEWED, Step.PLAN_CHOSEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Journeys that began with ``entry``; None: all of them, from the choice on."""

    entry: Step | None
    counts: Counts
    kept: Mapping[int, Kept]


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelReport:
    """Everything on the page.

    Attributes:
        ways: all, then one for each entry. split: all by (what, value), the values that there are. refusals: (reason,
            campaign, journeys).
    """

    ways: tuple[Way, ...]
    split: tuple[tuple[str, str, Counts], ...]
    refusals: tuple[tuple[str, str, int], ...]
    seen: Mapping[str, Sequence[str]]


async def read_funnel(deps: Deps, *, days: int, deployment: str = "", kind: str = "") -> FunnelReport:
    """Return the report of journeys that began in the last ``days`` (0: ever), of a deployment or a kind of order."""
    since = deps.clock.now() - timedelta(days=days) if days else None
    which = Which(since=since, deployment=deployment, kind=kind)

    def read(connection: Connection) -> FunnelReport:
        seen = funnel_counts.seen_in(connection)
        deployments = () if deployment else seen["deployment"]
        kinds = () if kind else seen["kind"]
        return FunnelReport(
            ways=tuple(_way(connection, deps, which, entry) for entry in (None, *ENTRIES)),
            split=(
                *(("deployment", each, _only(connection, which, deployment=each)) for each in deployments),
                *(("kind", each, _only(connection, which, kind=each)) for each in kinds),
            ),
            refusals=funnel_counts.refusals(connection, which),
            seen=seen,
        )

    return await deps.db.read(read)


def _only(connection: Connection, which: Which, *, deployment: str = "", kind: str = "") -> Counts:
    only = replace(which, deployment=deployment or which.deployment, kind=kind or which.kind)
    return funnel_counts.count(connection, only)


def _way(connection: Connection, deps: Deps, which: Which, entry: Step | None) -> Way:
    way = replace(which, entry=entry)
    return Way(
        entry=entry,
        counts=funnel_counts.count(connection, way),
        kept=still_paying(connection, way, now=deps.clock.now()),
    )
