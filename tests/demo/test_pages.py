"""The product's own pages: what an owner, a developer and a stranger see, and making a group."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from app.core.clock import FrozenClock
from app.demo.product import DemoProduct
from app.demo.seed import SeedGroup, SeedPerson
from app.demo.views import group_id_for
from app.http import AsyncClient
from tests.demo.forge import BEARER, ORIGIN, STORE, form_action, sign_in


def _store_links(text: str) -> list[str]:
    links = [link.replace("&amp;", "&") for link in re.findall(r'href="([^"]+)"', text)]
    return [link for link in links if link.startswith(STORE)]


async def test_the_start_says_what_it_is_and_offers_to_sign_in(browser: AsyncClient) -> None:
    page = await browser.get("/")
    assert "Demonstration product" in page.text
    assert 'href="/sign-in"' in page.text
    assert page.headers["content-security-policy"].endswith(f"form-action 'self' {STORE}")
    assert page.headers["cache-control"] == "no-store"


async def test_an_owner_of_a_free_group_can_buy_for_it(browser: AsyncClient) -> None:
    await sign_in(browser, "ann")
    page = await browser.get("/groups/acme")
    back, *buy = _store_links(page.text)
    assert back == f"{STORE}/"
    assert [urlsplit(link).path for link in buy] == ["/buy", "/buy", "/buy/packs", "/buy/packs"]
    assert [parse_qs(urlsplit(link).query) for link in buy[:2]] == [
        {"plan": [plan], "deployment": ["hosted"], "group": ["acme"], "return_to": [f"{ORIGIN}/groups/acme"]}
        for plan in ("team", "scale")
    ]
    assert parse_qs(urlsplit(buy[2]).query) == {
        "addon": ["compute-1000"],
        "group": ["acme"],
        "return_to": [f"{ORIGIN}/groups/acme"],
    }
    assert "7 members" in page.text


async def test_a_paid_group_shows_what_it_has(browser: AsyncClient) -> None:
    await sign_in(browser, "bob")
    page = await browser.get("/groups/globex")
    assert "/buy" not in [urlsplit(link).path for link in _store_links(page.text)]
    assert f"{STORE}/groups/globex/subscription" in _store_links(page.text)
    for text in ("<strong>Team</strong>", "until 1 March 2027", "8 of 10 in use", "8,400 of 10,000 used this month"):
        assert text in page.text


async def test_a_plan_holds_to_the_last_instant_of_its_term(browser: AsyncClient, clock: FrozenClock) -> None:
    await sign_in(browser, "bob")
    clock.advance_business(timedelta(days=97, hours=11, minutes=59, seconds=59))
    assert "until 1 March 2027" in (await browser.get("/groups/globex")).text
    clock.advance_business(timedelta(seconds=1))
    ended = await browser.get("/groups/globex")
    assert "ended on 1 March 2027" in ended.text
    assert "Buy Team" in ended.text


async def test_who_owns_no_part_is_told_to_ask_an_owner(forge: DemoProduct, browser: AsyncClient) -> None:
    await forge.seed([SeedPerson(username="fay")], [SeedGroup(id="acme", owners=("ann",), developers=("fay",))])
    await sign_in(browser, "fay")
    page = await browser.get("/groups/acme")
    assert "Ask an owner to buy a plan: Ann Archer." in page.text
    assert _store_links(page.text) == [f"{STORE}/"]


async def test_a_group_of_others_is_not_there(browser: AsyncClient) -> None:
    await sign_in(browser, "ann")
    foreign, missing = await browser.get("/groups/globex"), await browser.get("/groups/nowhere")
    assert (foreign.status_code, missing.status_code) == (404, 404)
    assert foreign.text == missing.text


async def test_a_link_to_a_group_survives_the_sign_in(browser: AsyncClient) -> None:
    asked = await browser.get("/groups/acme?order=O-7Q2K9-MX4RT&status=paid")
    page = await browser.get(asked.headers["location"])
    done = await browser.post(form_action(page, 'value="ann"'), data={"person": "ann"})
    assert done.headers["location"] == "/groups/acme?order=O-7Q2K9-MX4RT&status=paid"


async def test_an_order_is_active_when_the_store_has_said_so(browser: AsyncClient) -> None:
    await sign_in(browser, "ann")
    told = "/groups/acme?order=O-7Q2K9-MX4RT&status=paid"
    assert "Order O-7Q2K9-MX4RT: being switched on" in (await browser.get(told)).text
    grant = {"kind": "plan", "plan": "team", "seats": 10, "starts_at": None, "ends_at": None, "version": 1}
    body = {"order": "O-7Q2K9-MX4RT", "grants": [grant]}
    await browser.post("/api/v1/groups/acme/grants", json=body, headers=BEARER)
    assert "Order O-7Q2K9-MX4RT: active" in (await browser.get(told)).text
    assert "being switched on" in (await browser.get("/groups/acme?order=O-11111-22222&status=paid")).text


@pytest.mark.parametrize("query", ["order=O-7Q2K9-MX4RT&status=cancelled", "order=<b>x</b>&status=paid", "status=paid"])
async def test_the_address_alone_says_nothing(browser: AsyncClient, query: str) -> None:
    await sign_in(browser, "ann")
    assert "Order" not in (await browser.get(f"/groups/acme?{query}")).text


async def test_who_has_no_group_can_make_one(browser: AsyncClient) -> None:
    await sign_in(browser, "dan")
    assert "You are in no group yet" in (await browser.get("/")).text
    done = await browser.post("/groups", data={"name": "  Dan's <Büro> "})
    assert done.headers["location"] == "/groups/dans-buro"
    page = await browser.get("/groups/dans-buro")
    assert "<h1>Dan&#39;s &lt;Büro&gt;</h1>" in page.text
    assert "1 member, you are an owner" in page.text


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("", "Enter a group name of 2 to 60 characters"),
        ("x", "Enter a group name of 2 to 60 characters"),
        ("!!!", "Enter a group name of 2 to 60 characters"),
        ("y" * 61, "Enter a group name of 2 to 60 characters"),
        ("Acme", "There is a group with the short name acme"),
        ("New", "There is a group with the short name new"),
    ],
)
async def test_a_name_that_will_not_do_is_kept_and_explained(browser: AsyncClient, name: str, problem: str) -> None:
    await sign_in(browser, "dan")
    again = await browser.post("/groups", data={"name": name})
    assert again.status_code == 422
    assert "<title>Error: Create a group" in again.text
    assert again.text.count(problem) == 2
    assert f'value="{name}"' in again.text


@pytest.mark.parametrize(("name", "group_id"), [("Blue Team", "blue-team"), ("A" * 60, "a" * 40), ("日本", "")])
def test_a_short_name_is_made_of_small_letters_and_digits(name: str, group_id: str) -> None:
    assert group_id_for(name) == group_id


async def test_who_came_from_the_store_goes_back_with_the_group(browser: AsyncClient) -> None:
    asked = await browser.get("/groups/new", params={"return_to": f"{STORE}/checkouts/int_1?seats=5&group="})
    page = await browser.get(asked.headers["location"])
    signed_in = await browser.post(form_action(page, 'value="ann"'), data={"person": "dan"})
    form = await browser.get(signed_in.headers["location"])
    (return_to,) = re.findall(r'name="return_to" value="([^"]+)"', form.text)
    sent = {"name": "Dan and Co", "return_to": return_to.replace("&amp;", "&")}
    done = await browser.post("/groups", data=sent)
    assert done.headers["location"] == f"{STORE}/checkouts/int_1?seats=5&group=dan-and-co"


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/", f"{STORE}.evil.example/", f"{STORE}@evil.example/", f"{STORE}/\\evil", "//evil.example"],
)
async def test_nobody_is_sent_to_an_address_that_is_not_the_store(browser: AsyncClient, address: str) -> None:
    await sign_in(browser, "dan")
    done = await browser.post("/groups", data={"name": "Danish", "return_to": address})
    assert done.headers["location"] == "/groups/danish"


async def test_an_address_is_confirmed_by_one_press(forge: DemoProduct, browser: AsyncClient) -> None:
    await forge.seed([SeedPerson(username="fay", email="fay@fay.example", email_verified=False)], [])
    await sign_in(browser, "fay")
    assert "fay@fay.example is not confirmed yet" in (await browser.get("/")).text
    assert (await browser.post("/email-confirmation")).status_code == 303
    assert "not confirmed" not in (await browser.get("/")).text


async def test_who_is_signed_out_changes_nothing(browser: AsyncClient) -> None:
    for path in ("/groups", "/email-confirmation"):
        assert (await browser.post(path, data={"name": "Danish"})).headers["location"] == "/sign-in"


async def test_another_name_of_this_machine_leads_to_the_one_address(browser: AsyncClient) -> None:
    moved = await browser.get("/groups/acme?a=1", headers={"Host": "localhost:8001"})
    assert (moved.status_code, moved.headers["location"]) == (307, f"{ORIGIN}/groups/acme?a=1")


@pytest.mark.parametrize("file", ["demo.css", "demo.svg"])
async def test_the_look_is_served(browser: AsyncClient, file: str) -> None:
    assert (await browser.get(f"/static/{file}")).status_code == 200
    assert (await browser.get("/static/../app/config.py")).status_code == 404
