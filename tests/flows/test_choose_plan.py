"""The plan page's content: what a link can hold, and what the vendor's absence does to it."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import update

from app.config import Config
from app.core.clock import FrozenClock
from app.core.money import Money
from app.core.problems import ProblemId
from app.db.engine import Database
from app.db.schema.store import offers
from app.flows.choose_plan import Asked, PlanCard, PlanPage, show_plans
from app.flows.offers import ASK_AGAIN_AFTER, FRESH_FOR, RETRY_EVERY, current_offers, note_vendor_away, refresh_offers
from app.identity.accounts import create_account
from app.identity.actor import Actor
from app.identity.claims import Claims
from app.orders.intents import Details
from app.vendor_adapters.embedded.schema import prices
from app.vendor_adapters.world import Fault
from tests.support.people import written
from tests.support.storefront import Storefront, open_storefront

NOBODY = Actor(visitor_id="", person=None)


@pytest.fixture
def front(config: Config, database: Database, clock: FrozenClock) -> Iterator[Storefront]:
    with open_storefront(config, database, clock) as front:
        yield front


async def shown(
    front: Storefront, *, plan: str = "", deployment: str = "", seats: str = "", currency: str = "", again: bool = False
) -> PlanPage:
    asked = Asked(plan=plan, deployment=deployment, seats=seats, currency=currency, again=again)
    return await show_plans(front.deps, NOBODY, asked)


def card(page: PlanPage, key: str) -> PlanCard:
    return next(card for card in page.cards if card.key == key)


async def test_ten_team_seats_are_billed_3480_dollars_a_year(front: Storefront) -> None:
    page = await shown(front, plan="team", seats="10", currency="usd")
    assert card(page, "team").a_month == Money(2900, "usd")
    assert card(page, "team").a_year == Money(348000, "usd")
    assert page.announcement == "Team for 10 seats: 3,480.00 USD a year, plus tax."


async def test_five_team_seats_are_billed_1620_euros_a_year(front: Storefront) -> None:
    page = await shown(front, plan="team", seats="5", currency="EUR")
    assert card(page, "team").a_year == Money(162000, "eur")


async def test_a_bare_link_shows_one_seat_of_the_first_plan_hosted_in_the_default_currency(front: Storefront) -> None:
    page = await shown(front)
    assert (page.deployment, page.plan, page.seats, page.currency) == ("hosted", "team", 1, "usd")
    assert [card.key for card in page.cards] == ["team", "scale", "free"]
    assert not page.notices
    assert page.seats_problem is None
    assert page.away is None


async def test_the_chosen_plan_comes_first_and_what_is_free_has_no_price(front: Storefront) -> None:
    page = await shown(front, plan="scale")
    assert [card.key for card in page.cards] == ["scale", "team", "free"]
    assert card(page, "scale").is_chosen
    assert not card(page, "team").is_chosen
    assert card(page, "free").a_year is None


@pytest.mark.parametrize(
    ("typed", "seats", "why"),
    [
        ("1", 1, None),
        ("5000", 5000, None),
        (" 7 ", 7, None),
        ("007", 7, None),
        ("", 1, None),
        ("0", 1, ProblemId.E_SEATS),
        ("-1", 1, ProblemId.E_SEATS),
        ("1.5", 1, ProblemId.E_SEATS),
        ("1e3", 1, ProblemId.E_SEATS),
        ("ten", 1, ProblemId.E_SEATS),
        ("❾", 1, ProblemId.E_SEATS),
        ("١٢", 1, ProblemId.E_SEATS),
        ("1" * 4000 + "x", 1, ProblemId.E_SEATS),
        ("5001", 5000, ProblemId.E_SEATS_MAX),
        ("1" + "0" * 4000, 5000, ProblemId.E_SEATS_MAX),
    ],
)
async def test_seats_are_brought_into_bounds(front: Storefront, typed: str, seats: int, why: ProblemId | None) -> None:
    page = await shown(front, seats=typed)
    assert page.seats == seats
    assert (page.seats_problem.id if page.seats_problem else None) is why


async def test_what_is_unknown_gives_way_to_what_there_is(front: Storefront) -> None:
    page = await shown(front, plan="gold", deployment="moon", currency="xyz")
    assert (page.deployment, page.plan, page.currency) == ("hosted", "team", "usd")
    assert [text.split("“")[1].split("”")[0] for text in page.notices] == ["moon", "gold", "xyz"]


async def test_what_is_shown_back_of_an_odd_link_is_bounded(front: Storefront) -> None:
    page = await shown(front, plan="g" * 5000)
    assert len(page.notices[0]) < 150


async def test_the_free_plan_needs_no_order(front: Storefront) -> None:
    page = await shown(front, plan="free")
    assert page.plan == "team"
    assert page.notices == ("Free needs no order. These are all our plans.",)


@pytest.mark.parametrize(("seats", "suggests"), [("249", False), ("250", True)])
async def test_from_250_seats_on_a_person_is_offered(front: Storefront, seats: str, suggests: bool) -> None:
    assert (await shown(front, seats=seats)).suggests_sales is suggests


async def test_minutes_and_storage_are_the_hosted_products(front: Storefront) -> None:
    hosted = card(await shown(front), "scale").features
    own = card(await shown(front, deployment="self_hosted"), "scale").features
    assert hosted == ("50,000 compute minutes a month", "500 GiB of storage for each project", "Guests take no seat")
    assert own == ("Runs on your own servers", "Guests take no seat")


async def test_the_currency_of_a_billing_account_wins_over_the_link(front: Storefront, database: Database) -> None:
    claims = Claims(
        issuer="https://issuer.example",
        subject="1",
        username="ann",
        name="Ann",
        email="ann@example.com",
        email_verified=True,
        roles=frozenset(),
    )
    person = written(database, front.clock, claims)
    details = Details(full_name="Ann", email="ann@example.com", country="DE")
    database.write_now(
        lambda connection: create_account(
            connection,
            person_id=person.person_id,
            vendor="embedded",
            currency="eur",
            details=details,
            now=front.clock.now(),
        )
    )
    page = await show_plans(front.deps, Actor(visitor_id="v", person=person), Asked(currency="usd"))
    assert page.currency == "eur"
    assert page.is_currency_fixed
    assert page.notices == ("Your billing account is held in EUR, so prices are in EUR.",)


async def test_prices_are_asked_for_once_and_then_kept(front: Storefront) -> None:
    await front.vendor_fails("list_offers", times=1)
    assert (await current_offers(front.deps)).vendor_ok is False
    front.clock.advance(ASK_AGAIN_AFTER)
    first = await current_offers(front.deps)
    await front.vendor_fails("list_offers")
    front.clock.advance(FRESH_FOR - timedelta(seconds=1))
    assert await current_offers(front.deps) == first
    assert first.vendor_ok


async def test_with_the_vendor_away_the_last_good_prices_stand_and_nothing_is_sold(front: Storefront) -> None:
    good = await current_offers(front.deps)
    await front.vendor_fails("any")
    front.clock.advance(FRESH_FOR)
    page = await shown(front, seats="10")
    assert page.away is not None
    assert page.away.id is ProblemId.E_VENDOR
    assert card(page, "team").a_year == Money(348000, "usd")
    assert (await current_offers(front.deps)).offers == good.offers


async def test_a_vendor_that_failed_is_left_alone_for_a_while_and_then_asked_again(front: Storefront) -> None:
    await front.vendor_fails("list_offers", fault=Fault.TIMEOUT_BEFORE, times=1)
    assert not (await current_offers(front.deps)).offers
    front.clock.advance(ASK_AGAIN_AFTER - timedelta(seconds=1))
    assert not (await current_offers(front.deps)).offers
    front.clock.advance(timedelta(seconds=1))
    assert (await current_offers(front.deps)).vendor_ok


async def test_trying_again_asks_at_once_and_finds_the_vendor_back(front: Storefront) -> None:
    await current_offers(front.deps)
    await note_vendor_away(front.deps)
    assert (await shown(front)).away is not None  # who only looks is not let through to a vendor that may be down
    assert (await shown(front, again=True)).away is None
    assert (await shown(front)).away is None


async def test_trying_again_and_again_asks_a_vendor_that_is_down_once_a_second(front: Storefront) -> None:
    await current_offers(front.deps)
    await front.vendor_fails("list_offers", times=1)
    await note_vendor_away(front.deps)
    for _ in range(5):
        assert (await shown(front, again=True)).away is not None
    front.clock.advance(RETRY_EVERY)
    assert (await shown(front, again=True)).away is None


async def test_of_many_pages_with_old_prices_one_asks(front: Storefront) -> None:
    await refresh_offers(front.deps)
    front.clock.advance(FRESH_FOR)
    await front.vendor_fails("list_offers", times=1)
    await asyncio.gather(*(current_offers(front.deps) for _ in range(5)))
    # a second question would have been answered, and the failure forgotten
    assert not (await current_offers(front.deps)).vendor_ok


async def test_a_failure_seen_elsewhere_stops_the_selling_until_the_vendor_answers(front: Storefront) -> None:
    await refresh_offers(front.deps)
    await note_vendor_away(front.deps)
    assert not (await current_offers(front.deps)).vendor_ok
    assert await refresh_offers(front.deps)
    assert (await current_offers(front.deps)).vendor_ok


async def test_a_catalog_with_nothing_for_sale_is_no_good_one(front: Storefront) -> None:
    good = await current_offers(front.deps)
    retire = update(prices).values(is_offered=False)
    front.vendor.calls.database.write_now(lambda connection: connection.execute(retire))
    assert not await refresh_offers(front.deps)
    kept = await current_offers(front.deps)
    assert kept.offers == good.offers
    assert not kept.vendor_ok


async def test_a_price_that_the_vendor_dropped_is_dropped_here(front: Storefront, database: Database) -> None:
    await refresh_offers(front.deps)
    stray = {
        "vendor": "embedded",
        "offer": "team-hosted-usd-y-9",
        "item": "team",
        "deployment": "hosted",
        "unit_amount": 1,
        "currency": "usd",
        "interval": "P1Y",
        "is_offered": True,
        "read_at": front.clock.wall(),
    }
    database.write_now(lambda connection: connection.execute(offers.insert().values(stray)))
    await refresh_offers(front.deps)
    kept = {offer.key for offer in (await current_offers(front.deps)).offers}
    assert "team-hosted-usd-y-9" not in kept
    assert "team-hosted-usd-y-1" in kept
