"""Whatever is noted, in whatever order: no step has more journeys than the one before, and how it ended adds up."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from app.core.clock import FrozenClock
from app.db.engine import Database
from app.db.schema.funnel import journeys
from app.events import funnel, funnel_counts
from app.events.funnel import Side, Start, Step
from app.events.funnel_counts import Counts, Which
from app.events.still_paying import still_paying

JOURNEYS = ("int_1", "int_2", "int_3")
SLUGS = ("spring", "summer")
FROM_CHOICE = [step for step in Step if step.number > Step.PLAN_CHOSEN.number]
Act = Callable[[Connection, datetime], None]


class _Undone(Exception):
    """Ends an example without a trace of it."""


def _land(visitor: str, slug: str) -> Act:
    return lambda connection, at: funnel.landed(connection, visitor, slug=slug, at=at)


def _view(visitor: str, slug: str) -> Act:
    return lambda connection, at: funnel.viewed_plans(connection, (visitor,), campaign=slug, at=at)


def _begin(journey: str, visitor: str, slug: str, saw_plans: bool) -> Act:
    start = Start(keys=(visitor,), saw_plans=saw_plans, kind="first_order", deployment="hosted", campaign=slug)
    return lambda connection, at: funnel.begin(connection, journey, start, at=at)


def _note(journey: str, step: Step) -> Act:
    def act(connection: Connection, at: datetime) -> None:
        if journey in _heads(connection):
            funnel.note(connection, journey, step, at=at)

    return act


def _fail(journey: str, reason: str) -> Act:
    """An order is closed: one that was written down, as only such a one can be."""

    def act(connection: Connection, at: datetime) -> None:
        if journey in _heads(connection):
            funnel.note(connection, journey, Step.CONFIRMED, at=at)
            funnel.failed(connection, journey, reason=reason, at=at)

    return act


def _heads(connection: Connection) -> set[str]:
    return set(connection.execute(select(journeys.c.journey_id)).scalars())


visitors, slugs = st.sampled_from(("vis_1", "vis_2")), st.sampled_from(SLUGS)
acts = st.lists(
    st.one_of(
        st.builds(_land, visitors, slugs),
        st.builds(_view, visitors, st.sampled_from(("", *SLUGS))),
        st.builds(_begin, st.sampled_from(JOURNEYS), visitors, st.sampled_from(("", *SLUGS)), st.booleans()),
        st.builds(_note, st.sampled_from(JOURNEYS), st.sampled_from(FROM_CHOICE)),
        st.builds(_fail, st.sampled_from(JOURNEYS), st.sampled_from(("timed_out", "cancelled"))),
    ),
    max_size=30,
)


@pytest.mark.engines("sqlite")
@given(acts=acts)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_step_grows_and_the_ends_add_up(database: Database, clock: FrozenClock, acts: list[Act]) -> None:
    def example(connection: Connection) -> None:
        for number, act in enumerate(acts):
            act(connection, clock.now() + timedelta(minutes=number))
        entries = [Which(entry=entry) for entry in tuple(Step)[:3]]
        for which in (*entries, Which(), Which(campaign=SLUGS[0]), Which(campaign=SLUGS[1], entry=Step.LANDING)):
            check(funnel_counts.count(connection, which))
        raise _Undone

    with suppress(_Undone):
        database.write_now(example)


def check(found: Counts) -> None:
    numbers = list(found.steps.values())
    assert numbers == sorted(numbers, reverse=True)
    assert found.open >= 0
    assert sum(found.failures.values()) == found.steps[Step.CONFIRMED] - found.steps[Step.PAID] - found.open
    assert found.converted <= found.steps[Step.PAID]


def test_what_is_counted_can_be_chosen(database: Database, clock: FrozenClock) -> None:
    """On both databases: every way of choosing, and every number."""
    at = clock.now()

    def write(connection: Connection) -> None:
        funnel.landed(connection, "vis_1", slug="spring", link_id="lnk_1", at=at)
        funnel.landed(connection, "vis_2", slug="spring", at=at)
        start = Start(keys=("vis_1",), kind="first_order", deployment="hosted", campaign="spring")
        funnel.begin(connection, "int_1", start, at=at)
        funnel.note(connection, "int_1", Step.GRANTED, at=at + timedelta(days=8))
        funnel.begin(connection, "int_2", Start(kind="packs", deployment="hosted"), at=at)
        funnel.promo_applied(connection, "int_2", slug="spring", at=at)
        funnel.note(connection, "int_2", Step.PAID, at=at + timedelta(days=7))
        funnel.begin(connection, "int_3", Start(kind="first_order", deployment="self_hosted"), at=at)
        funnel.note(connection, "int_3", Step.CONFIRMED, at=at)
        funnel.failed(connection, "int_3", reason="timed_out", at=at)
        funnel.promo_rejected(connection, "int_3", reason="ended", slug="spring", at=at)
        funnel.note_side(connection, "int_3", Side.QUOTE_REPRICED, at=at)

    database.write_now(write)

    def paid(which: Which) -> tuple[int, int, int]:
        found = database.read_now(lambda connection: funnel_counts.count(connection, which))
        check(found)
        return found.steps[Step.PLAN_CHOSEN], found.steps[Step.PAID], found.converted

    assert paid(Which()) == (3, 2, 1)
    assert paid(Which(campaign="spring")) == (2, 2, 1)
    assert paid(Which(campaign="spring", with_codes=False, entry=Step.LANDING)) == (1, 1, 0)
    assert paid(Which(link_id="lnk_1")) == (1, 1, 0)
    assert paid(Which(kind="packs")) == (1, 1, 1)
    assert paid(Which(deployment="self_hosted")) == (1, 0, 0)
    assert paid(Which(since=at + timedelta(seconds=1))) == (0, 0, 0)
    assert paid(Which(until=at)) == (0, 0, 0)
    whole = database.read_now(lambda connection: funnel_counts.count(connection, Which()))
    assert (whole.failures, whole.open, whole.to_pay) == ({"timed_out": 1}, 0, timedelta(days=7))
    assert (whole.sides[Side.QUOTE_REPRICED], whole.sides[Side.PROMO_REJECTED]) == (1, 1)
    told = database.read_now(
        lambda connection: (
            funnel_counts.refusals(connection, Which(), slug="spring"),
            funnel_counts.landed_by_link(connection, "spring"),
            funnel_counts.by_campaign(connection)["spring"],
            funnel_counts.seen_in(connection),
            still_paying(connection, Which(), now=at + timedelta(days=400)),
        )
    )
    assert told[0] == (("ended", "spring", 1),)
    assert told[1] == {"": 1, "lnk_1": 1}
    assert told[2] == {Step.LANDING: 2, Step.PLAN_CHOSEN: 1, Step.PAID: 1}
    assert told[3] == {"deployment": ["hosted", "self_hosted"], "kind": ["first_order", "packs"]}
    assert {days: (kept.count, kept.old_enough) for days, kept in told[4].items()} == {30: (0, 0), 90: (0, 0)}
