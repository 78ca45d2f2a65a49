"""``/c/…``: marketing traffic never meets an error page, and every link that does not work says why in one line."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from app.events.funnel import Step
from app.events.funnel_counts import Which, count
from app.promotions.cart import Audience
from app.promotions.links import LinkTokens
from app.promotions.publish import pause
from app.promotions.store import links
from app.promotions.store.touches import Touch, first_touch, last_touch
from tests.support.campaigns import SPRING, in_spring, move_to, publish_samples, states
from tests.support.journeys import at_checkout, total
from tests.support.shop import Browser, Shop

pytestmark = [pytest.mark.engines("sqlite"), pytest.mark.vendors("embedded", "stripe")]
LIST, DISCOUNTED = 348_000, 278_400


def line(browser: Browser, text: str) -> bool:
    return f"<p>{text}</p>" in browser.text


async def link_of(shop: Shop, audience: Audience = Audience.ANY, value: str = "", **given: Any) -> links.Link:
    (campaign,) = [each for each in await publish_samples(shop) if each.slug == "spring-launch"]

    def write(connection: Connection) -> links.Link:
        return links.make_link(
            connection,
            campaign,
            audience=audience,
            audience_value=value,
            actor="cli",
            now=shop.clock.now(),
            **given,
        )

    return await shop.deps.db.write(write)


def address(shop: Shop, link: links.Link) -> str:
    return f"/c/{LinkTokens(shop.deps.config.secret_keys, shop.clock).sign(link.claims)}"


async def touches(shop: Shop, browser: Browser) -> tuple[Touch | None, Touch | None]:
    person = await browser.open("/account")
    assert person.status_code == 200
    since = datetime(2026, 1, 1, tzinfo=UTC)

    def read(connection: Connection) -> tuple[Touch | None, Touch | None]:
        row = connection.exec_driver_sql("SELECT visitor_id, person_id FROM touches ORDER BY first_at").first()
        visitor, owner = (row[0], row[1]) if row else ("", None)
        return first_touch(connection, visitor, owner, since=since), last_touch(connection, visitor, owner, since=since)

    return await shop.deps.db.read(read)


async def test_the_answer_is_a_redirect_that_tells_nobody(shop: Shop) -> None:
    await in_spring(shop)
    browser = shop.browser()
    answer = await browser.look(SPRING)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/plans?plan=team&seats=10&campaign=spring-launch"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "private"
    assert await states(shop) == []


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2027, 2, 28, 23, 59, tzinfo=UTC), "This offer starts on 1 March 2027."),
        (datetime(2027, 4, 1, tzinfo=UTC), "This offer ended on 1 April 2027."),
    ],
)
async def test_outside_its_window_the_page_is_the_normal_one(shop: Shop, at: datetime, text: str) -> None:
    await publish_samples(shop)
    move_to(shop, at)
    browser = shop.browser()
    await browser.open("/c/spring-launch")
    assert browser.status == 200
    assert line(browser, text)
    await browser.open("/plans?plan=team&seats=10&campaign=spring-launch")
    assert total(browser) == LIST


async def test_a_pause_is_told(shop: Shop) -> None:
    await in_spring(shop)
    await shop.deps.db.write(lambda connection: pause(connection, "spring-launch"))
    browser = shop.browser()
    await browser.open("/c/spring-launch")
    assert line(browser, "This offer is paused.")


@pytest.mark.parametrize("name", ["nothing-like-it", "open-source", "x" * 3_000, "%E2%80%AE' OR 1=1", "a.b.c"])
async def test_what_nobody_knows_shows_the_plans(shop: Shop, name: str) -> None:
    await in_spring(shop)
    browser = shop.browser()
    await browser.open(f"/c/{name}")
    assert browser.status == 200
    assert "These are our normal prices." in browser.text


async def test_a_signed_link_works_until_it_is_revoked(shop: Shop) -> None:
    link = await link_of(shop)
    move_to(shop, datetime(2027, 3, 2, tzinfo=UTC))
    browser = shop.browser()
    await browser.open(address(shop, link))
    assert total(browser) == DISCOUNTED
    assert link.link_id not in browser.url
    await shop.deps.db.write(lambda c: links.revoke_link(c, link.link_id, now=shop.clock.now()))
    await browser.open(address(shop, link))
    assert line(browser, "This link does not work any more. These are our normal prices.")


async def test_each_link_tells_of_those_whom_it_led(shop: Shop) -> None:
    """First by one link of a campaign, then by another, then bought: by the last, and the first one has landed."""
    first, last = await link_of(shop), await link_of(shop)
    move_to(shop, datetime(2027, 3, 2, tzinfo=UTC))
    browser = shop.browser()
    for link in (first, last, first):
        shop.clock.advance(timedelta(minutes=1))
        await browser.open(address(shop, link))

    async def counted(link: links.Link) -> tuple[int, int]:
        which = Which(campaign="spring-launch", link_id=link.link_id, entry=Step.LANDING)
        steps = (await shop.deps.db.read(lambda connection: count(connection, which))).steps
        return steps[Step.LANDING], steps[Step.PLAN_CHOSEN]

    assert (await counted(first), await counted(last)) == ((1, 0), (1, 0))
    await browser.open("/buy?plan=team&group=acme&seats=10&campaign=spring-launch")
    assert (await counted(first), await counted(last)) == ((1, 1), (1, 0))


async def test_a_link_that_is_revoked_at_the_checkout_takes_nothing_off(shop: Shop) -> None:
    link = await link_of(shop)
    move_to(shop, datetime(2027, 3, 2, tzinfo=UTC))
    browser = await shop.known("ann")
    await browser.open(address(shop, link))
    await browser.open("/buy?plan=team&group=acme&seats=10")
    assert total(browser) == DISCOUNTED
    await shop.deps.db.write(lambda c: links.revoke_link(c, link.link_id, now=shop.clock.now()))
    await browser.open(browser.url)
    assert total(browser) == LIST
    assert "This link does not work any more." in browser.text
    assert "This code" not in browser.text


async def test_an_expired_link_says_so(shop: Shop) -> None:
    link = await link_of(shop, expires_at=shop.clock.wall() + timedelta(days=1))
    path = address(shop, link)
    shop.clock.advance(timedelta(days=2))
    browser = shop.browser()
    await browser.open(path)
    assert line(browser, "This link has expired. These are our normal prices.")


@pytest.mark.parametrize(("days", "due"), [(3, DISCOUNTED), (1, LIST)])
async def test_a_link_is_not_remembered_beyond_its_time(shop: Shop, days: int, due: int) -> None:
    link = await link_of(shop, expires_at=shop.clock.wall() + timedelta(days=days))
    move_to(shop, datetime(2027, 3, 2, tzinfo=UTC))
    browser = await shop.known("ann")
    await browser.open(address(shop, link))
    assert total(browser) == DISCOUNTED
    shop.clock.advance(timedelta(days=2))
    await browser.open("/buy?plan=team&group=acme&seats=10")
    await browser.press("Continue as ann")
    assert total(browser) == due


async def test_a_link_is_for_those_it_was_made_for(shop: Shop) -> None:
    link = await link_of(shop, Audience.MAIL_DOMAIN, "globex.example")
    move_to(shop, datetime(2027, 3, 2, tzinfo=UTC))
    browser = await shop.known("ann")
    await browser.open(address(shop, link))
    assert "is not for this account" in browser.text
    assert total(browser) == LIST


async def test_a_preview_shows_and_sells_nothing(shop: Shop) -> None:
    await publish_samples(shop)
    token = LinkTokens(shop.deps.config.secret_keys, shop.clock).sign_preview(
        "spring-launch", shop.clock.wall() + timedelta(days=1)
    )
    browser = await shop.known("ann")
    await browser.open(f"/c/{token}")
    assert total(browser) == DISCOUNTED
    assert "Preview of Spring launch 2027, which runs from 1 March 2027 until 31 March 2027." in browser.text
    await browser.open("/buy?plan=team&group=acme&seats=10")
    assert total(browser) == LIST


async def test_the_first_and_the_newest_touch_survive_sign_in(shop: Shop) -> None:
    await in_spring(shop)
    browser = shop.browser()
    await browser.open(SPRING)
    shop.clock.advance(timedelta(hours=1))
    await browser.open("/c/compute-boost")
    await browser.open("/login")
    await browser.press("Continue as ann")
    await browser.open("/buy?plan=team&group=acme&seats=10")
    first, last = await touches(shop, browser)
    assert first is not None
    assert last is not None
    assert (first.slug, first.first_utm, last.slug) == ("spring-launch", '{"utm_source": "mail"}', "compute-boost")
    assert first.person_id is not None


async def test_a_campaign_is_remembered_for_thirty_days(shop: Shop) -> None:
    """Also by somebody who came back by themselves, and only where it belongs."""
    await publish_samples(shop, ("ends = 2027-04-01", "ends = 2027-06-01"))
    move_to(shop, datetime(2027, 3, 2, tzinfo=UTC))
    browser = await shop.known("ann")
    await browser.open(SPRING)
    shop.clock.advance_business(timedelta(days=29))
    await browser.open("/buy?plan=team&group=acme&seats=10")
    assert total(browser) == DISCOUNTED
    await browser.open("/buy/packs?addon=compute-1000&group=acme&packs=5")
    assert "Spring launch" not in browser.text
    shop.clock.advance_business(timedelta(days=2))
    await browser.open("/buy?plan=team&group=acme&seats=10")
    assert total(browser) == LIST


async def test_a_campaign_is_remembered_in_another_browser_too(shop: Shop) -> None:
    """Where nobody is signed in yet it is asked for after the sign-in, unless something else is asked for."""
    await in_spring(shop)
    await (await shop.known("ann")).open(SPRING)
    for asked, due in (("", DISCOUNTED), ("&promo=NOSUCH", LIST)):
        other = shop.browser()
        await other.open(f"/buy?plan=team&group=acme&seats=10{asked}")
        await other.press("Continue as ann")
        assert total(other) == due


async def test_a_campaign_of_packs_leads_to_their_checkout(shop: Shop) -> None:
    await publish_samples(shop)
    browser = await at_checkout(shop, "/c/compute-boost")
    assert "Compute boost applies: 10% off" in browser.text
    assert total(browser) == 4_500


async def test_a_campaign_for_more_seats_leads_to_the_subscription(shop: Shop) -> None:
    await publish_samples(shop)
    browser = await shop.known("bob")
    await browser.open("/c/grow-50")
    assert "/seat-changes" in browser.url
