"""Several people, or one with several wishes, for one group: one of them gets it, nobody pays for nothing."""

import asyncio
from datetime import timedelta

import pytest

from app.db.schema.orders import live_orders
from app.demo.seed import SeedGroup
from app.vendor_adapters.types import IdempotencyKey, RenewalDecision, SubscriptionRef
from app.vendor_adapters.world import Fault
from tests.support.customers import given_up
from tests.support.journeys import (
    ACME,
    NEW_YORK,
    at_checkout,
    bought,
    order_form,
    order_id,
    pay,
    pay_and_leave,
    press,
    problems,
    settled,
    to_payment,
    total,
)
from tests.support.shop import Browser, Shop
from tests.support.witness import (
    count,
    grants,
    group,
    history,
    later,
    mails,
    more_groups,
    orders,
    sold_once,
    vendor_fails,
)

pytestmark = pytest.mark.vendors("embedded", "stripe")

sqlite = pytest.mark.engines("sqlite")


@pytest.fixture
async def owners(shop: Shop) -> Shop:
    """The shop with a group that ann and dan own."""
    await shop.product.seed((), [SeedGroup(id="acme", name="Acme", owners=("ann", "dan"), members=7)])
    return shop


async def paying(shop: Shop, who: str, seats: int = 10) -> Browser:
    """Return the browser of somebody who stands on the vendor's page, about to pay for the group."""
    browser = await at_checkout(shop, f"/buy?plan=team&group=acme&seats={seats}", who)
    await to_payment(browser, email=f"{who}@acme.example")
    return browser


async def test_a_second_owner_closes_the_unpaid_page_of_the_first(owners: Shop) -> None:
    ann, dan = await paying(owners, "ann"), await paying(owners, "dan")
    await pay(dan)
    await ann.open(ann.url)
    with pytest.raises(LookupError, match="no button"):
        ann.form("Pay ")
    await settled(owners)
    sold = await sold_once(owners)
    assert sold.email == "dan@acme.example"


@sqlite
async def test_the_first_reads_that_the_order_was_cancelled_and_that_nothing_was_charged(owners: Shop) -> None:
    ann = await at_checkout(owners)
    checkout = ann.url
    await to_payment(ann)
    await paying(owners, "dan")
    (hers, _) = await orders(owners)
    await ann.open(f"/orders/{hers.order_id}")
    assert "This order was cancelled" in ann.text
    assert "You have not been charged" in ann.text
    await ann.open(checkout)
    assert ann.status == 200
    assert total(ann) == 378_885


@sqlite
async def test_who_presses_after_the_other_has_paid_is_told_of_the_plan(owners: Shop) -> None:
    dan = await at_checkout(owners, ACME, "dan")
    await press(dan, **NEW_YORK)
    await pay(await paying(owners, "ann"))
    await press(dan)
    assert (dan.status, problems(dan)) == (422, ["E-HASPLAN"])
    assert "'Acme' already has Team until 23 November 2027" in dan.text
    await settled(owners)
    await sold_once(owners)


@sqlite
async def test_a_page_that_cannot_be_closed_just_now_is_not_opened_a_second_time(owners: Shop) -> None:
    dan = await at_checkout(owners, ACME, "dan")
    await press(dan, **NEW_YORK)
    ann = await paying(owners, "ann")
    for fault in (Fault.RATE_LIMIT, Fault.TIMEOUT_BEFORE, Fault.ERROR_500, Fault.DOWN):
        await vendor_fails(owners, "expire_checkout", fault=fault, times=1)
        await press(dan)
        assert (dan.status, problems(dan)) == (503, ["E-BUSY"]), fault
    assert len(await owners.books("checkouts")) == 1
    await vendor_fails(owners, "expire_checkout", fault=Fault.TIMEOUT_AFTER, times=1)
    await press(dan)
    assert problems(dan) == ["E-BUSY"]
    await press(dan)  # it was closed after all
    await pay(dan)
    await ann.open(ann.url)
    with pytest.raises(LookupError, match="no button"):
        ann.form("Pay ")
    await settled(owners)
    await sold_once(owners)


@sqlite
async def test_the_other_may_have_paid_without_our_knowing(owners: Shop) -> None:
    """Nobody has told the store; closing the other's page finds out."""
    dan = await at_checkout(owners, ACME, "dan")
    await press(dan, **NEW_YORK)
    ann = await paying(owners, "ann")
    await pay_and_leave(ann)
    await press(dan)
    assert (dan.status, problems(dan)) == (422, ["E-HASPLAN"])
    await settled(owners)
    await sold_once(owners)


async def test_two_owners_at_the_same_moment_have_one_page_between_them(owners: Shop) -> None:
    browsers = [await at_checkout(owners, ACME, who) for who in ("ann", "dan")]
    for browser in browsers:
        await press(browser, **NEW_YORK)
    await asyncio.gather(*(press(browser) for browser in browsers))
    pages = await owners.books("checkouts")
    unpaid = [str(row["id"]) for row in pages if row["state"] == "open"]
    assert len(unpaid) <= 1
    assert await count(owners, live_orders) <= 1
    assert {row["order"] for row in pages} <= {each.order_id for each in await orders(owners)}
    assert {browser.status for browser in browsers} <= {200, 503}
    here = [browser for browser in browsers if unpaid and browser.url.endswith(unpaid[0])]
    if not here:  # each closed the other's: one of them presses again
        await browsers[0].open(ACME)
        await press(browsers[0])
    await pay((here or browsers)[0])
    await settled(owners)
    await sold_once(owners)


async def test_the_later_of_two_payments_goes_back_and_its_subscription_ends(owners: Shop) -> None:
    """Two pages can only both be paid when one order was given up here and its page stayed open at the vendor."""
    ann = await paying(owners, "ann")
    (hers,) = await orders(owners)
    await given_up(owners, hers.order_id)
    dan = await paying(owners, "dan", seats=20)
    await asyncio.gather(pay(ann), pay(dan))
    await settled(owners)
    states = {each.state.value for each in await orders(owners)}
    assert states == {"granted", "refunded"}
    kept, back = sorted(await orders(owners), key=lambda each: each.state.value)
    charges = {row["order"]: row for row in await owners.books("charges")}
    assert charges[back.order_id]["amount_refunded"] == back.amount_paid == back.total
    assert charges[kept.order_id]["amount_refunded"] == 0
    subscriptions = {row["order"]: row["status"] for row in await owners.books("subscriptions")}
    assert subscriptions == {kept.order_id: "active", back.order_id: "cancelled"}
    assert (await group(owners))["seats"] == kept.seats
    assert [row["order"] for row in await grants(owners)] == [kept.order_id]
    assert [mail["order"] for mail in await mails(owners, "receipt")] == [kept.order_id]
    assert (await history(owners, back.order_id))[-2:] == ["paid", "refunded"]
    (told,) = await mails(owners, "paid_back")
    assert (told["order"], told["to"]) == (back.order_id, back.email)
    await settled(owners)
    assert len(await owners.books("refunds")) == 1


@sqlite
async def test_the_buyer_whose_payment_went_back_reads_so(owners: Shop) -> None:
    ann = await paying(owners, "ann")
    (hers,) = await orders(owners)
    await given_up(owners, hers.order_id)
    dan = await paying(owners, "dan")
    await pay(dan)
    await pay(ann)
    assert order_id(ann) == hers.order_id
    await settled(owners)
    await ann.open(ann.url)
    assert "This order was paid back" in ann.text
    assert "3,788.85 USD was returned to your card" in ann.text


@sqlite
async def test_changed_terms_in_a_second_tab_replace_the_first(shop: Shop) -> None:
    browser = await at_checkout(shop)
    checkout = browser.url
    await to_payment(browser)
    first = browser.url
    await browser.open(checkout)
    await browser.press("Update the total", seats="12", terms="yes")
    await press(browser)
    assert total(browser) == 454_662
    await pay(browser)
    await browser.open(first)
    with pytest.raises(LookupError, match="no button"):
        browser.form("Pay ")
    await settled(shop)
    await sold_once(shop, total=454_662)


@sqlite
async def test_another_group_in_a_second_tab_replaces_the_order_for_the_first(shop: Shop) -> None:
    browser = await at_checkout(shop, "/buy?plan=team&seats=10")
    checkout = browser.url
    await press(browser, group="acme", **NEW_YORK)
    await press(browser)
    await browser.open(checkout)
    await press(browser, group="zen")
    await pay(browser)
    await settled(shop)
    await sold_once(shop, group_id="zen")
    assert await grants(shop, "acme") == []


@sqlite
async def test_a_first_tab_with_other_seats_after_paying_in_the_second_charges_nothing(shop: Shop) -> None:
    browser = await at_checkout(shop)
    await press(browser, **NEW_YORK)
    other = order_form(browser)
    await browser.open(browser.url)
    await press(browser)
    await pay(browser)
    paid = order_id(browser)
    await browser.send(other, seats="11")
    assert order_id(browser) == paid
    await settled(shop)
    await sold_once(shop)


@sqlite
async def test_an_ended_subscription_that_is_still_linked_does_not_stop_a_new_order(shop: Shop) -> None:
    browser = await bought(shop)
    (sold,) = await shop.books("subscriptions")
    ref, key = SubscriptionRef(str(sold["id"])), IdempotencyKey("somebody ended it at the vendor")
    await shop.deps.vendor.set_renewal(ref, decision=RenewalDecision.END, key=key)
    later(shop, days=366)
    await settled(shop)
    assert (await group(shop))["plan"] == "free"
    browser = await at_checkout(shop)
    assert problems(browser) == []
    await press(browser)
    await settled(shop)
    assert [each.state.value for each in await orders(shop)] == ["granted", "granted"]
    assert (await group(shop))["plan"] == "team"


@sqlite
async def test_a_group_whose_plan_ended_at_the_product_can_be_bought_for(shop: Shop) -> None:
    now = shop.clock.now()
    starts_at, ends_at = now - timedelta(days=366), now - timedelta(days=1)
    ended = SeedGroup(id="old", owners=("ann",), plan="team", seats=5, starts_at=starts_at, ends_at=ends_at)
    await shop.product.seed((), [ended])
    browser = await at_checkout(shop, "/buy?plan=team&group=old&seats=10")
    assert problems(browser) == []
    await to_payment(browser)
    await pay(browser)
    await settled(shop)
    await sold_once(shop, group_id="old")


@sqlite
async def test_one_person_buys_for_two_groups_side_by_side(shop: Shop) -> None:
    await more_groups(shop, "red")
    first, second = await at_checkout(shop), await at_checkout(shop, "/buy?plan=team&group=red&seats=10")
    for browser in (first, second):
        await to_payment(browser)
    for browser in (first, second):
        await pay(browser)
    await settled(shop)
    assert [each.state.value for each in await orders(shop)] == ["granted", "granted"]
    assert len({row["customer"] for row in await shop.books("charges")}) == 1
