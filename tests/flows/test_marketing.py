"""Marketing's pages: for those with the role alone, with the figures of the orders and the ledger, and acts that count
once."""

import csv
import io
import re
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import Connection, select

from app.db.schema.events import audit
from app.promotions.store import campaigns, codes, links
from app.promotions.store.ledger import Action, entries
from tests.support.campaigns import LAUNCH, publish_text
from tests.support.journeys import NEW_YORK, bought, pay, problems, settled, to_payment
from tests.support.shop import Browser, Form, Shop
from tests.support.witness import orders

pytestmark = [pytest.mark.engines("sqlite"), pytest.mark.vendors("embedded")]  # the stores are proven on both databases
PAGE = "/marketing/campaigns/launch"
OSS = "/marketing/campaigns/oss"
READ = (
    "/marketing",
    "/marketing/campaigns.csv",
    PAGE,
    f"{PAGE}.csv",
    f"{PAGE}/links.csv",
    f"{PAGE}/codes.csv",
    f"{PAGE}/codes/att_1",
    f"{PAGE}/codes/att_1.csv",
    "/marketing/funnel",
    "/marketing/funnel.csv",
)
WRITTEN: tuple[tuple[str, dict[str, str]], ...] = (
    (f"{PAGE}/status", {"status": "paused"}),
    (f"{PAGE}/links", {"note": "mail", "audience": "any"}),
    (f"{PAGE}/links/{{link}}/revocation", {}),
    (f"{PAGE}/codes", {"count": "2"}),
    (f"{PAGE}/codes/{{code}}/revocation", {}),
    (f"{PAGE}/codes/att_1/kept", {}),
)


async def told(shop: Shop) -> list[tuple[str, str]]:
    """Return what the audit says that marketing did."""

    def read(connection: Connection) -> list[tuple[str, str]]:
        query = select(audit).where(audit.c.action.startswith("campaign.")).order_by(audit.c.seq)
        return [(row.action, row.subject) for row in connection.execute(query) if row.actor != "cli"]

    return await shop.deps.db.read(read)


async def made_links(shop: Shop) -> Sequence[links.Link]:
    return await shop.deps.db.read(lambda connection: links.list_links(connection, "launch"))


def rows(browser: Browser) -> list[list[str]]:
    return list(csv.reader(io.StringIO(browser.text)))[1:]


def count_of(browser: Browser, step: str, way: str = "") -> int:
    """Return a step's number on the page, of one section of it."""
    text = browser.text.partition(f'data-way="{way}"')[2] if way else browser.text
    found = re.search(rf'data-step="{step}">.*?data-count="(\d+)"', text, re.DOTALL)
    assert found is not None, f"no step {step} on {browser.url}"
    return int(found[1])


def address_of(browser: Browser) -> str:
    """Return the address of the newest signed link on the page."""
    found = re.search(r'<li class="card" data-link.*?<code[^>]*>([^<]+)</code>', browser.text, re.DOTALL)
    assert found is not None
    return found[1].strip()


async def marketer(shop: Shop, path: str = PAGE) -> Browser:
    await publish_text(shop, LAUNCH)
    browser = await shop.known("ann")
    await browser.open(path)
    return browser


async def test_without_the_role_no_page_is_there(shop: Shop) -> None:
    await publish_text(shop, LAUNCH)
    bob, nobody = await shop.known("bob"), shop.browser()
    assert {address: (await bob.open(address)).status_code for address in READ} == dict.fromkeys(READ, 404)
    for address in READ:
        await nobody.open(address)
        assert "Sign in - Forge" in nobody.text, address
    assert "Marketing" not in (await bob.open("/plans")).text


async def test_without_the_role_nothing_is_done(shop: Shop) -> None:
    await marketer(shop)
    (code,) = await shop.deps.db.read(lambda connection: codes.list_codes(connection, "launch"))
    bob, nobody = await shop.known("bob"), shop.browser()
    await bob.open("/plans")
    for address, fields in WRITTEN:
        await nobody.open("/plans")
        form = Form(action=address.format(link="lnk_1", code=code.code_id), fields=fields)
        assert (await bob.send(form)).status_code == 404, address
        await nobody.send(form)
        assert "Sign in - Forge" in nobody.text, address
    assert (await told(shop), await made_links(shop)) == ([], ())


async def test_a_campaign_or_a_link_of_nobodys_is_not_there(shop: Shop) -> None:
    browser = await marketer(shop)
    assert (await browser.open("/marketing/campaigns/none")).status_code == 404
    assert (await browser.open("/marketing/campaigns/none.csv")).status_code == 404
    for action in (f"{PAGE}/links/lnk_none/revocation", f"{PAGE}/codes/cod_none/revocation", f"{OSS[:-3]}no/status"):
        assert (await browser.send(Form(action=action, fields={"status": "paused"}))).status_code == 404
    assert await told(shop) == []


async def test_the_header_leads_there(shop: Shop) -> None:
    browser = await shop.known("ann")
    await browser.open("/plans")
    await browser.open(browser.link("Marketing"))
    assert (browser.status, "No campaign is published yet" in browser.text) == (200, True)


async def test_pause_and_resume_count_once_and_are_told(shop: Shop) -> None:
    browser = await marketer(shop)
    pressed = browser.form("Pause the campaign")
    await browser.send(pressed)
    assert "badge-paused" in browser.text
    await browser.press("Resume the campaign")
    await browser.send(pressed)  # the same press again does nothing more
    found = await shop.deps.db.read(lambda connection: campaigns.find(connection, "launch"))
    assert found is not None
    assert found.status.value == "live"
    assert await told(shop) == [("campaign.paused", "launch"), ("campaign.resumed", "launch")]


async def test_a_paused_campaign_takes_nothing_off(shop: Shop) -> None:
    browser = await marketer(shop)
    await browser.press("Pause the campaign")
    await bought(shop, "/buy?plan=team&group=acme&seats=10&promo=LAUNCH20")
    assert [order.discount for order in await orders(shop)] == [0]
    await browser.open(PAGE)
    assert 'data-reason="paused"' in browser.text


async def test_a_link_is_made_once_opened_and_revoked(shop: Shop) -> None:
    browser = await marketer(shop)
    form = browser.form("Make the link")
    for _ in range(2):
        await browser.send(form, note="March newsletter", redemptions="5", fills="20", expires="2026-12-31")
    (made,) = await made_links(shop)
    assert (made.note, made.cap, made.landing.seats) == ("March newsletter", 5, 20)
    assert made.expires_at is not None
    assert made.expires_at.isoformat() == "2027-01-01T00:00:00+00:00"
    visitor = shop.browser()
    await visitor.open(address_of(browser))
    assert visitor.form("Buy Team").fields["seats"] == "20"
    await browser.open(PAGE)
    assert "1 landed, 0 uses of 5, until 31 December 2026" in browser.text
    await browser.press("Revoke the link March newsletter")
    assert "revoked" in browser.text
    await browser.open(f"{PAGE}/links.csv")
    assert [row[1:7] for row in rows(browser)] == [["March newsletter", "anybody", "", "revoked", "1", "0"]]
    assert await told(shop) == [("campaign.link_made", "launch"), ("campaign.link_revoked", "launch")]


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"note": ""}, "note"),
        ({"audience": "everybody"}, "audience"),
        ({"audience": "mail_domain", "audience_value": ""}, "audience_value"),
        ({"redemptions": "0"}, "redemptions"),
        ({"fills": "5001"}, "fills"),
        ({"expires": "tomorrow"}, "expires"),
        ({"expires": "2026-11-22"}, "expires"),
        ({"expires": "9999-12-31"}, "expires"),
    ],
)
async def test_a_link_that_makes_no_sense_is_told_and_kept(shop: Shop, typed: dict[str, str], field: str) -> None:
    browser = await marketer(shop)
    given = {"note": "March <b>", "audience": "any"} | typed
    await browser.press("Make the link", **given)
    assert (browser.status, problems(browser)) == (422, ["E-INPUT"])
    assert f'href="#{field}"' in browser.text
    assert browser.form("Make the link").fields["note"] == given["note"]
    assert await made_links(shop) == ()


async def test_secret_codes_are_shown_once_to_who_made_them(shop: Shop) -> None:
    browser = await marketer(shop, OSS)
    form = browser.form("Make the codes")
    await browser.send(form, count="3")
    shown = re.findall(r"OSS-[0-9A-Z-]{12,}", browser.text)
    assert len(set(shown)) == 3
    page = browser.url
    await browser.send(form, count="3")  # the same press: the same codes
    assert re.findall(r"OSS-[0-9A-Z-]{12,}", browser.text) == shown
    await browser.open(f"{page}.csv")
    assert [row[0] for row in rows(browser)] == shown
    await browser.open(page)
    await browser.press("I have kept them")
    assert [(await browser.open(each)).status_code for each in (page, f"{page}.csv")] == [404, 404]
    assert await told(shop) == [("campaign.codes_made", "oss")]
    made = await shop.deps.db.read(lambda connection: codes.list_codes(connection, "oss"))
    assert len(made) == 3
    await browser.open(f"{OSS}/codes.csv")
    assert all(code not in browser.text for code in shown)


async def test_codes_are_not_shown_after_a_quarter_of_an_hour(shop: Shop) -> None:
    browser = await marketer(shop, OSS)
    await browser.press("Make the codes", count="1")
    page = browser.url
    shop.clock.advance(timedelta(minutes=15))
    assert (await browser.open(page)).status_code == 404


@pytest.mark.parametrize("count", ["", "0", "21", "1.5", "9" * 30])
async def test_too_many_codes_are_refused_whole(shop: Shop, count: str) -> None:
    browser = await marketer(shop, OSS)
    await browser.press("Make the codes", count=count)
    assert (browser.status, problems(browser)) == (422, ["E-INPUT"])
    assert await shop.deps.db.read(lambda connection: codes.list_codes(connection, "oss")) == ()
    assert await told(shop) == []


async def test_a_code_is_revoked(shop: Shop) -> None:
    browser = await marketer(shop)
    await browser.press("Revoke LAUNCH20")
    await bought(shop, "/buy?plan=team&group=acme&seats=10&promo=LAUNCH20")
    assert [order.discount for order in await orders(shop)] == [0]
    assert await told(shop) == [("campaign.code_revoked", "launch")]


@pytest.mark.vendors("embedded", "stripe")
async def test_the_figures_are_those_of_the_orders_and_the_ledger(shop: Shop) -> None:
    browser = await marketer(shop)
    visitor = await shop.known("ann")
    await visitor.open("/c/launch")
    form = visitor.form("Buy Team").fields
    await visitor.open("/buy?" + "&".join(f"{key}={value}" for key, value in form.items()) + "&group=acme")
    await to_payment(visitor)
    await pay(visitor)
    await settled(shop)
    await bought(shop, "/buy?plan=team&deployment=self_hosted&seats=6&promo=LAUNCH20", who="dan", **NEW_YORK)
    await bought(shop, "/buy?plan=team&deployment=self_hosted&seats=2&promo=LAUNCH20", who="cleo", **NEW_YORK)
    sold = {order.seats: order for order in await orders(shop)}
    assert (sold[10].discount, sold[6].discount, sold[2].discount) == (69_600, 41_760, 0)
    cost, net = 69_600 + 41_760, sold[10].subtotal - 69_600 + sold[6].subtotal - 41_760

    def committed(connection: Connection) -> tuple[int, int]:
        found = [each for each in entries(connection, slug="launch") if each.action is Action.COMMIT]
        return sum(each.amount for each in found), sum(each.net for each in found)

    assert await shop.deps.db.read(committed) == (cost, net)
    await browser.open(PAGE)
    assert f'data-cost="{cost}"' in browser.text
    assert f'data-net="{net}"' in browser.text
    assert (count_of(browser, "landing"), count_of(browser, "paid")) == (1, 1)
    assert "1 more paid without its link" in browser.text
    assert 'data-reason="below_minimum"' in browser.text
    await browser.open(f"{PAGE}.csv")
    figures = {tuple(row[:3]): row[4] for row in rows(browser)}
    assert figures["campaign", "launch", "discount"] == f"{cost // 100}.{cost % 100:02d}"
    assert figures["campaign", "launch", "net_revenue"] == f"{net // 100}.{net % 100:02d}"
    assert figures["campaign", "launch", "used"] == "2"
    assert figures["funnel", "granted", "journeys"] == "1"
    await browser.open("/marketing/funnel")
    paid = sum(order.amount_paid > 0 for order in sold.values())
    assert count_of(browser, "paid", "all") == paid == 3
    await browser.open("/marketing")
    assert f'data-cost="{cost}"' in browser.text


async def test_the_list_never_tells_of_more_who_paid_than_landed(shop: Shop) -> None:
    """Who came by an address that names the campaign opened no link of it: the use is counted, and no landing."""
    browser = await marketer(shop)
    await bought(shop, "/buy?plan=team&group=acme&seats=10&campaign=launch")
    await browser.open("/marketing/campaigns.csv")
    (launch,) = [row for row in rows(browser) if row[0] == "launch"]
    assert launch[5:10] == ["1", "50", "0", "0", "0"]


async def test_still_paying_counts_from_the_thirtieth_day(shop: Shop) -> None:
    browser = await marketer(shop)
    visitor = await shop.known("ann")
    await visitor.open("/c/launch")
    await visitor.open("/buy?plan=team&group=acme&seats=10&campaign=launch")
    await to_payment(visitor)
    await pay(visitor)
    await settled(shop)
    kept = []
    for days in (0, 29, 1, 60):
        shop.clock.advance(timedelta(days=days))
        browser = await shop.known("ann")
        await browser.open(PAGE)
        kept.append((count_of(browser, "still_paying_30"), count_of(browser, "still_paying_90")))
    assert kept == [(0, 0), (0, 0), (1, 0), (1, 1)]


async def test_the_funnel_can_be_narrowed_and_downloaded(shop: Shop) -> None:
    await bought(shop)
    browser = await shop.known("ann")
    for query in ("", "?days=all", "?days=7&deployment=hosted&kind=first_order", "?days=x&deployment=x&kind=x"):
        await browser.open(f"/marketing/funnel{query}")
        assert (browser.status, count_of(browser, "granted", "all")) == (200, 1)
    await browser.open("/marketing/funnel?deployment=self_hosted")
    assert count_of(browser, "plan_chosen", "all") == 0
    await browser.open("/marketing/funnel.csv")
    numbers = {(row[0], row[1], row[3]): int(row[4]) for row in rows(browser)}
    steps = [int(row[4]) for row in rows(browser) if row[:2] == ["entry", "all"] and row[2]]
    assert steps == sorted(steps, reverse=True)
    assert numbers["entry", "all", "paid"] == numbers["kind", "first_order", "paid"] == 1
