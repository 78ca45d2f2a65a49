"""What the funnel tells: how many journeys reached each step, how they ended, and how long it took them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select

from app.db.schema.funnel import funnel, journeys
from app.events.funnel import Side, Step

CONVERTS_WITHIN = timedelta(days=7)
"""Paid that soon after the choice, a journey counts as converted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which journeys are counted; what is left empty or None does not matter.

    Attributes:
        since, until: when they began, [since, until), business time. entry: the first step. campaign: came by it, by a
            link or an address, or a code of it applied. with_codes: False leaves those of a code alone out.
    """

    since: datetime | None = None
    until: datetime | None = None
    entry: Step | None = None
    campaign: str = ""
    with_codes: bool = True
    link_id: str = ""
    deployment: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Journeys by the steps that they reached; each count is at most that of the step before it.

    Attributes:
        steps: from the first step that all of them have. failures: of those confirmed whose last order was closed
            unpaid, by reason. sides: journeys with what happened beside the way.
        converted: paid within CONVERTS_WITHIN of the choice. to_pay: from the choice to the payment, of half of those
            paid at the most; None without any.
    """

    steps: Mapping[Step, int]
    failures: Mapping[str, int]
    sides: Mapping[Side, int]
    converted: int
    to_pay: timedelta | None

    @property
    def open(self) -> int:
        """Confirmed journeys whose money may still move."""
        return self.steps[Step.CONFIRMED] - self.steps[Step.PAID] - sum(self.failures.values())


def count(connection: Connection, which: Which) -> Counts:
    """Count the journeys of ``which``; visits that nothing was chosen in are among those from the plan page or a link.

    From a mixture of entries the steps begin at the choice: a link that led straight to the checkout skipped no page.
    """
    heads = chosen(which)
    is_of_visits = which.entry and not (which.deployment or which.kind)  # a visit is for neither yet
    first = which.entry if which.entry and is_of_visits else Step.PLAN_CHOSEN
    times = _times(connection, heads)
    return Counts(
        steps={step: n for step, n in _steps(connection, heads).items() if step.number >= first.number},
        failures=_failures(connection, heads),
        sides=_sides(connection, heads),
        converted=sum(took <= CONVERTS_WITHIN for took in times),
        to_pay=times[(len(times) - 1) // 2] if times else None,
    )


def entries(connection: Connection, which: Which) -> Mapping[Step, int]:
    """Return how many journeys began with which step."""
    rows = connection.execute(
        select(journeys.c.entry, func.count()).where(*chosen(which)).group_by(journeys.c.entry)
    ).all()
    found = {row[0]: row[1] for row in rows}
    return {step: found.get(step.number, 0) for step in tuple(Step)[: Step.PLAN_CHOSEN.number + 1]}


def refusals(connection: Connection, which: Which, *, slug: str = "") -> tuple[tuple[str, str, int], ...]:
    """Return (reason, campaign, journeys) of codes and links that did not apply, the most frequent first.

    Args:
        slug: those of one campaign's codes and links; else of all, with those that mean no campaign.
    """
    query = (
        select(funnel.c.reason, funnel.c.slug, func.count().label("n"))
        .join(journeys, journeys.c.journey_id == funnel.c.journey_id)
        .where(*chosen(which), funnel.c.event == Side.PROMO_REJECTED.value)
        .group_by(funnel.c.reason, funnel.c.slug)
    )
    rows = connection.execute(query.where(funnel.c.slug == slug) if slug else query).all()
    return tuple(sorted(((row.reason, row.slug, row.n) for row in rows), key=lambda row: (-row[2], row[0], row[1])))


def by_campaign(connection: Connection) -> Mapping[str, Mapping[Step, int]]:
    """Return for each campaign how many landed by a link of it, and of those how many chose and paid."""
    steps = (Step.LANDING, Step.PLAN_CHOSEN, Step.PAID)
    query = (
        select(journeys.c.campaign, funnel.c.event, func.count().label("n"))
        .join(journeys, journeys.c.journey_id == funnel.c.journey_id)
        .where(journeys.c.campaign != "", journeys.c.entry == Step.LANDING.number)
        .where(funnel.c.event.in_([step.value for step in steps]))
        .group_by(journeys.c.campaign, funnel.c.event)
    )
    found: dict[str, dict[Step, int]] = {}
    for row in connection.execute(query):
        found.setdefault(row.campaign, dict.fromkeys(steps, 0))[Step(row.event)] = row.n
    return found


def landed_by_link(connection: Connection, campaign: str) -> Mapping[str, int]:
    """Return how many landed by each link of a campaign; the empty id is the campaign's own address."""
    query = select(journeys.c.link_id, func.count().label("n")).where(
        journeys.c.campaign == campaign, journeys.c.entry == Step.LANDING.number
    )
    return {row.link_id: row.n for row in connection.execute(query.group_by(journeys.c.link_id))}


def seen_in(connection: Connection) -> Mapping[str, Sequence[str]]:
    """Return the deployments and kinds of order that there are journeys of."""

    def values(column: ColumnElement[str]) -> list[str]:
        return sorted(filter(None, connection.execute(select(column).distinct()).scalars()))

    return {"deployment": values(journeys.c.deployment), "kind": values(journeys.c.kind)}


def chosen(which: Which) -> list[ColumnElement[bool]]:
    """Return the conditions on ``journeys`` that ``which`` stands for."""
    head = journeys.c
    found: list[ColumnElement[bool]] = []
    if which.since:
        found.append(head.began_at >= which.since)
    if which.until:
        found.append(head.began_at < which.until)
    if which.entry:
        found.append(head.entry == which.entry.number)
    if which.campaign:
        found.append(_of_campaign(which))
    if which.link_id:
        found.append(head.link_id == which.link_id)
    if which.deployment:
        found.append(head.deployment == which.deployment)
    if which.kind:
        found.append(head.kind == which.kind)
    return found


def _of_campaign(which: Which) -> ColumnElement[bool]:
    came: ColumnElement[bool] = journeys.c.campaign == which.campaign
    if not which.with_codes:
        return came
    applied = funnel.alias("applied")
    is_applied = and_(applied.c.event == Side.PROMO_APPLIED.value, applied.c.slug == which.campaign)
    return or_(came, exists().where(applied.c.journey_id == journeys.c.journey_id, is_applied))


def _steps(connection: Connection, heads: Sequence[ColumnElement[bool]]) -> dict[Step, int]:
    found = _by_event(connection, heads, [step.value for step in Step])
    steps = {step: found.get(step.value, 0) for step in Step}
    steps[Step.RETURNED] = _returned(connection, heads)
    return steps


def _returned(connection: Connection, heads: Sequence[ColumnElement[bool]]) -> int:
    """Count who went back and whose plan was switched on; either may come first."""
    back = funnel.alias("back")
    query = (
        select(func.count())
        .select_from(funnel)
        .join(journeys, journeys.c.journey_id == funnel.c.journey_id)
        .join(back, and_(back.c.journey_id == funnel.c.journey_id, back.c.event == Step.RETURNED.value))
        .where(*heads, funnel.c.event == Step.GRANTED.value)
    )
    return connection.execute(query).scalar_one()


def _failures(connection: Connection, heads: Sequence[ColumnElement[bool]]) -> Mapping[str, int]:
    paid = funnel.alias("paid")
    is_paid = exists().where(paid.c.journey_id == funnel.c.journey_id, paid.c.event == Step.PAID.value)
    last = (
        select(func.max(funnel.c.reason).label("reason"))
        .join(journeys, journeys.c.journey_id == funnel.c.journey_id)
        .where(*heads, funnel.c.event == Side.FAILED.value, ~is_paid)
        .group_by(funnel.c.journey_id)
        .subquery()
    )
    rows = connection.execute(select(last.c.reason, func.count().label("n")).group_by(last.c.reason)).all()
    return Counter({row.reason: row.n for row in rows})


def _sides(connection: Connection, heads: Sequence[ColumnElement[bool]]) -> Mapping[Side, int]:
    wanted = [side for side in Side if side is not Side.FAILED]
    found = _by_event(connection, heads, [side.value for side in wanted])
    return {side: found.get(side.value, 0) for side in wanted}


def _by_event(connection: Connection, heads: Sequence[ColumnElement[bool]], events: Sequence[str]) -> Mapping[str, int]:
    """Count journeys by event."""
    query = (
        select(funnel.c.event, func.count(funnel.c.journey_id.distinct()).label("n"))
        .join(journeys, journeys.c.journey_id == funnel.c.journey_id)
        .where(*heads, funnel.c.event.in_(events))
        .group_by(funnel.c.event)
    )
    return {row.event: row.n for row in connection.execute(query)}


def _times(connection: Connection, heads: Sequence[ColumnElement[bool]]) -> list[timedelta]:
    """Return how long each paid journey took from the choice, the shortest first."""
    paid = funnel.alias("paid")
    query = (
        select(funnel.c.at, paid.c.at.label("paid_at"))
        .join(journeys, journeys.c.journey_id == funnel.c.journey_id)
        .join(paid, and_(paid.c.journey_id == funnel.c.journey_id, paid.c.event == Step.PAID.value))
        .where(*heads, funnel.c.event == Step.PLAN_CHOSEN.value)
    )
    return sorted(row.paid_at - row.at for row in connection.execute(query))
