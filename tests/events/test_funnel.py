"""The funnel's own rules: one row a step, a visit that becomes a journey, failures that a newer try takes back."""

from collections import Counter
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from app.core.clock import FrozenClock
from app.db.engine import Database
from app.db.schema.funnel import funnel as rows
from app.db.schema.funnel import journeys
from app.events import funnel
from app.events.funnel import Side, Start, Step

PLAN = Start(kind="first_order", deployment="hosted")


def events(connection: Connection, journey_id: str) -> set[str]:
    found = connection.execute(select(rows.c.event, rows.c.reason).where(rows.c.journey_id == journey_id))
    return {f"{row.event} {row.reason}".strip() for row in found}


def heads(connection: Connection) -> dict[str, tuple[int, str, bool]]:
    """Return each journey's entry and campaign, and whether it is a visit still."""
    return {
        row.journey_id: (row.entry, row.campaign, row.open_key is not None)
        for row in connection.execute(select(journeys))
    }


def came_by(connection: Connection) -> dict[str, tuple[str, str]]:
    """Return each journey's campaign and link."""
    return {row.journey_id: (row.campaign, row.link_id) for row in connection.execute(select(journeys))}


def from_visitor(visitor: str, campaign: str = "", link_id: str = "") -> Start:
    return Start(keys=(visitor,), kind="first_order", deployment="hosted", campaign=campaign, link_id=link_id)


def test_a_step_implies_those_before_it_and_counts_once(database: Database, clock: FrozenClock) -> None:
    def write(connection: Connection) -> set[str]:
        funnel.begin(connection, "int_1", PLAN, at=clock.now())
        for _ in range(2):
            funnel.note(connection, "int_1", Step.DETAILS_VALID, at=clock.now())
        return events(connection, "int_1")

    expected = {"plan_chosen", "signed_in", "checkout_viewed", "details_valid"}
    assert database.write_now(write) == expected


def test_the_way_back_implies_no_grant(database: Database, clock: FrozenClock) -> None:
    def write(connection: Connection) -> set[str]:
        funnel.begin(connection, "int_1", PLAN, at=clock.now())
        funnel.note(connection, "int_1", Step.PAID, at=clock.now())
        funnel.note(connection, "int_1", Step.RETURNED, at=clock.now())
        return events(connection, "int_1")

    found = database.write_now(write)
    assert "returned" in found
    assert "granted" not in found


def test_what_is_chosen_goes_on_with_the_visit_of_its_campaign(database: Database, clock: FrozenClock) -> None:
    def write(connection: Connection) -> dict[str, tuple[int, str, bool]]:
        at = clock.now()
        funnel.landed(connection, "vis_1", slug="spring", at=at)
        funnel.landed(connection, "vis_1", slug="summer", at=at + timedelta(minutes=1))
        funnel.landed(connection, "vis_2", slug="spring", at=at)
        funnel.begin(connection, "int_1", from_visitor("vis_1", "spring"), at=at)
        return heads(connection)

    found = database.write_now(write)
    assert found.pop("int_1") == (0, "spring", False)
    assert Counter(found.values()) == {(0, "summer", True): 1, (0, "spring", True): 1}


def test_what_is_chosen_by_another_campaign_takes_no_landing_along(database: Database, clock: FrozenClock) -> None:
    """Who landed by one and bought by the other did both: neither is told of as the other's."""

    def write(connection: Connection) -> tuple[dict[str, tuple[str, str]], set[str]]:
        funnel.landed(connection, "vis_1", slug="spring", link_id="lnk_a", at=clock.now())
        funnel.viewed_plans(connection, ("vis_1",), campaign="summer", at=clock.now())
        funnel.begin(connection, "int_1", from_visitor("vis_1", "summer"), at=clock.now())
        return came_by(connection), events(connection, "int_1")

    found, reached = database.write_now(write)
    assert (found.pop("int_1"), list(found.values())) == (("summer", ""), [("spring", "lnk_a")])
    assert reached == {"plans_viewed", "plan_chosen"}


def test_what_is_chosen_goes_on_with_the_visit_of_its_link(database: Database, clock: FrozenClock) -> None:
    def write(connection: Connection) -> dict[str, tuple[str, str]]:
        for minutes, link_id in enumerate(("lnk_a", "lnk_b")):
            at = clock.now() + timedelta(minutes=minutes)
            funnel.landed(connection, "vis_1", slug="spring", link_id=link_id, at=at)
        funnel.begin(connection, "int_1", from_visitor("vis_1", "spring", "lnk_a"), at=clock.now())
        return came_by(connection)

    found = database.write_now(write)
    assert (found.pop("int_1"), list(found.values())) == (("spring", "lnk_a"), [("spring", "lnk_b")])


def test_a_visit_without_a_campaign_goes_on_with_the_one_that_is_chosen(database: Database, clock: FrozenClock) -> None:
    def write(connection: Connection) -> dict[str, tuple[str, str]]:
        funnel.viewed_plans(connection, ("vis_1",), at=clock.now())
        funnel.begin(connection, "int_1", from_visitor("vis_1", "spring", "lnk_a"), at=clock.now())
        return came_by(connection)

    assert database.write_now(write) == {"int_1": ("spring", "lnk_a")}


def test_without_a_campaign_of_its_own_the_newest_touch_counts(database: Database, clock: FrozenClock) -> None:
    def write(connection: Connection) -> tuple[dict[str, tuple[int, str, bool]], set[str]]:
        at = clock.now()
        funnel.landed(connection, "vis_1", slug="spring", at=at)
        funnel.landed(connection, "vis_1", slug="summer", at=at + timedelta(minutes=1))
        funnel.begin(connection, "int_1", from_visitor("vis_1"), at=at)
        return heads(connection), events(connection, "int_1")

    found, reached = database.write_now(write)
    assert found["int_1"] == (0, "summer", False)
    assert reached == {"landing", "plans_viewed", "plan_chosen"}


def test_a_second_choice_of_the_same_visitor_is_a_journey_of_its_own(database: Database, clock: FrozenClock) -> None:
    def write(connection: Connection) -> dict[str, tuple[int, str, bool]]:
        funnel.landed(connection, "vis_1", slug="spring", at=clock.now())
        for number in (1, 2):
            funnel.begin(connection, f"int_{number}", from_visitor("vis_1"), at=clock.now())
        return heads(connection)

    assert database.write_now(write) == {"int_1": (0, "spring", False), "int_2": (2, "", False)}


def test_a_plan_page_seen_twice_is_one_visit(database: Database, clock: FrozenClock) -> None:
    def write(connection: Connection) -> dict[str, tuple[int, str, bool]]:
        for _ in range(2):
            funnel.viewed_plans(connection, ("mark",), at=clock.now())
        return heads(connection)

    assert list(database.write_now(write).values()) == [(1, "", True)]


def test_a_failure_lasts_until_the_next_try(database: Database, clock: FrozenClock) -> None:
    def write(connection: Connection) -> list[set[str]]:
        at, seen = clock.now(), []
        funnel.begin(connection, "int_1", PLAN, at=at)
        funnel.note(connection, "int_1", Step.CONFIRMED, at=at)
        funnel.failed(connection, "int_1", reason="expired", at=at)
        funnel.failed(connection, "int_1", reason="insufficient_funds", at=at)
        seen.append(_failures(connection))
        funnel.note(connection, "int_1", Step.CONFIRMED, at=at)
        seen.append(_failures(connection))
        funnel.failed(connection, "int_1", reason="expired", at=at)
        funnel.note(connection, "int_1", Step.PAID, at=at)
        seen.append(_failures(connection))
        return seen

    assert database.write_now(write) == [{"failed insufficient_funds"}, set(), set()]


def test_refusals_keep_their_reasons_and_campaigns(database: Database, clock: FrozenClock) -> None:
    def write(connection: Connection) -> list[tuple[str, str]]:
        for reason, slug in (("ended", "spring"), ("ended", "spring"), ("ended", "summer"), ("unknown", "")):
            funnel.promo_rejected(connection, "int_1", reason=reason, slug=slug, at=clock.now())
        query = select(rows.c.reason, rows.c.slug).where(rows.c.event == Side.PROMO_REJECTED.value)
        return sorted((row.reason, row.slug) for row in connection.execute(query))

    assert database.write_now(write) == [("ended", "spring"), ("ended", "summer"), ("unknown", "")]


def test_visits_that_led_to_nothing_are_forgotten(database: Database, clock: FrozenClock) -> None:
    def write(connection: Connection) -> tuple[set[str], int]:
        at: datetime = clock.now()
        funnel.landed(connection, "vis_1", slug="spring", at=at)
        funnel.landed(connection, "vis_2", slug="spring", at=at + timedelta(days=2))
        funnel.begin(connection, "int_1", PLAN, at=at)
        funnel.forget_visits(connection, before=at + timedelta(days=1))
        left = set(connection.execute(select(rows.c.event)).scalars())
        return left, len(heads(connection))

    assert database.write_now(write) == ({"landing", "plan_chosen"}, 2)


def _failures(connection: Connection) -> set[str]:
    return {event for event in events(connection, "int_1") if event.startswith("failed")}
