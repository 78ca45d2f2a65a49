"""The history: store orders and vendor invoices as one list, with who did what, as a page and as CSV."""

import csv
import io

from sqlalchemy import Connection

from app.identity.claims import Claims
from app.identity.people import find_by_verified_email, upsert_person
from app.vendor_adapters.world import Fault, PlannedFault
from tests.support.journeys import settled
from tests.support.shop import Browser, Shop


async def with_orders(shop: Shop, count: int) -> Browser:
    browser = await shop.signed_in("bob")
    for _ in range(count):
        await browser.open("/buy/packs?addon=compute-1000&group=globex")
        await browser.press("Pay ")
    await settled(shop)
    return browser


def rename_bob(connection: Connection, shop: Shop, name: str) -> None:
    issuer, email = shop.deps.config.oidc.issuer, "bob@globex.example"
    (bob,) = find_by_verified_email(connection, issuer, email)
    claims = Claims(issuer=issuer, subject=bob.subject, username="bob", name=name, email=email, email_verified=True)
    upsert_person(connection, claims, shop.clock.wall())


async def test_orders_and_invoices_stand_in_one_list(shop: Shop) -> None:
    browser = await with_orders(shop, 1)
    await browser.open("/history")
    assert "1,000 compute minutes for Globex" in browser.text
    assert "Bob Baker" in browser.text
    assert "automatic" in browser.text  # the seeded term, which no order of ours made
    await browser.open("/history?kind=orders")
    assert "3,788.85" not in browser.text
    await browser.open("/history?kind=invoices")
    assert "Bob Baker" not in browser.text


async def test_pages_show_each_entry_once(shop: Shop) -> None:
    browser = await with_orders(shop, 12)
    await browser.open("/history")
    seen = []
    while True:
        seen += [part.partition("</tr>")[0] for part in browser.text.split("<tr>")[2:]]
        if ">Older<" not in browser.text:
            break
        await browser.open(browser.text.partition('">Older<')[0].rpartition('href="')[2])
    assert len(seen) == len(set(seen)) == 25  # 12 orders, their invoices, and the seeded one


async def test_csv_has_all_of_it_and_runs_nothing(shop: Shop) -> None:
    browser = await with_orders(shop, 11)
    await shop.deps.db.write(lambda connection: rename_bob(connection, shop, "=1+1"))
    await browser.open("/history")
    await browser.open(browser.text.partition('">Download as CSV')[0].rpartition('href="')[2])
    assert browser.page is not None
    assert browser.page.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(browser.page.text)))
    assert len(rows) == 23
    assert {row["amount"] for row in rows} == {"10.89", "3788.85"}
    assert {row["who"] for row in rows if row["kind"] == "order"} == {"'=1+1"}


async def test_without_the_vendor_the_orders_stand_and_half_a_csv_is_refused(shop: Shop) -> None:
    browser = await with_orders(shop, 1)
    await shop.vendor_world.set_faults([PlannedFault(op="any", fault=Fault.DOWN, times=0)])
    await browser.open("/history")
    assert browser.status == 200
    assert "1,000 compute minutes for Globex" in browser.text
    assert "We cannot show invoices right now." in browser.text
