"""Cards that are refused, checked by the bank, or never answered for: what the buyer reads, and what is charged."""

import re

import pytest

from app.core.problems import ProblemId
from app.db.schema.orders import declines as decline_rows
from tests.support.journeys import (
    CHECKED_CARD,
    DECLINED_CARD,
    NEW_YORK,
    SILENT_CARD,
    at_checkout,
    order_id,
    pay,
    press,
    problems,
    settled,
    to_payment,
)
from tests.support.shop import Shop
from tests.support.witness import (
    count,
    declines,
    history,
    later,
    more_groups,
    nothing_charged,
    only_order,
    orders,
    sold_once,
)

pytestmark = [pytest.mark.engines("sqlite"), pytest.mark.vendors("embedded", "stripe")]
own_page = pytest.mark.vendors("embedded")
"""A refused card leads back to the checkout; where the vendor's page takes another card itself, it tells of it, too."""
REFUSED = {
    DECLINED_CARD: ProblemId.E_CARD_DECLINED,
    "4000 0000 0000 9995": ProblemId.E_CARD_FUNDS,
    "4000 0000 0000 0069": ProblemId.E_CARD_EXPIRED,
    "4000 0000 0000 0127": ProblemId.E_CARD_CVC,
    "4000 0000 0000 0036": ProblemId.E_CARD_ADDRESS,
    "4000 0000 0000 6975": ProblemId.E_CARD_LIMIT,
    "4000 0035 6000 0008": ProblemId.E_CARD_TYPE,
}


@own_page
async def test_each_refusal_has_its_own_text_on_the_checkout_and_another_card_buys(shop: Shop) -> None:
    browser = await at_checkout(shop)
    checkout = browser.url
    await to_payment(browser)
    for number, which in REFUSED.items():
        await pay(browser, number)
        assert browser.url == checkout
        assert (browser.status, problems(browser)) == (200, [which.code])
        assert which.text in browser.text
        assert "You have not been charged" in browser.text
        await nothing_charged(shop)
        later(shop, minutes=15)  # so that no limit is met
        await browser.press("Update the total")
        await press(browser)
    await pay(browser)
    assert problems(browser) == []
    await settled(shop)
    sold = await sold_once(shop)
    assert len(await declines(shop)) == await count(shop, decline_rows) == len(REFUSED)
    assert await history(shop, sold.order_id) == ["draft", "submitted", "paid", "granted"]


@own_page
async def test_the_third_refusal_in_a_minute_makes_the_buyer_wait(shop: Shop) -> None:
    browser = await at_checkout(shop)
    await to_payment(browser)
    for _ in range(3):
        await pay(browser, DECLINED_CARD)
        later(shop, seconds=5)
        if len(await declines(shop)) < 3:
            await press(browser)
    (order,) = await orders(shop)
    await press(browser)
    assert (browser.status, problems(browser)[0]) == (429, "E-CARD-RATE")
    assert "Too many card attempts. Try again in 46 s. That is at 12:01:01 UTC." in browser.text
    assert 'data-countdown="46"' in browser.text
    assert browser.page is not None
    assert browser.page.headers["Retry-After"] == "46"
    await browser.open("/orders")
    await browser.press("Continue to payment")
    assert (browser.status, problems(browser)) == (429, ["E-CARD-RATE"])
    later(shop, seconds=46)
    await browser.open(f"/checkouts/{order.intent_id}")
    await press(browser)
    assert browser.url.startswith(shop.deps.config.vendor_url)
    await pay(browser)
    await settled(shop)
    await sold_once(shop)


@own_page
async def test_six_refusals_in_an_hour_make_the_buyer_wait_longer(shop: Shop) -> None:
    browser = await at_checkout(shop)
    await to_payment(browser)
    for tried in range(6):
        await pay(browser, DECLINED_CARD)
        later(shop, minutes=2)
        await press(browser, **NEW_YORK)
        assert (browser.status == 429) is (tried == 5)
    seconds = re.search(r"Try again in (\d+) s", browser.text)
    assert seconds is not None
    assert int(seconds[1]) == 3600 - 12 * 60 + 1


@own_page
async def test_the_refusals_of_one_person_are_not_anothers(shop: Shop) -> None:
    await more_groups(shop, "dans", owners=("dan",))
    ann = await at_checkout(shop)
    await to_payment(ann)
    for _ in range(3):
        await pay(ann, DECLINED_CARD)
        if len(await declines(shop)) < 3:
            await press(ann)
    dan = await at_checkout(shop, "/buy?plan=team&group=dans&seats=10", "dan")
    await to_payment(dan)
    await pay(dan)
    await settled(shop)
    await sold_once(shop, group_id="dans")


async def test_the_banks_check_passed(shop: Shop) -> None:
    browser = await at_checkout(shop)
    await to_payment(browser)
    await pay(browser, CHECKED_CARD)
    assert "Your bank asks" in browser.text
    await nothing_charged(shop)
    await browser.press("Complete")
    assert "Paid, being switched on" in browser.text
    await settled(shop)
    await sold_once(shop)


@own_page
async def test_the_banks_check_failed_and_another_card_buys(shop: Shop) -> None:
    browser = await at_checkout(shop)
    await to_payment(browser)
    await pay(browser, CHECKED_CARD)
    await browser.press("Fail")
    assert "/checkouts/" in browser.url
    assert problems(browser) == ["E-CARD-AUTH"]
    assert "The bank's check was not completed." in browser.text
    await nothing_charged(shop)
    await press(browser)
    await pay(browser)
    await settled(shop)
    await sold_once(shop)


async def test_the_banks_check_left_and_resumed_from_the_orders(shop: Shop) -> None:
    browser = await at_checkout(shop)
    await to_payment(browser)
    await pay(browser, CHECKED_CARD)
    await settled(shop)
    later(shop, hours=3)
    await settled(shop)
    elsewhere = await shop.known("ann")
    await elsewhere.open("/orders")
    await elsewhere.press("Continue to payment")
    if "Your bank asks" not in elsewhere.text:
        await elsewhere.open(elsewhere.link("Continue with the bank"))
    await elsewhere.press("Complete")
    await settled(shop)
    await sold_once(shop)


@own_page
async def test_a_bank_that_gives_no_answer_is_told_as_confirming_until_it_does(shop: Shop) -> None:
    browser = await at_checkout(shop)
    checkout = browser.url
    await to_payment(browser)
    await pay(browser, SILENT_CARD)
    confirming = order_id(browser)
    assert "We are confirming your payment" in browser.text
    assert "been charged" not in browser.text
    await browser.open(checkout)
    assert order_id(browser) == confirming
    await settled(shop)
    assert (await only_order(shop)).state.value == "confirming"
    later(shop, seconds=61)  # its silence counts as a no
    await settled(shop)
    assert (await only_order(shop)).state.value == "submitted"
    await nothing_charged(shop)
    await browser.open(checkout)
    assert problems(browser) == ["E-CARD-DECLINED"]
    assert "You have not been charged" in browser.text
    await press(browser)
    await pay(browser)
    await settled(shop)
    await sold_once(shop)


@pytest.mark.vendors("stripe")
@pytest.mark.parametrize("card", [DECLINED_CARD, CHECKED_CARD], ids=["declined", "not checked"])
async def test_a_refused_card_is_told_on_the_vendors_page_and_another_one_buys_there(shop: Shop, card: str) -> None:
    browser = await at_checkout(shop)
    await to_payment(browser)
    await pay(browser, card)
    if card == CHECKED_CARD:
        await browser.press("Fail")
    assert browser.url.startswith(shop.deps.config.vendor_url)
    assert "Nothing was charged" in browser.text
    await nothing_charged(shop)
    await settled(shop)
    assert (await only_order(shop)).state.value == "submitted"
    await pay(browser)
    await settled(shop)
    await sold_once(shop)


async def test_who_comes_back_without_paying_is_told_that_nothing_was_charged(shop: Shop) -> None:
    browser = await at_checkout(shop)
    checkout = browser.url
    assert "did not pay" not in browser.text
    await to_payment(browser)
    if shop.deps.selling != "embedded":
        await pay(browser, DECLINED_CARD)  # told on the vendor's page, which takes another card itself
    await browser.open(browser.link("without paying"))
    assert browser.url == checkout
    assert "You went to the payment page and did not pay: nothing was charged." in browser.text
    assert problems(browser) == []
    await press(browser)
    await pay(browser)
    await settled(shop)
    await sold_once(shop)


@pytest.mark.vendors("stripe")
async def test_a_bank_that_gives_no_answer_is_waited_for_on_the_vendors_page(shop: Shop) -> None:
    browser = await at_checkout(shop)
    await to_payment(browser)
    await pay(browser, SILENT_CARD)
    page = browser.url
    assert page.startswith(shop.deps.config.vendor_url)
    assert "Your bank has not answered yet" in browser.text
    assert "Card number" not in browser.text
    await settled(shop)
    assert (await only_order(shop)).state.value == "submitted"
    later(shop, seconds=61)  # its silence counts as a no
    await browser.open(page)
    assert "Nothing was charged" in browser.text
    await nothing_charged(shop)
    await pay(browser)
    await settled(shop)
    await sold_once(shop)
