"""The plan page as a browser gets it, whole and in part."""

import re
from collections.abc import Iterator

import pytest

from app.config import Config
from app.core.clock import FrozenClock
from app.db.engine import Database
from app.flows.offers import FRESH_FOR, refresh_offers
from tests.support.storefront import Storefront, open_storefront

pytestmark = pytest.mark.engines("sqlite")
HTMX = {"HX-Request": "true"}


@pytest.fixture
def front(config: Config, database: Database, clock: FrozenClock) -> Iterator[Storefront]:
    with open_storefront(config, database, clock) as front:
        yield front


async def fetched(front: Storefront, path: str, **headers: str) -> str:
    async with front.browser() as browser:
        answer = await browser.get(path, headers=headers)
        assert answer.status_code == 200
        return answer.text


def words(html: str) -> str:
    """Return what a reader sees: the text of main in one line."""
    main = html.partition("<main")[2].partition("</main>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


def submits(html: str) -> list[str]:
    main = html.partition("<main")[2]
    return [tag for tag in re.findall(r"<button\b[^>]*>", main) if 'type="button"' not in tag]


@pytest.mark.parametrize("path", ["/", "/plans"])
async def test_the_shop_window(front: Storefront, path: str) -> None:
    text = await fetched(front, path)
    assert "<title>Plans and prices – Kassa</title>" in text
    assert text.count("<h1>") == 1
    assert "Demonstration store: no money moves." in text
    assert '<a class="skip-link" href="#main">' in text
    assert [name for name in ("Free", "Team", "Scale") if f">{name}</h2>" not in text] == []


async def test_monthly_price_and_what_is_really_billed(front: Storefront) -> None:
    shown = words(await fetched(front, "/plans?seats=10&currency=usd"))
    assert "29.00 USD per seat per month, billed 3,480.00 USD yearly for 10 seats, plus tax" in shown
    assert "99.00 USD per seat per month, billed 11,880.00 USD yearly for 10 seats, plus tax" in shown
    assert "10,000 compute minutes a month" in shown


async def test_one_total_for_the_chosen_plan(front: Storefront) -> None:
    text = await fetched(front, "/plans?seats=5&currency=eur&plan=scale")
    assert re.findall(r'data-total="(\d+)" data-currency="(\w+)"', text) == [("552000", "eur")]


@pytest.mark.parametrize(("query", "plan"), [("", "team"), ("?plan=scale", "scale")])
async def test_the_first_button_buys_the_chosen_plan(front: Storefront, query: str, plan: str) -> None:
    buttons = submits(await fetched(front, f"/plans{query}"))
    assert f'value="{plan}"' in buttons[0]
    assert "data-primary" in buttons[0]
    assert [tag for tag in buttons[1:] if "data-primary" in tag] == []
    assert 'formaction="/plans"' in buttons[-1]


async def test_the_form_carries_everything_to_the_order(front: Storefront) -> None:
    text = await fetched(front, "/plans?deployment=self_hosted&currency=eur&seats=3&campaign=spring&plan=scale")
    assert '<form id="offer" class="offer" method="get" action="/buy">' in text
    for name, value in (("deployment", "self_hosted"), ("currency", "eur"), ("campaign", "spring")):
        assert f'<input type="hidden" name="{name}" value="{value}">' in text
    assert re.search(r'<input[^>]* name="seats" value="3"', text)


async def test_links_keep_what_was_chosen(front: Storefront) -> None:
    text = await fetched(front, "/plans?seats=7&currency=eur&campaign=a%26b")
    assert "/plans?deployment=self_hosted&amp;plan=team&amp;seats=7&amp;currency=eur&amp;campaign=a%26b" in text
    assert "/plans?deployment=hosted&amp;plan=team&amp;seats=7&amp;currency=usd&amp;campaign=a%26b" in text
    assert "/sales?plan=scale&amp;seats=7&amp;deployment=hosted&amp;currency=eur" in text
    assert "/login?next=%2Fplans%3Fseats%3D7%26currency%3Deur%26campaign%3Da%2526b" in text


async def test_the_seats_field_gets_the_form_alone(front: Storefront) -> None:
    text = await fetched(front, "/plans?seats=12", **HTMX)
    assert text.startswith('<form id="offer"')
    assert "<h1>" not in text
    assert "<title>Plans and prices – Kassa</title>" in text
    announced = '<hx-partial hx-target="#status" hx-swap="innerHTML">Team for 12 seats: 4,176.00 USD a year, plus tax.'
    assert announced in text


async def test_whole_and_part_are_kept_apart_by_caches(front: Storefront) -> None:
    async with front.browser() as browser:
        assert "HX-Request" in (await browser.get("/plans")).headers["Vary"]


@pytest.mark.parametrize("seats", ["0", "5001", "ten", "1.5", "-1", "❾", "1" * 4000])
async def test_odd_seats_are_put_right_and_told(front: Storefront, seats: str) -> None:
    text = await fetched(front, f"/plans?seats={seats}")
    assert "E-SEATS" in text
    assert "<title>Plans and prices" in text  # a link that was put right is no error of the buyer's
    assert re.search(r'name="seats" value="(1|5000)"', text)


async def test_what_a_link_says_is_never_markup(front: Storefront) -> None:
    text = await fetched(front, "/plans?plan=%3Cscript%3E&campaign=%22%3E%3Cscript%3E&deployment={{7*7}}")
    assert "<script>" not in text
    assert "“&lt;script&gt;”" in text
    assert "{{7*7}}" in text


async def test_a_repeated_field_counts_once(front: Storefront) -> None:
    assert 'data-total="104400"' in await fetched(front, "/plans?seats=3&seats=9")


async def test_with_the_vendor_away_prices_stay_and_nothing_is_sold(front: Storefront) -> None:
    await refresh_offers(front.deps)
    await front.vendor_fails("any")
    front.clock.advance(FRESH_FOR)
    text = await fetched(front, "/plans?seats=10")
    assert "E-VENDOR" in text
    assert "billed 3,480.00 USD yearly" in words(text)
    assert "Buy Team" not in text
    assert "Talk to sales" in text


async def test_before_the_first_prices_the_page_is_there_all_the_same(front: Storefront) -> None:
    await front.vendor_fails("any")
    text = await fetched(front, "/plans")
    assert "We cannot show this price right now." in text
    assert "data-total" not in text


@pytest.mark.parametrize(("seats", "offered"), [(249, False), (250, True)])
async def test_a_person_is_offered_for_big_orders(front: Storefront, seats: int, offered: bool) -> None:
    assert ("A person can help" in await fetched(front, f"/plans?seats={seats}")) is offered
