"""What is remembered of the groups that people own: for a minute, for a bounded number of people, for lists alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete
from starlette.responses import JSONResponse

from app.demo.store.schema import members
from app.flows.owned_groups import KEPT_FOR, MOST_PEOPLE, OwnedGroups
from tests.support.customers import at, join, person, subscription_of
from tests.support.shop import Shop

pytestmark = [pytest.mark.engines("sqlite"), pytest.mark.vendors("embedded")]

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


async def test_a_product_that_refuses_to_tell_is_no_fault_of_ours(shop: Shop) -> None:
    found, browser = await subscription_of(shop, "globex"), await shop.signed_in("dan")
    refused = JSONResponse({"error": "no_such_person", "detail": "No."}, status_code=404)
    shop.network.put(shop.deps.config.demo_port, refused)
    for path in (f"/subscriptions/{found.subscription_id}", "/groups/globex/usage", "/buy/seats?group=globex"):
        await browser.open(path)
        assert (browser.status, "E-PRODUCT" in browser.text) == (503, True), path
    await browser.open("/packs?group=globex")
    assert browser.status == 200


async def test_it_is_remembered_for_a_minute_and_the_oldest_gives_way(shop: Shop) -> None:
    bob = await person(shop, "bob@globex.example")
    kept = OwnedGroups()
    assert kept.known(bob, NOW) is None
    kept.keep(bob, {"globex": "Globex"}, NOW)
    assert kept.known(bob, NOW + KEPT_FOR - timedelta(seconds=1)) == {"globex": "Globex"}
    assert kept.known(bob, NOW + KEPT_FOR) is None
    assert kept.known(bob, NOW - timedelta(seconds=1)) is None
    for number in range(MOST_PEOPLE):
        kept.keep(replace(bob, subject=f"usr_{number}"), {}, NOW)
    assert kept.known(bob, NOW) is None
    assert kept.known(replace(bob, subject="usr_0"), NOW) == {}


async def test_who_owns_a_group_no_more_opens_nothing_though_the_list_remembers(shop: Shop) -> None:
    await join(shop, "globex", "dan", "owner")
    browser = await at(shop, "dan", "/subscriptions")
    assert "Team for Globex" in browser.text
    away = delete(members).where(members.c.group_id == "globex", members.c.sub == "usr_dan")
    await shop.product.world.db.write(lambda connection: connection.execute(away).rowcount)
    found = await subscription_of(shop, "globex")
    await browser.open(f"/subscriptions/{found.subscription_id}")
    assert browser.status == 404
    await browser.open("/buy/seats?promo=GROW50")
    assert (browser.status, browser.url.rsplit("/", 1)[1]) == (200, "subscriptions")
    shop.clock.advance(KEPT_FOR)
    await browser.open("/subscriptions")
    assert "Globex" not in browser.text


async def test_a_group_that_is_paid_for_and_not_owned_has_its_name_too(shop: Shop) -> None:
    away = delete(members).where(members.c.group_id == "globex", members.c.sub == "usr_bob")
    await shop.product.world.db.write(lambda connection: connection.execute(away).rowcount)
    browser = await at(shop, "bob", "/subscriptions")
    assert "Team for Globex" in browser.text
