"""What a group uses: the page and its figures, alerts on pages and by mail, and who may see which."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import Connection, update

from app.demo.model import Fault
from app.demo.store.minutes import count_minutes
from app.demo.store.schema import groups
from app.usage import store
from app.usage.readings import Reading
from tests.support.customers import at, crowd, join, subscription_of
from tests.support.journeys import NEW_YORK, bought, pay, settled
from tests.support.shop import Shop


async def use(shop: Shop, group: str, **figures: int) -> None:
    """Let a group use so much, by the product's own word."""
    minutes, now = figures.pop("minutes_used", None), shop.clock.now()

    def body(connection: Connection) -> None:
        if figures:
            connection.execute(update(groups).where(groups.c.id == group).values(**figures))
        if minutes is not None:
            count_minutes(connection, group, minutes, now)

    await shop.product.world.db.write(body)


async def alert_mails(shop: Shop) -> list[tuple[str, str]]:
    """Return who was told what, in order."""
    return [(mail["to"], mail["subject"]) for mail in await shop.world.mails() if mail["kind"] == "usage_alert"]


async def known(shop: Shop, group: str) -> Reading | None:
    """Return the newest reading that the store keeps."""
    return await shop.deps.db.read(lambda connection: store.latest(connection, group))


async def test_the_page_shows_what_the_product_counts(shop: Shop) -> None:
    await crowd(shop, "globex", in_use=8, most=12)
    subscription = await subscription_of(shop, "globex")
    browser = await at(shop, "bob", f"/subscriptions/{subscription.subscription_id}/usage")
    for said in (
        "8,400 of the 10,000 minutes that the month includes are used.",
        "8 people use it now, of 10 seats bought. At the most it was 12 in this term, 2 seats more than bought.",
        "41 of 500 GiB are used (8 %).",
        "November 2026: 8,400 of 10,000 minutes",
    ):
        assert said in browser.text
    assert browser.link("Add 2 seats").endswith(f"/buy/seats?subscription={subscription.subscription_id}&add=2")
    assert browser.link("Buy 1,000 compute minutes").endswith("/buy/packs?addon=compute-1000&group=globex&packs=1")
    assert browser.link("Buy 10 GiB of storage").endswith("/buy/packs?addon=storage-10&group=globex&packs=1")
    assert "style=" not in browser.text
    same = await at(shop, "bob", "/groups/globex/usage")
    assert "8,400 of the 10,000 minutes" in same.text


@pytest.mark.engines("sqlite")
async def test_one_row_a_day_is_kept_and_can_be_downloaded(shop: Shop) -> None:
    browser = await at(shop, "bob", "/groups/globex/usage")
    await use(shop, "globex", minutes_used=8_500)
    await browser.open("/groups/globex/usage")
    shop.clock.advance_business(timedelta(days=1))
    await use(shop, "globex", minutes_used=8_600)
    await browser.open("/groups/globex/usage")
    await browser.open(browser.link("Download as CSV"))
    header, *rows = browser.text.splitlines()
    assert header.startswith("day,seats_in_use,seats_max,seats_bought,minutes_used")
    assert rows == [
        "2026-11-23,8,8,10,8500,10000,0,41,500",
        "2026-11-24,8,8,10,8600,10000,0,41,500",
    ]


@pytest.mark.engines("sqlite")
async def test_without_the_product_the_last_figures_bear_their_day(shop: Shop) -> None:
    browser = await at(shop, "bob", "/groups/globex/usage")
    await shop.product.set_faults(product=[Fault(op="usage", kind="down", times=0)])
    shop.clock.advance_business(timedelta(days=2))
    await browser.open("/groups/globex/usage")
    assert "As of 23 November 2026, 12:00 UTC" in browser.text
    assert "8,400 of the 10,000 minutes" in browser.text
    await browser.open(f"/subscriptions/{(await subscription_of(shop, 'globex')).subscription_id}")
    assert "8 (as of 23 November 2026, 12:00 UTC)" in browser.text
    stranger = await at(shop, "ann", "/groups/acme/usage")
    assert "nothing was read before" in stranger.text


async def test_the_sweep_keeps_a_reading_and_mails_each_threshold_once(shop: Shop) -> None:
    await settled(shop)
    first = ("bob@globex.example", "1,600 of the 10,000 compute minutes of Globex are left this month (16 %).")
    assert await alert_mails(shop) == [first]
    reading = await known(shop, "globex")
    assert reading is not None
    assert (reading.seats, reading.minutes_used) == (10, 8_400)
    await settled(shop)
    await use(shop, "globex", minutes_used=10_000)
    shop.clock.advance_business(timedelta(hours=6))
    await settled(shop)
    (mail,) = [mail for mail in await shop.world.mails() if "used up" in mail["subject"]]
    assert f"{shop.deps.config.base_url}/buy/packs?addon=compute-1000&group=globex&packs=1" in mail["text"]
    await use(shop, "globex", minutes_used=9_700)  # milder than what was told
    shop.clock.advance_business(timedelta(hours=6))
    await settled(shop)
    assert len(await alert_mails(shop)) == 2


@pytest.mark.engines("sqlite")
async def test_seats_and_storage_are_mailed_at_their_thresholds(shop: Shop) -> None:
    await use(shop, "globex", minutes_used=0, storage_used_gib=349)
    await crowd(shop, "globex", in_use=8)
    await settled(shop)
    assert await alert_mails(shop) == []
    await use(shop, "globex", storage_used_gib=350)
    await crowd(shop, "globex", in_use=9)
    shop.clock.advance_business(timedelta(hours=6))
    await settled(shop)
    assert sorted(subject for _to, subject in await alert_mails(shop)) == [
        "1 of the 10 seats of Globex is left.",
        "Globex uses 350 of its 500 GiB of storage (70 %).",
    ]


@pytest.mark.engines("sqlite")
async def test_nobody_is_told_who_cannot_buy_here(shop: Shop) -> None:
    for group in ("initech", "hooli", "umbrella"):
        await use(shop, group, seats_in_use=60, seats_max=60, minutes_used=0)
    await use(shop, "initech", minutes_used=10_000, storage_used_gib=600)
    await use(shop, "globex", minutes_used=0)
    await settled(shop)
    assert await alert_mails(shop) == []
    browser = await at(shop, "cleo", "/groups/initech/usage")
    assert browser.text.count("E-CHANNEL") == 1  # seats, minutes and storage have the one reason
    assert "Running out" not in browser.text
    assert "/buy/" not in browser.text


@pytest.mark.engines("sqlite")
async def test_one_group_that_cannot_be_read_stops_no_other(shop: Shop) -> None:
    await shop.product.set_faults(product=[Fault(op="usage", kind="error_500", times=1)])
    await settled(shop)
    read = [group for group in ("globex", "hooli", "initech", "stark", "umbrella", "wayne") if await known(shop, group)]
    assert len(read) == 5
    shop.clock.advance_business(timedelta(minutes=15))
    await settled(shop)
    assert all([await known(shop, group) for group in ("globex", "hooli", "initech", "stark", "umbrella", "wayne")])


async def test_a_banner_stays_until_it_is_dismissed_and_comes_back_when_it_is_worse(shop: Shop) -> None:
    await crowd(shop, "globex", in_use=9)
    await use(shop, "globex", minutes_used=0)
    card = f"/subscriptions/{(await subscription_of(shop, 'globex')).subscription_id}"
    browser = await at(shop, "bob", card)
    assert "1 of the 10 seats of Globex is left." in browser.text
    for page in ("/plan-changes", "/renewal", "/usage"):
        await browser.open(card + page)
        assert "1 of the 10 seats of Globex is left." in browser.text, page
    await browser.press("Dismiss")
    assert browser.url.endswith(f"{card}/usage")
    assert "Running out" not in browser.text
    await crowd(shop, "globex", in_use=10)
    await browser.open(card)
    assert "All 10 seats of Globex are in use." in browser.text
    await browser.open(browser.link("Add 1 seat"))
    assert browser.form("and add 1 seat")


@pytest.mark.engines("sqlite")
async def test_a_threshold_and_a_month_tell_again(shop: Shop) -> None:
    browser = await at(shop, "bob", "/groups/globex/usage")
    await browser.press("Dismiss")
    assert "Running out" not in browser.text
    await use(shop, "globex", minutes_used=9_800)
    await browser.open("/groups/globex/usage")
    assert "200 of the 10,000 compute minutes of Globex are left this month (2 %)." in browser.text
    await browser.press("Dismiss")
    assert "Running out" not in browser.text
    shop.clock.advance_business(timedelta(days=8))
    await use(shop, "globex", minutes_used=8_000)
    await browser.open("/groups/globex/usage")
    assert "Running out" in browser.text


@pytest.mark.engines("sqlite")
async def test_an_owner_of_a_free_group_is_told_and_a_member_asks_an_owner(shop: Shop) -> None:
    owner = await at(shop, "ann", "/groups/acme/usage")
    assert "90 of the 400 compute minutes of Acme are left this month (22 %)." in owner.text
    assert "Buy a plan" in owner.text
    assert "compute minutes of Acme are left" in (await owner.open("/packs?group=acme")).text
    await join(shop, "acme", "dan", "developer")
    member = await at(shop, "dan", "/groups/acme/usage")
    assert "Ask an owner of the group for more." in member.text
    assert "Running out" not in member.text
    assert "/buy" not in member.text


@pytest.mark.engines("sqlite")
async def test_packs_without_a_plan_are_watched_too(shop: Shop) -> None:
    browser = await at(shop, "ann", "/buy/packs?addon=compute-1000&group=zen")
    await browser.press("compute minutes", **NEW_YORK)
    await browser.press("compute minutes")
    await pay(browser)
    await settled(shop)
    await use(shop, "zen", minutes_used=1_390)
    shop.clock.advance_business(timedelta(hours=6))
    await settled(shop)
    told = [subject for to, subject in await alert_mails(shop) if to == "ann@acme.example"]
    assert told == ["10 of the 1,400 compute minutes of Zen are left this month (0 %)."]


@pytest.mark.engines("sqlite")
async def test_an_instance_of_ones_own_counts_by_itself(shop: Shop) -> None:
    browser = await bought(shop, "/buy?plan=team&deployment=self_hosted&seats=5")
    books = json.dumps(await shop.books("subscriptions"))
    await browser.open("/subscriptions")
    await browser.open(browser.link("Team, self-hosted"))
    assert "/usage" not in browser.text
    await browser.open(f"{browser.url}/usage")
    assert "they alone count who uses it" in browser.text
    assert books == json.dumps(await shop.books("subscriptions"))


async def test_what_stands_in_the_way_of_more_seats_leads_to_what_can_be_done(shop: Shop) -> None:
    found = await subscription_of(shop, "hooli")
    browser = await at(shop, "eve", "/groups/hooli/usage")
    assert "The invoice of this term is unpaid. Pay it first." in browser.text
    assert f'href="/subscriptions/{found.subscription_id}">See what can be done' in browser.text
