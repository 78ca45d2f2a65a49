"""More seats: the worked sums, charged to the cent and handed out, and every way that it does not happen."""

import random
import re
from datetime import UTC, datetime, timedelta

import pytest

from app.core.clock import FrozenClock
from app.core.ids import new_id
from app.flows.add_seats import add_seats, read_seat_page
from app.flows.change_order import Press
from app.vendor_adapters.world import Fault
from tests.support.customers import (
    CHALLENGES,
    DECLINES,
    SILENT,
    at,
    crowd,
    go_wrong,
    person,
    put_card,
    seats_of,
    subscription_of,
)
from tests.support.journeys import at_checkout, pay, settled, to_payment
from tests.support.shop import Shop

# test_subscriptions.py takes the same way on both databases
pytestmark = [
    pytest.mark.engines("sqlite"),
    pytest.mark.vendors("embedded", "stripe"),
]

THREE = "/buy/seats?group=globex&add=3"


@pytest.fixture
def clock(request: pytest.FixtureRequest) -> FrozenClock:
    """The standing clock; a test may name another instant."""
    return FrozenClock(getattr(request, "param", datetime(2026, 11, 23, 12, tzinfo=UTC)))


@pytest.mark.vendors("embedded", "stripe")
async def test_three_seats_with_new_york_tax_are_305_dollars_18(shop: Shop) -> None:
    browser = await at(shop, "bob", THREE)
    assert 'data-total="30518"' in browser.text
    assert "<dt>3 more seats until 1 March 2027 (98 days)</dt><dd>280.30</dd>" in browser.text
    assert "From 1 March 2027 you pay 4,524.00 USD a year" in browser.text
    assert "934.36" in browser.text
    assert "1,214.66" in browser.text
    await browser.press("Pay 305.18 USD and add 3 seats")
    await settled(shop)
    await browser.open(browser.url)
    assert "You have Team for 13 people in Globex" in browser.text
    (charge,) = await shop.books("charges")
    assert charge["amount"] == 30_518
    assert await seats_of(shop, "globex") == (13, 13)
    (receipt,) = [mail for mail in await shop.world.mails() if mail["kind"] == "receipt"]
    assert "305.18 USD" in receipt["text"]


@pytest.mark.vendors("embedded", "stripe")
@pytest.mark.parametrize(
    ("clock", "net", "days"),
    [
        (datetime(2026, 3, 1, 9, tzinfo=UTC), "1,044.00", 365),
        (datetime(2027, 2, 28, 23, tzinfo=UTC), "2.86", 1),
    ],
    indirect=["clock"],
    ids=["V3b", "V3c"],
)
async def test_the_first_day_costs_a_year_and_the_last_a_day(shop: Shop, net: str, days: int) -> None:
    browser = await at(shop, "bob", THREE)
    assert f"({days} day{'s' if days > 1 else ''})</dt><dd>{net}</dd>" in browser.text


@pytest.mark.vendors("embedded", "stripe")
@pytest.mark.parametrize("clock", [datetime(2026, 11, 23, 14, 32, tzinfo=UTC)], indirect=True)
async def test_seats_on_the_day_of_the_purchase_cost_a_whole_year(shop: Shop, clock: FrozenClock) -> None:
    await pay_first_order(shop)
    clock.advance(timedelta(hours=3, minutes=28))
    browser = await at(shop, "ann", "/buy/seats?group=acme&add=2")
    assert "<dd>696.00</dd>" in browser.text
    assert "4,176.00" in browser.text
    await browser.press("and add 2 seats")
    await settled(shop)
    assert [charge["amount"] for charge in await shop.books("charges")][-1] == 69_600 + 6_177
    assert await seats_of(shop, "acme") == (12, 12)


async def test_the_same_press_twice_is_one_order(shop: Shop) -> None:
    browser = await at(shop, "bob", THREE)
    form = browser.form("and add 3 seats")
    await browser.send(form)
    await browser.send(form)
    await settled(shop)
    assert [charge["amount"] for charge in await shop.books("charges")] == [30_518]
    assert await seats_of(shop, "globex") == (13, 13)


async def test_a_number_typed_over_shows_its_price_and_charges_nothing(shop: Shop) -> None:
    browser = await at(shop, "bob", "/buy/seats?group=globex")
    await browser.press("and add 1 seat", add="3")
    assert browser.status == 422
    assert "E-PRICE" in browser.text
    assert 'data-total="30518"' in browser.text
    assert await shop.books("charges") == []
    await browser.press("Pay 305.18 USD and add 3 seats")
    await settled(shop)
    assert await seats_of(shop, "globex") == (13, 13)


async def test_the_second_of_two_managers_is_told(shop: Shop) -> None:
    first, second = await at(shop, "bob", THREE), await at(shop, "bob", THREE)
    await first.press("and add 3 seats")
    await second.press("and add 3 seats")
    assert second.status == 422
    assert "Someone changed this subscription a moment ago. It now has 13 seats." in second.text
    assert "Pay 305.19 USD and add 3 seats" in second.text
    await settled(shop)
    assert await seats_of(shop, "globex") == (13, 13)


async def test_midnight_between_quote_and_press_asks_again(shop: Shop, clock: FrozenClock) -> None:
    browser = await at(shop, "bob", THREE)
    clock.advance(timedelta(hours=11, minutes=45))
    await browser.open(THREE)
    clock.advance(timedelta(minutes=20))
    await browser.press("and add 3 seats")
    assert browser.status == 422
    assert "E-QUOTE" in browser.text
    assert "This price was for 23 November 2026 (UTC). We refreshed it." in browser.text  # 20 minutes are not 30
    assert "(97 days)</dt><dd>277.45</dd>" in browser.text
    assert await shop.books("charges") == []


async def test_a_declined_card_changes_nothing_anywhere(shop: Shop) -> None:
    await put_card(shop, "globex", DECLINES)
    browser = await at(shop, "bob", THREE)
    await browser.press("and add 3 seats")
    assert "E-CARD-DECLINED" in browser.text
    assert "You have not been charged. Nothing was changed." in browser.text
    await settled(shop)
    assert await seats_of(shop, "globex") == (10, 10)


async def test_a_third_refusal_within_a_minute_asks_to_wait(shop: Shop) -> None:
    await put_card(shop, "globex", DECLINES)
    browser = await shop.signed_in("bob")
    for _ in range(3):
        await browser.open(THREE)
        await browser.press("and add 3 seats")
    await browser.open(THREE)
    await browser.press("and add 3 seats")
    assert browser.status == 429
    assert "E-CARD-RATE" in browser.text


@pytest.mark.parametrize(("answer", "seats"), [("Complete", 13), ("Fail", 10)])
async def test_the_banks_check_decides(shop: Shop, answer: str, seats: int) -> None:
    await put_card(shop, "globex", CHALLENGES)
    browser = await at(shop, "bob", THREE)
    await browser.press("and add 3 seats")
    assert await seats_of(shop, "globex") == (10, 10)
    await browser.press(answer)
    await settled(shop)
    assert await seats_of(shop, "globex") == (seats, seats)


async def test_an_abandoned_check_can_be_taken_up_again(shop: Shop) -> None:
    await put_card(shop, "globex", CHALLENGES)
    browser = await at(shop, "bob", THREE)
    await browser.press("and add 3 seats")
    await settled(shop)
    assert await seats_of(shop, "globex") == (10, 10)
    await browser.open("/orders")
    await browser.press("Continue to payment")
    await browser.press("Complete")
    await settled(shop)
    assert await seats_of(shop, "globex") == (13, 13)


async def test_other_seats_close_a_check_that_was_left_open(shop: Shop) -> None:
    await put_card(shop, "globex", CHALLENGES)
    left = await at(shop, "bob", THREE)
    await left.press("and add 3 seats")
    browser = await at(shop, "bob", "/buy/seats?group=globex&add=2")
    await browser.press("and add 2 seats")
    await browser.press("Complete")
    await left.press("Complete")
    await settled(shop)
    assert await seats_of(shop, "globex") == (12, 12)
    assert [charge["amount"] for charge in await shop.books("charges")] == [20_345]


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER, Fault.RESET_AFTER])
async def test_no_answer_is_told_as_confirming_and_ends_with_one_charge(shop: Shop, fault: Fault) -> None:
    browser = await at(shop, "bob", THREE)
    await go_wrong(shop, "apply_change", fault)
    await browser.press("and add 3 seats")
    await settled(shop)
    await settled(shop)
    assert [charge["amount"] for charge in await shop.books("charges")] == [30_518]
    assert await seats_of(shop, "globex") == (13, 13)


async def test_an_unanswered_change_that_comes_too_late_is_given_up(shop: Shop, clock: FrozenClock) -> None:
    browser = await at(shop, "bob", THREE)
    await go_wrong(shop, "apply_change", Fault.TIMEOUT_BEFORE)
    await browser.press("and add 3 seats")
    clock.advance_business(timedelta(days=1))
    await settled(shop)
    await browser.open(browser.url)
    assert "This order was cancelled" in browser.text
    assert await seats_of(shop, "globex") == (10, 10)


@pytest.mark.vendors("embedded")  # where the vendor's invoice can be paid all the same, the order waits for that
async def test_a_silent_bank_is_waited_for_and_then_a_no(shop: Shop, clock: FrozenClock) -> None:
    await put_card(shop, "globex", SILENT)
    browser = await at(shop, "bob", THREE)
    await browser.press("and add 3 seats")
    assert "We are confirming your payment" in browser.text
    clock.advance(timedelta(minutes=2))
    await settled(shop)
    await browser.open(browser.url)
    assert "The payment did not go through" in browser.text
    assert await seats_of(shop, "globex") == (10, 10)


async def test_the_vendor_being_away_sells_nothing(shop: Shop) -> None:
    browser = await at(shop, "bob", THREE)
    await go_wrong(shop, "any", Fault.DOWN, times=0)
    await browser.press("and add 3 seats")
    assert browser.status == 503
    assert "E-VENDOR" in browser.text
    await browser.open(THREE)
    assert browser.status == 503


async def test_people_above_the_seats_are_proposed(shop: Shop) -> None:
    await crowd(shop, "globex", in_use=13, most=14)
    browser = await at(shop, "bob", "/groups/globex/subscription")
    assert "4 more seats would cover them until 1 March 2027, for 406.91 USD with tax." in browser.text
    await browser.open("/buy/seats?group=globex")
    assert browser.form("and add 4 seats").fields["add"] == "4"
    assert "covers the 4 people above your seats" in browser.text


@pytest.mark.parametrize("typed", ["0", "-1", "1.5", "❾", "", "9" * 4000, "4991"])
async def test_what_is_no_number_of_seats_is_refused(shop: Shop, typed: str) -> None:
    browser = await at(shop, "bob", THREE)
    await browser.press("and add 3 seats", add=typed)
    assert browser.status == 422
    assert "E-SEATS" in browser.text
    assert await shop.books("charges") == []


async def test_a_link_for_too_many_is_put_right_and_told(shop: Shop) -> None:
    browser = await at(shop, "bob", "/buy/seats?group=globex&add=9000")
    assert browser.status == 200
    assert browser.form("and add 4,990 seats").fields["add"] == "4990"
    assert "not possible here" in browser.text


@pytest.mark.parametrize(
    ("who", "group", "code", "words"),
    [
        ("cleo", "initech", "E-CHANNEL", "You bought this through ACME Partners. Ask them to add seats."),
        ("eve", "hooli", "E-PASTDUE", "Pay the invoice: 1,740.00 USD"),
        ("eve", "umbrella", "E-MULTIYEAR", "Talk to sales"),
        ("eve", "stark", "E-PO", "Talk to sales"),
        ("eve", "wayne", "E-COMMUNITY", "Talk to sales"),
    ],
)
async def test_what_cannot_be_changed_here_says_why(shop: Shop, who: str, group: str, code: str, words: str) -> None:
    path = f"/subscriptions/{(await subscription_of(shop, group)).subscription_id}"
    browser = await at(shop, who, f"/buy/seats?group={group}")
    for page in (path, f"{path}/seat-changes", f"{path}/plan-changes", f"{path}/renewal"):
        await browser.open(page)
        assert browser.status == 200
        assert code in browser.text
        assert words in browser.text
        assert "data-total" not in browser.text
        assert not re.search(r'name="(add|seats|decision)"', browser.text)


@pytest.mark.vendors("embedded", "stripe")
async def test_a_hundred_changes_are_charged_as_shown(shop: Shop, clock: FrozenClock) -> None:
    draw = random.Random(20261123)  # noqa: S311 the same hundred each time; no secret
    bob = await person(shop, "bob@globex.example")
    subscription_id = (await subscription_of(shop, "globex")).subscription_id
    shown = []
    for _ in range(100):
        clock.advance(timedelta(minutes=draw.randrange(1, 1400)))
        page = await read_seat_page(shop.deps, bob, subscription_id, draw.randrange(1, 45))
        assert page.shown is not None
        total = page.shown.quote.due_now.minor
        press = Press(attempt_id=new_id("att"), quote_id=page.shown.quote_id, total=total)
        base = page.owned.subscription.seats
        await add_seats(shop.deps, bob, subscription_id, base=base, add=page.add, press=press)
        shown.append(total)
    assert [charge["amount"] for charge in await shop.books("charges")] == shown


async def pay_first_order(shop: Shop) -> None:
    """Let ann buy Team for 10 in acme."""
    browser = await at_checkout(shop)
    await to_payment(browser)
    await pay(browser)
    await settled(shop)
