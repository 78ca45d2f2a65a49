"""Signing in through the identity provider, in the browser's own steps, and signing out again."""

from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import func, select

from app.config import Config
from app.core.clock import FrozenClock
from app.db.engine import Database
from app.db.schema.identity import sessions, sign_ins
from app.flows.deps import Deps
from app.identity.sign_ins import LIFETIME
from tests.support.browser import Browser, identity_of, login_deps, opened_browser
from tests.support.ok_provider import ISSUER, Lies, Provider

pytestmark = pytest.mark.engines("sqlite")
DISCOVERY = "/.well-known/openid-configuration"
NEXT = "/buy?plan=team&group=acme"
RETRY = 'href="/login?next=%2Fbuy%3Fplan%3Dteam%26group%3Dacme"'


@pytest.fixture
def provider(clock: FrozenClock, config: Config) -> Provider:
    return Provider(clock, redirect_uri=f"{config.base_url}/login/callback")


@pytest.fixture
async def deps(config: Config, database: Database, clock: FrozenClock, provider: Provider) -> AsyncIterator[Deps]:
    async with identity_of(provider, clock) as identity:
        yield login_deps(config, database, clock, identity)


@pytest.fixture
async def browser(deps: Deps, provider: Provider) -> AsyncIterator[Browser]:
    async with opened_browser(deps, provider) as browser:
        yield browser


async def test_signing_in_leads_on_and_keeps_the_visitor(browser: Browser) -> None:
    answer = await browser.start(NEXT)
    visitor = (await browser.who())["visitor"]
    back = await browser.back(answer)
    assert (back.status_code, back.headers["location"]) == (303, NEXT)
    assert await browser.who() == {
        "visitor": visitor,
        "issuer": ISSUER,
        "subject": "u-ann",
        "roles": ["marketing", "support"],
    }


async def test_somebody_signed_in_goes_straight_on(browser: Browser) -> None:
    await browser.sign_in()
    answer = await browser.client.get("/login", params={"next": NEXT})
    assert (answer.status_code, answer.headers["location"]) == (303, NEXT)


@pytest.mark.parametrize("path", ["//evil.example", "/\\evil.example", "https://evil.example", "/%09/evil.example"])
async def test_nobody_is_led_to_another_site(browser: Browser, path: str) -> None:
    assert (await browser.sign_in(path)).headers["location"] == "/"
    assert (await browser.client.get("/login", params={"next": path})).headers["location"] == "/"


async def test_two_tabs_each_end_where_they_began(browser: Browser) -> None:
    first, second = await browser.start("/orders"), await browser.start("/packs")
    assert (await browser.back(second)).headers["location"] == "/packs"
    assert (await browser.back(first)).headers["location"] == "/orders"


async def test_a_hint_is_passed_on_and_no_prompt(browser: Browser) -> None:
    sent = await browser.client.get("/login", params={"next": "/", "login_hint": "ann", "prompt": "login"})
    query = parse_qs(urlsplit(sent.headers["location"]).query)
    assert query["login_hint"] == ["ann"]
    assert "prompt" not in query


async def test_cancelling_at_the_issuer_keeps_the_way_on(browser: Browser) -> None:
    answer = await browser.start(NEXT)
    page = await browser.back({"error": "access_denied", "state": answer["state"], "iss": ISSUER})
    assert page.status_code == 400
    assert "Sign-in was interrupted. Your order is kept." in page.text
    assert "E-STATE" in page.text
    assert RETRY in page.text
    assert 'href="/plans"' in page.text
    assert 'href="/login/link?next=' in page.text
    assert await browser.subject() == ""


async def test_an_answer_counts_once(browser: Browser) -> None:
    answer = await browser.start(NEXT)
    await browser.back(answer)
    replayed = await browser.back(answer)
    assert (replayed.status_code, RETRY in replayed.text) == (400, True)


async def test_an_answer_that_comes_late_does_not_count(browser: Browser, clock: FrozenClock) -> None:
    answer = await browser.start(NEXT)
    clock.advance(LIFETIME)
    late = await browser.back(answer)
    assert (late.status_code, RETRY in late.text) == (400, True)
    assert await browser.subject() == ""


@pytest.mark.parametrize("change", [{"state": "made up"}, {"state": ""}, {"iss": "http://evil.example"}, {"code": ""}])
async def test_an_answer_that_is_none_of_ours_does_not_count(browser: Browser, change: dict[str, str]) -> None:
    assert (await browser.back({**await browser.start(NEXT), **change})).status_code == 400
    assert await browser.subject() == ""


async def test_an_answer_counts_in_its_own_browser_only(browser: Browser, deps: Deps, provider: Provider) -> None:
    answer = await browser.start(NEXT)
    async with opened_browser(deps, provider) as victim:
        for _ in range(2):  # without a session, and with one of its own
            planted = await victim.back(answer)
            assert (planted.status_code, RETRY in planted.text) == (400, False)
            await victim.start("/")
        assert await victim.subject() == ""
    assert (await browser.back(answer)).status_code == 303


async def test_a_token_that_proves_nothing_signs_nobody_in(browser: Browser, provider: Provider) -> None:
    provider.lies = Lies(claims={"aud": "another program"})
    refused = await browser.sign_in(NEXT)
    assert (refused.status_code, RETRY in refused.text) == (400, True)
    assert await browser.subject() == ""


async def test_while_the_issuer_is_down_there_are_other_ways(browser: Browser, provider: Provider) -> None:
    provider.lies = Lies(statuses={DISCOVERY: 503})
    page = await browser.client.get("/login", params={"next": NEXT})
    assert (page.status_code, "retry-after" in page.headers) == (503, True)
    assert "E-IDP" in page.text
    assert RETRY in page.text
    assert 'href="/login/link?next=' in page.text
    provider.lies = Lies()
    assert (await browser.sign_in(NEXT)).headers["location"] == NEXT


async def test_an_issuer_that_fails_at_the_end_leaves_the_way_on(browser: Browser, provider: Provider) -> None:
    answer = await browser.start(NEXT)
    provider.lies = Lies(statuses={"/token": 500})
    page = await browser.back(answer)
    assert (page.status_code, RETRY in page.text) == (503, True)


async def test_without_an_issuer_there_is_the_link(
    config: Config, database: Database, clock: FrozenClock, provider: Provider
) -> None:
    async with opened_browser(login_deps(config, database, clock, None), provider) as browser:
        page = await browser.client.get("/login")
    assert (page.status_code, "E-IDP" in page.text) == (503, True)


async def test_signing_out_ends_the_session_here_and_at_the_issuer(browser: Browser, database: Database) -> None:
    await browser.sign_in()
    left = await browser.client.post("/logout")
    assert left.status_code == 303
    assert left.headers["location"].startswith(f"{ISSUER}/logout?id_token_hint=")
    query = parse_qs(urlsplit(left.headers["location"]).query)
    assert query["post_logout_redirect_uri"] == [f"{browser.deps.config.base_url}/"]
    assert await browser.subject() == ""
    assert database.read_now(lambda c: c.execute(select(func.count()).select_from(sessions)).scalar_one()) == 0


async def test_signing_out_works_while_the_issuer_is_down(
    browser: Browser, provider: Provider, clock: FrozenClock
) -> None:
    await browser.sign_in()
    clock.advance(timedelta(hours=2))
    provider.lies = Lies(statuses={DISCOVERY: 500})
    assert (await browser.client.post("/logout")).headers["location"] == "/"
    assert await browser.subject() == ""


async def test_a_link_signs_nobody_out(browser: Browser) -> None:
    await browser.sign_in()
    assert (await browser.client.get("/logout")).status_code == 405
    assert (await browser.client.post("/logout", headers={"Sec-Fetch-Site": "cross-site"})).status_code == 403
    assert await browser.subject() == "u-ann"


async def test_switching_leads_back_to_signing_in_as_somebody_else(browser: Browser, provider: Provider) -> None:
    await browser.sign_in()
    visitor = (await browser.who())["visitor"]
    sent = await browser.client.post("/login/switch", data={"next": NEXT})
    state = parse_qs(urlsplit(sent.headers["location"]).query)["state"][0]
    assert "team" not in state
    home = await browser.client.get("/", params={"state": state})
    assert home.headers["location"] == "/login?next=%2Fbuy%3Fplan%3Dteam%26group%3Dacme"
    provider.person = {"sub": "u-bob"}
    assert (await browser.sign_in(NEXT)).headers["location"] == NEXT
    assert await browser.subject() == "u-bob"
    assert (await browser.who())["visitor"] != visitor


async def test_switching_asks_whom_where_the_issuer_cannot_sign_out(browser: Browser, provider: Provider) -> None:
    provider.lies = Lies(metadata={"end_session_endpoint": None})
    await browser.sign_in()
    sent = await browser.client.post("/login/switch", data={"next": NEXT})
    address = urlsplit(sent.headers["location"])
    assert (address.path, parse_qs(address.query)) == ("/login", {"next": [NEXT], "prompt": ["select_account"]})
    asked = await browser.client.get(sent.headers["location"])
    assert parse_qs(urlsplit(asked.headers["location"]).query)["prompt"] == ["select_account"]


@pytest.mark.parametrize("state", ["made up", "\u00e9", "gAAAAABl"])
async def test_a_state_that_is_none_of_ours_leads_home(browser: Browser, state: str) -> None:
    home = await browser.client.get("/", params={"state": state})
    assert (home.status_code, home.headers["location"]) == (303, "/")


async def test_a_sealed_text_of_another_kind_is_no_state(browser: Browser) -> None:
    home = await browser.client.get("/", params={"state": browser.deps.sealer.seal("/orders")})
    assert home.headers["location"] == "/"


async def test_the_home_page_without_a_state_is_the_home_page(browser: Browser) -> None:
    assert (await browser.client.get("/?utm_source=x")).text == "home"


async def test_what_the_address_held_is_never_logged(browser: Browser, capsys: pytest.CaptureFixture[str]) -> None:
    answer = await browser.start(NEXT)
    await browser.back({**answer, "error": "access_denied"})
    await browser.sign_in()
    said = capsys.readouterr().out
    assert "/login/callback" in said
    assert not [value for value in (answer["state"], "a secret that", "ann@example.com", "eyJ") if value in said]


async def test_sign_ins_that_fail_before_the_browser_leaves_are_not_kept(
    browser: Browser, provider: Provider, database: Database
) -> None:
    provider.lies = Lies(statuses={DISCOVERY: 500})
    await browser.client.get("/login")
    assert database.read_now(lambda c: c.execute(select(func.count()).select_from(sign_ins)).scalar_one()) == 0
