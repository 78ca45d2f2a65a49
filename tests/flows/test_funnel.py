"""What the flows tell the funnel: every step once, how it ended, and the same numbers as the orders' own table."""

import random
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

import pytest

from app.events import funnel_counts
from app.events.funnel import Side, Step
from app.events.funnel_counts import Counts, Which
from app.http import AsyncClient
from app.orders.states import PAID, UNPAID, State
from tests.support.campaigns import LAUNCH, publish_text
from tests.support.customers import DECLINES, at, put_card
from tests.support.journeys import (
    ACME,
    CHECKED_CARD,
    DECLINED_CARD,
    GOOD_CARD,
    NEW_YORK,
    OWN_SERVER,
    at_checkout,
    pay,
    pay_and_leave,
    press,
    settled,
    to_payment,
)
from tests.support.shop import Browser, Form, Shop
from tests.support.sources import ROOT
from tests.support.witness import orders

pytestmark = [pytest.mark.engines("sqlite"), pytest.mark.vendors("embedded")]  # tests/events counts on both databases
ALL = Which()
UP_TO_GRANTED = {step: 1 for step in Step if Step.PLAN_CHOSEN.number <= step.number <= Step.GRANTED.number}


async def counts(shop: Shop, which: Which = ALL) -> Counts:
    return await shop.deps.db.read(lambda connection: funnel_counts.count(connection, which))


async def went_back(browser: Browser) -> int:
    """Tell the store, as the browser does by itself, that the link back was followed."""
    return (await browser.send_only(Form(action=f"{browser.url.split('?')[0]}/return", fields={}))).status_code


def steps_of(found: Counts) -> dict[Step, int]:
    return {step: n for step, n in found.steps.items() if n}


@pytest.mark.vendors("embedded", "stripe")
async def test_from_the_plan_page_to_the_product_every_step_counts_once(shop: Shop) -> None:
    browser = shop.browser()
    await browser.open("/plans?seats=3")
    await browser.open("/plans?deployment=self_hosted")  # the same visit
    await browser.open(f"/buy?{'&'.join(f'{k}={v}' for k, v in browser.form('Buy Team').fields.items())}&seats=3")
    await browser.press("Continue as ann")
    await to_payment(browser)
    await pay(browser)
    await settled(shop)
    await browser.open(browser.url)
    assert steps_of(await counts(shop, Which(entry=Step.PLANS_VIEWED))) == {Step.PLANS_VIEWED: 1, **UP_TO_GRANTED}
    assert [await went_back(browser), await went_back(browser)] == [204, 204]
    found = await counts(shop)
    assert steps_of(found) == {**UP_TO_GRANTED, Step.RETURNED: 1}
    assert (found.converted, found.open, found.failures, found.to_pay) == (1, 0, {}, timedelta(0))


async def test_each_part_of_the_checkout_is_a_step(shop: Shop) -> None:
    nobody = shop.browser()
    await nobody.open(ACME)
    assert steps_of(await counts(shop)) == {Step.PLAN_CHOSEN: 1}
    browser = await at_checkout(shop)
    assert (await counts(shop)).steps[Step.CHECKOUT_VIEWED] == 1
    assert (await counts(shop)).steps[Step.DETAILS_VALID] == 0
    await press(browser, **NEW_YORK)  # the tax is told, and the button has to be pressed again
    found = await counts(shop)
    assert (found.steps[Step.DETAILS_VALID], found.steps[Step.CONFIRMED]) == (1, 0)
    assert found.sides[Side.QUOTE_REPRICED] == 0
    await press(browser)
    found = await counts(shop)
    assert (found.steps[Step.CONFIRMED], found.open, found.steps[Step.PAID]) == (1, 1, 0)


async def test_a_stored_card_is_ready_before_the_button(shop: Shop) -> None:
    await at_checkout(shop, OWN_SERVER, "bob")
    found = await counts(shop)
    assert (found.steps[Step.PAYMENT_READY], found.steps[Step.CONFIRMED]) == (1, 0)


async def test_a_refused_card_is_a_failure_until_the_next_try(shop: Shop) -> None:
    await put_card(shop, "globex", DECLINES)
    browser = await at_checkout(shop, OWN_SERVER, "bob")
    await press(browser)
    found = await counts(shop)
    assert (found.failures, found.open) == ({"card_declined": 1}, 0)
    await press(browser, card="new")
    found = await counts(shop)
    assert (found.failures, found.open) == ({}, 1)
    await pay(browser)
    found = await counts(shop)
    assert (found.steps[Step.PAID], found.failures, found.open) == (1, {}, 0)


async def test_what_was_given_up_says_so(shop: Shop) -> None:
    browser = await at_checkout(shop)
    await to_payment(browser)
    (order,) = await orders(shop)
    await browser.open(f"/orders/{order.order_id}")
    await browser.press("Cancel this order")
    found = await counts(shop)
    assert (found.failures, found.open) == ({"cancelled": 1}, 0)


async def test_seats_and_plans_are_journeys_without_an_intent(shop: Shop) -> None:
    browser = await at(shop, "bob", "/buy/seats?group=globex&add=3")
    await browser.open(browser.url)
    seats = Which(kind="add_seats")
    assert (await counts(shop, seats)).steps[Step.DETAILS_VALID] == 1
    assert (await counts(shop, seats)).steps[Step.CONFIRMED] == 0
    await browser.press("and add 3 seats")
    await settled(shop)
    assert steps_of(await counts(shop, seats)) == UP_TO_GRANTED
    assert steps_of(await counts(shop, Which(kind="plan_change"))) == {}


async def test_an_old_quote_is_told_beside_the_way(shop: Shop) -> None:
    browser = await at_checkout(shop, OWN_SERVER, "bob")
    shop.clock.advance(timedelta(hours=1))
    await press(browser)
    found = await counts(shop)
    assert (found.sides[Side.QUOTE_REPRICED], found.steps[Step.CONFIRMED]) == (1, 0)


async def test_asking_sales_counts_with_the_cart_or_the_visit(shop: Shop) -> None:
    typed = {"name": "Ann", "email": "ann@acme.example", "consent": "yes"}
    browser = shop.browser()
    await browser.open("/plans")
    await browser.open("/sales")
    await browser.press("Send", **typed)
    buyer = await at_checkout(shop)
    await buyer.open(f"/sales?next=/checkouts/{buyer.url.rsplit('/', 1)[1]}")
    await buyer.press("Send", **typed)
    assert (await counts(shop)).sides[Side.SALES_CHOSEN] == 2


@pytest.mark.parametrize(
    "headers",
    [
        {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
        {"User-Agent": "Slackbot-LinkExpanding 1.0"},
        {"User-Agent": "Mozilla/5.0", "Sec-Purpose": "prefetch;prerender"},
        {"User-Agent": ""},
    ],
)
async def test_machines_are_no_visitors(shop: Shop, headers: Mapping[str, str]) -> None:
    async with AsyncClient(transport=shop.network, headers=headers) as client:
        assert (await client.get(f"{shop.deps.config.base_url}/plans")).status_code == 200
    assert (await shop.deps.db.read(lambda c: funnel_counts.entries(c, ALL))) == {
        Step.LANDING: 0,
        Step.PLANS_VIEWED: 0,
        Step.PLAN_CHOSEN: 0,
    }


async def test_campaigns_that_are_none_make_no_visits_of_their_own(shop: Shop) -> None:
    browser = shop.browser()
    for number in range(3):
        await browser.open(f"/plans?campaign=invented-{number}")
    assert (await shop.deps.db.read(lambda c: funnel_counts.entries(c, ALL)))[Step.PLANS_VIEWED] == 1


async def test_a_link_counts_those_who_open_it(shop: Shop) -> None:
    await publish_text(shop, LAUNCH)
    browser = shop.browser()
    for _ in range(2):
        await browser.open("/c/launch")
    await shop.browser().open("/c/launch")
    async with AsyncClient(transport=shop.network, headers={"User-Agent": "Mimecast link scan"}) as machine:
        assert (await machine.get(f"{shop.deps.config.base_url}/c/launch")).status_code == 303
    landed = Which(entry=Step.LANDING, campaign="launch")
    assert (await counts(shop, landed)).steps[Step.LANDING] == 2
    await browser.open(f"{OWN_SERVER}&campaign=launch")
    await browser.press("Continue as ann")
    found = await counts(shop, landed)
    assert (found.steps[Step.LANDING], found.steps[Step.CHECKOUT_VIEWED]) == (2, 1)
    assert found.sides[Side.PROMO_APPLIED] == 1


async def test_a_link_to_more_seats_goes_on_to_the_order(shop: Shop) -> None:
    await publish_text(shop, (ROOT / "data" / "campaigns.toml").read_text(encoding="utf-8"))
    browser = await shop.known("bob")
    await browser.open("/c/grow-50")  # one seat is proposed, and the offer begins at three
    await browser.open("/buy/seats?group=globex&add=3")
    await browser.press("and add 3 seats")
    await settled(shop)
    found = await counts(shop, Which(entry=Step.LANDING, campaign="grow-50"))
    assert (found.steps[Step.LANDING], found.steps[Step.PLANS_VIEWED], found.steps[Step.GRANTED]) == (1, 1, 1)
    assert (found.sides[Side.PROMO_APPLIED], found.sides[Side.PROMO_REJECTED]) == (1, 1)


@pytest.mark.vendors("embedded", "stripe")
async def test_random_journeys_never_grow_and_agree_with_the_orders(shop: Shop) -> None:
    await publish_text(shop, LAUNCH)
    draw = random.Random(2027)  # noqa: S311 a journey is no secret
    for number in range(24):
        await _wander(shop, draw, number)
        if draw.random() < 0.3:
            await settled(shop)
    await settled(shop)
    for which in _sets():
        _check_monotone(await counts(shop, which))
    found, sold = await counts(shop), await orders(shop)
    newest = {order.intent_id or order.order_id: order for order in sorted(sold, key=lambda order: order.created_at)}
    states = [order.state for order in newest.values()]
    assert found.steps[Step.CONFIRMED] == len(states)
    assert found.steps[Step.PAID] == sum(state in (*PAID, State.REFUNDED) for state in states)
    assert found.steps[Step.GRANTED] == sum(state is State.GRANTED for state in states)
    assert found.open == sum(state in UNPAID for state in states)
    reasons = Counter(_reason(order.state, order.decline) for order in newest.values())
    assert found.failures == {reason: n for reason, n in reasons.items() if reason}
    assert sum(found.failures.values()) == found.steps[Step.CONFIRMED] - found.steps[Step.PAID] - found.open
    assert min(found.steps[Step.PAID], sum(found.failures.values()), found.open) > 0, "the draw met too little"


async def _wander(shop: Shop, draw: random.Random, number: int) -> None:
    """One buyer: some entry, some way on, and it may end anywhere."""
    browser = await shop.known(draw.choice(("ann", "bob", "dan")))
    entry = draw.choice(("link", "plans", "deep"))
    if entry == "link":
        await browser.open("/c/launch")
    if entry == "plans":
        await browser.open("/plans")
    if draw.random() < 0.2:
        return
    packs = draw.random() < 0.2
    origin = "&from=plans" if entry == "plans" else ""
    path = f"{OWN_SERVER}{origin}"
    await browser.open("/buy/packs?addon=compute-1000&group=globex" if packs else path)
    if draw.random() < 0.2 or "/checkouts/" not in browser.url:
        return
    button = "Pay " if packs else "and subscribe"
    for _ in range(draw.choice((1, 2, 2, 2))):
        if _has(browser, button):
            await browser.press(button, **NEW_YORK | {"email": f"b{number}@acme.example"})
    if not _has(browser, "Pay ") or "/checkouts/" in browser.url:
        return
    match draw.choice(("pay", "pay", "leave", "decline", "cancel", "challenge", "nothing")):
        case "pay":
            await pay(browser, GOOD_CARD)
        case "leave":
            await pay_and_leave(browser)
        case "decline":
            await pay(browser, DECLINED_CARD)
        case "challenge":
            await pay(browser, CHECKED_CARD)
        case "cancel":
            order = (await orders(shop))[-1]
            await browser.open(f"/orders/{order.order_id}")
            if _has(browser, "Cancel this order"):
                await browser.press("Cancel this order")


def _has(browser: Browser, button: str) -> bool:
    try:
        browser.form(button)
    except LookupError:
        return False
    return True


def _sets() -> list[Which]:
    found = [Which(entry=entry) for entry in tuple(Step)[:3]]
    found += [Which(entry=entry, campaign="launch") for entry in tuple(Step)[:3]]
    found += [Which(deployment=deployment) for deployment in ("hosted", "self_hosted")]
    return [*found, *(Which(kind=kind) for kind in ("first_order", "packs", "add_seats")), ALL]


def _check_monotone(found: Counts) -> None:
    numbers = list(found.steps.values())
    assert numbers == sorted(numbers, reverse=True)
    assert sum(found.failures.values()) + found.open == found.steps[Step.CONFIRMED] - found.steps[Step.PAID]
    assert found.converted <= found.steps[Step.PAID]


def _reason(state: State, decline: str) -> str:
    ends = {State.FAILED: "card_declined", State.EXPIRED: "timed_out", State.CANCELLED: "cancelled"}
    return (f"card_{decline}" if decline else ends[state]) if state in ends else ""
