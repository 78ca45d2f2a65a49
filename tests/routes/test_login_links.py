"""One-time links: the same answer to everybody, a button instead of a surprise, one use, and no staff's rights."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from app.config import Config
from app.core.clock import FrozenClock
from app.db.engine import Database
from app.flows.deps import Deps
from app.identity.claims import Claims
from app.identity.login_links import LIFETIME
from tests.support.browser import Browser, identity_of, login_deps, opened_browser
from tests.support.ok_provider import ISSUER, Provider
from tests.support.people import written

pytestmark = pytest.mark.engines("sqlite")
ANN = Claims(
    issuer=ISSUER,
    subject="u-ann",
    username="ann",
    email="ann@example.com",
    email_verified=True,
    roles=frozenset({"support"}),
)


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


async def test_the_answer_is_the_same_for_every_address(
    browser: Browser, database: Database, clock: FrozenClock
) -> None:
    written(database, clock, ANN)
    known, unknown = [await browser.ask_for_link(email) for email in ("ann@example.com", "nobody@example.com")]
    assert (known.status_code, known.headers["location"]) == (303, "/login/link?sent=yes")
    assert (unknown.status_code, unknown.headers["location"]) == (303, "/login/link?sent=yes")
    shown = await browser.client.get("/login/link?sent=yes")
    assert "If this address can receive mail, a link is on its way." in shown.text
    assert sorted(mail["to"] for mail in await browser.mails()) == ["ann@example.com", "nobody@example.com"]


async def test_a_link_signs_its_owner_in_without_staff_rights(
    browser: Browser, database: Database, clock: FrozenClock
) -> None:
    written(database, clock, ANN)
    await browser.ask_for_link(" Ann@Example.com ", "/orders")
    visitor = (await browser.who())["visitor"]
    path = await browser.mailed_link()
    for _ in range(2):  # a mail scanner, then a person
        page = await browser.client.get(path)
        assert (page.status_code, "Sign in as a…@example.com" in page.text) == (200, True)
    assert await browser.subject() == ""
    used = await browser.client.post(path)
    assert (used.status_code, used.headers["location"]) == (303, "/orders")
    assert await browser.who() == {"visitor": visitor, "issuer": ISSUER, "subject": "u-ann", "roles": []}


async def test_an_address_that_nobody_has_makes_a_contact(browser: Browser) -> None:
    await browser.ask_for_link("accounts@acme.example")
    await browser.client.post(await browser.mailed_link())
    found = await browser.who()
    assert (found["issuer"], found["subject"]) == (f"{browser.deps.config.base_url}/mail", "accounts@acme.example")


async def test_a_link_works_once(browser: Browser, deps: Deps, provider: Provider) -> None:
    await browser.ask_for_link("ann@example.com")
    path = await browser.mailed_link()
    await browser.client.post(path)
    async with opened_browser(deps, provider) as other:
        for used in (await other.client.get(path), await other.client.post(path)):
            assert (used.status_code, "E-STATE" in used.text) == (400, True)
        assert await other.subject() == ""


async def test_a_link_works_for_a_day(browser: Browser, clock: FrozenClock) -> None:
    await browser.ask_for_link("ann@example.com")
    path = await browser.mailed_link()
    clock.advance(LIFETIME)
    assert (await browser.client.get(path)).status_code == 400
    assert (await browser.client.post(path)).status_code == 400
    assert await browser.subject() == ""


async def test_a_link_in_another_browser_brings_nothing_of_the_askers(
    browser: Browser, deps: Deps, provider: Provider
) -> None:
    await browser.ask_for_link("ann@example.com")
    async with opened_browser(deps, provider) as reader:
        await reader.client.post(await browser.mailed_link())
        assert await reader.subject() == "ann@example.com"
        assert (await reader.who())["visitor"] != (await browser.who())["visitor"]
    assert await browser.subject() == ""


async def test_another_site_cannot_press_the_button(browser: Browser) -> None:
    await browser.ask_for_link("eve@example.com")
    path = await browser.mailed_link()
    assert (await browser.client.post(path, headers={"Sec-Fetch-Site": "cross-site"})).status_code == 403
    assert await browser.subject() == ""


@pytest.mark.parametrize("path", ["//evil.example", "https://evil.example"])
async def test_a_link_leads_to_no_other_site(browser: Browser, path: str) -> None:
    await browser.ask_for_link("ann@example.com", path)
    assert (await browser.client.post(await browser.mailed_link())).headers["location"] == "/"


@pytest.mark.parametrize("email", ["", "ann", "ann@", "ann@example", "a@b@c.example", "ann@example.com\nBcc: x@y.zz"])
async def test_what_is_no_address_is_asked_for_again(browser: Browser, email: str) -> None:
    page = await browser.ask_for_link(email)
    assert page.status_code == 422
    assert "<title>Error: " in page.text
    assert 'href="#email"' in page.text
    assert 'value="/orders"' in page.text
    assert await browser.mails() == []


async def test_too_many_links_are_refused_kindly(browser: Browser, clock: FrozenClock) -> None:
    for number in range(5):
        assert (await browser.ask_for_link(f"a{number}@example.com")).status_code == 303
    clock.advance(timedelta(minutes=50))
    refused = await browser.ask_for_link("a5@example.com")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "600")
    assert "Too many tries. Try again in 10 minutes." in refused.text
    assert 'value="a5@example.com"' in refused.text
    clock.advance(timedelta(minutes=10))
    assert (await browser.ask_for_link("a5@example.com")).status_code == 303


async def test_one_address_is_not_flooded_from_many_browsers(deps: Deps, provider: Provider) -> None:
    statuses = []
    for _ in range(6):
        async with opened_browser(deps, provider) as browser:
            statuses.append((await browser.ask_for_link("Ann@example.com")).status_code)
    assert statuses == [303] * 5 + [429]


async def test_one_network_does_not_mail_everybody(deps: Deps, provider: Provider) -> None:
    statuses = []
    for number in range(31):
        async with opened_browser(deps, provider) as browser:
            statuses.append((await browser.ask_for_link(f"a{number}@example.com")).status_code)
    assert statuses == [303] * 30 + [429]


async def test_an_address_in_a_form_is_shown_as_text(browser: Browser) -> None:
    page = await browser.ask_for_link('"><script>alert(1)</script>')
    assert page.status_code == 422
    assert "<script>alert" not in page.text
