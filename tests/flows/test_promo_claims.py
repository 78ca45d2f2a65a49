"""What is claimed, and what becomes of it: one use for one sale, whoever is fast, slow, declined or late."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import Connection, select

from app.db.schema.promotions import promo_discounts
from app.flows.order_steps import advance
from app.orders import store
from app.orders.states import Action
from app.promotions.publish import pause
from app.worker import sweep
from tests.support.campaigns import actions, alarms, claimed, in_spring, states, type_code, uses
from tests.support.journeys import (
    ACME,
    DECLINED_CARD,
    NEW_YORK,
    OWN_SERVER,
    at_checkout,
    bought,
    pay,
    pay_and_leave,
    press,
    problems,
    settled,
    to_payment,
    total,
)
from tests.support.shop import Browser, Shop
from tests.support.witness import only_order, orders, vendor_fails

pytestmark = pytest.mark.vendors("embedded", "stripe")  # a vendor without discounts sells at list price
LAUNCH = f"{ACME}&promo=LAUNCH20"
ZEN = "/buy?plan=team&group=zen&seats=14&promo=LAUNCH20"
DANS = f"{OWN_SERVER}&promo=LAUNCH20"
ONE_LEFT = ("redemptions = 500", "redemptions = 1")
MANY_EACH = ("per_identity = 1 }\nlanding = { plan", "per_identity = 9 }\nlanding = { plan")


async def paying(shop: Shop, link: str = LAUNCH, who: str = "ann", **typed: str) -> Browser:
    browser = await at_checkout(shop, link, who)
    await to_payment(browser, **typed)
    return browser


async def what_happened(shop: Shop) -> list[str]:
    """What the ledger says, but for pages that stay open longer than was thought."""
    return [each for each in await actions(shop) if each != "extend"]


async def test_it_is_claimed_when_the_order_is_confirmed_and_not_before(shop: Shop) -> None:
    await in_spring(shop)
    browser = await at_checkout(shop, LAUNCH)
    await press(browser, **NEW_YORK)
    assert await uses(shop) == (0, 0, 0)
    await press(browser)
    assert await uses(shop) == (1, 0, 0)
    await pay(browser)
    assert await uses(shop) == (0, 1, 0)


async def test_two_tabs_are_one_use(shop: Shop) -> None:
    await in_spring(shop)
    browser = await at_checkout(shop, LAUNCH)
    await press(browser, **NEW_YORK)
    first, other = browser.form("and subscribe"), await shop.known("ann")
    await other.open(browser.url)
    await other.send(other.form("and subscribe"), terms="yes")
    await browser.send(first, terms="yes")
    assert (len(await orders(shop)), await states(shop)) == (1, ["reserved"])


async def test_another_checkout_of_the_same_person_takes_over(shop: Shop) -> None:
    """Whoever leaves a payment page and begins anew is not told that their code was used."""
    await in_spring(shop)
    await paying(shop)
    browser = await at_checkout(shop, ZEN)
    assert "LAUNCH20 applies" in browser.text
    await press(browser, **NEW_YORK)
    if "/checkouts/" in browser.url:  # the account had no address yet
        await press(browser)
    assert sorted(await states(shop)) == ["released", "reserved"]
    assert "release superseded" in await actions(shop)


async def test_who_is_too_late_sees_why_and_the_price_without_it(shop: Shop) -> None:
    await in_spring(shop, ONE_LEFT, MANY_EACH)
    late = await at_checkout(shop, LAUNCH)
    await press(late, **NEW_YORK)
    await paying(shop, DANS, "dan")
    await press(late)
    assert problems(late) == ["E-PRICE"]
    assert ("This offer is used up." in late.text, total(late)) == (True, 378_885)
    assert len(await shop.books("checkouts")) == 1
    await press(late)
    assert late.url.startswith(shop.deps.config.vendor_url)


async def test_of_two_who_press_at_once_one_has_the_last_use(shop: Shop) -> None:
    await in_spring(shop, ONE_LEFT, MANY_EACH)
    both = [await at_checkout(shop, LAUNCH), await at_checkout(shop, DANS, "dan")]
    for browser in both:
        await press(browser, **NEW_YORK)
    await asyncio.gather(*(press(browser) for browser in both))
    (loser,) = [browser for browser in both if "/checkouts/" in browser.url]
    assert problems(loser)[0] in ("E-PROMO-OUT", "E-PRICE")
    assert (total(loser), "This offer is used up." in loser.text) == (378_885, True)
    assert (await states(shop), await uses(shop)) == (["reserved"], (1, 0, 0))


@pytest.mark.engines("sqlite")
async def test_a_pause_stops_who_has_not_confirmed(shop: Shop) -> None:
    await in_spring(shop)
    browser = await at_checkout(shop, LAUNCH)
    await press(browser, **NEW_YORK)
    await shop.deps.db.write(lambda connection: pause(connection, "spring-launch"))
    await press(browser)
    assert problems(browser) == ["E-PRICE"]
    assert ("This offer is paused." in browser.text, total(browser)) == (True, 378_885)


@pytest.mark.engines("sqlite")
async def test_the_last_use_is_held_for_who_applied_it(shop: Shop) -> None:
    await in_spring(shop, ONE_LEFT)
    first = await at_checkout(shop)
    await type_code(first, "LAUNCH20")
    assert await states(shop) == ["held"]
    second = await at_checkout(shop, OWN_SERVER, "dan")
    await type_code(second, "LAUNCH20")
    assert problems(second) == ["E-PROMO-OUT"]
    shop.clock.advance(timedelta(minutes=10, seconds=1))
    await sweep(shop.deps)
    await type_code(second, "LAUNCH20")
    assert "LAUNCH20 applies" in second.text
    assert await states(shop) == ["released", "held"]
    await second.press("×")
    assert await actions(shop) == ["hold", "release expired", "hold", "release code_removed"]


@pytest.mark.engines("sqlite")
async def test_a_refused_card_keeps_it_while_the_page_is_open(shop: Shop) -> None:
    await in_spring(shop)
    browser = await paying(shop)
    await pay(browser, DECLINED_CARD)
    await settled(shop)
    assert await states(shop) == ["reserved"]
    if "/checkouts/" in browser.url:
        await press(browser)
    await pay(browser)
    await settled(shop)
    assert await states(shop) == ["committed"]


@pytest.mark.engines("sqlite")
async def test_it_is_released_once_the_vendor_says_that_the_page_is_dead(shop: Shop) -> None:
    await in_spring(shop)
    await paying(shop)
    await vendor_fails(shop, "get_checkout", "find_checkouts", "expire_checkout")
    shop.clock.advance(timedelta(hours=25))
    await settled(shop)
    await sweep(shop.deps)
    assert await states(shop) == ["reserved"]  # nobody knows yet whether it was paid
    await shop.world.clear_faults()
    await settled(shop)
    assert await states(shop) == ["released"]
    assert await what_happened(shop) == ["reserve", "release expired"]


@pytest.mark.engines("sqlite")
async def test_a_cancelled_order_gives_it_back(shop: Shop) -> None:
    await in_spring(shop)
    browser = await paying(shop)
    order = await only_order(shop)
    await browser.open(f"/orders/{order.order_id}")
    await browser.press("Cancel")
    assert await what_happened(shop) == ["reserve", "release abandoned"]


async def test_a_payment_that_comes_too_late_is_honoured_with_an_alarm(shop: Shop) -> None:
    """Paid, while the store was told that the page is dead; meanwhile the last use went to somebody else."""
    await in_spring(shop, ONE_LEFT, MANY_EACH)
    late = await paying(shop)
    order = await only_order(shop)
    await pay_and_leave(late)
    await shop.deps.db.write(lambda connection: expire(connection, shop, order.order_id))
    await bought(shop, DANS, "dan")
    await settled(shop)
    assert await states(shop) == ["committed", "committed"]
    assert await uses(shop) == (0, 1, 1)
    assert await alarms(shop) == ["alarm.overdraft"]
    assert {each.total for each in await orders(shop)} == {303_108}


def expire(connection: Connection, shop: Shop, order_id: str) -> None:
    order = store.lock_order(connection, order_id)
    assert order is not None
    advance(connection, shop.deps, order, Action.EXPIRE, now=shop.clock.wall())


@pytest.mark.engines("sqlite")
async def test_a_full_refund_gives_the_use_back_and_a_part_does_not(shop: Shop) -> None:
    await in_spring(shop)
    await bought(shop, LAUNCH)
    order = await only_order(shop)
    await shop.world.refund(order.charge_ref or "", 100)
    await settled(shop)
    assert await states(shop) == ["committed"]
    await shop.world.refund(order.charge_ref or "", order.amount_paid - 100)
    await settled(shop)
    assert await states(shop) == ["reversed"]
    assert (await uses(shop), (await only_order(shop)).state.value) == ((0, 0, 0), "refunded")


@pytest.mark.engines("sqlite")
async def test_old_discounts_are_taken_back(shop: Shop) -> None:
    await in_spring(shop)
    await at_checkout(shop, LAUNCH)
    shop.clock.advance(timedelta(days=4))
    await sweep(shop.deps)
    query = select(promo_discounts.c.revoked_at)
    revoked = await shop.deps.db.read(lambda connection: connection.execute(query).scalars().all())
    assert len(revoked) == 1
    assert revoked[0] is not None
    assert await claimed(shop) == []
