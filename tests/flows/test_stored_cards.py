"""A card on file is charged by the button itself: once, whatever becomes of the answer."""

import asyncio

import pytest

from app.db.schema.orders import orders as order_rows
from app.vendor_adapters.world import Fault
from tests.support.journeys import (
    CHECKED_CARD,
    ONCE_CARD,
    OWN_SERVER,
    at_checkout,
    bought,
    notes,
    order_form,
    order_id,
    press,
    problems,
    settled,
    total,
)
from tests.support.shop import Browser, Form, Shop
from tests.support.witness import (
    count,
    declines,
    history,
    later,
    mails,
    mended,
    nothing_charged,
    only_order,
    order,
    orders,
    vendor_calls,
    vendor_fails,
)

pytestmark = [pytest.mark.engines("sqlite"), pytest.mark.vendors("embedded", "stripe")]
LOST = [Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER, Fault.HANG, Fault.RESET_AFTER, Fault.ERROR_500]


async def second(shop: Shop, card: str) -> Browser:
    """Return the browser of ann, who has bought for her group with ``card``, at the checkout for her own server."""
    browser = await bought(shop, card=card)
    if card == CHECKED_CARD:
        await browser.press("Complete")
        await settled(shop)
    await browser.open(OWN_SERVER)
    return browser


async def test_a_stored_card_needs_no_payment_page(shop: Shop) -> None:
    browser = await at_checkout(shop, OWN_SERVER, "bob")
    assert "Visa ending 4242" in browser.text
    assert total(browser) == 378_885
    await press(browser)
    assert "You have Team for 10 people" in browser.text
    await settled(shop)
    sold = await only_order(shop)
    assert (sold.state.value, sold.amount_paid) == ("granted", 378_885)
    assert await history(shop, sold.order_id) == ["draft", "confirming", "paid", "granted"]
    assert [row["amount"] for row in await shop.books("charges")] == [378_885]
    assert len(await mails(shop, "receipt")) == 1


async def test_another_card_can_be_typed_instead(shop: Shop) -> None:
    browser = await at_checkout(shop, OWN_SERVER, "bob")
    await press(browser, card="new")
    assert browser.url.startswith(shop.deps.config.vendor_url)
    await nothing_charged(shop)


async def test_a_card_that_is_not_theirs_or_not_on_file_charges_nothing(shop: Shop) -> None:
    (bob,) = [row for row in await shop.every("customers") if row["email"] == "bob@globex.example"]
    methods = bob["payment_methods"]
    assert isinstance(methods, list)
    browser = await second(shop, ONCE_CARD)
    for card in (methods[0]["id"], "card_unknown"):
        await press(browser, card=card)
        assert (browser.status, problems(browser)) == (422, ["E-INPUT"])
        assert "This card is not on file any more. Choose another one." in browser.text
    assert len(await shop.books("charges")) == 1


async def test_a_refused_stored_card_moves_no_money_and_another_card_buys(shop: Shop) -> None:
    browser = await second(shop, ONCE_CARD)
    checkout = browser.url
    await press(browser)
    assert browser.url == checkout
    assert problems(browser) == ["E-CARD-DECLINED"]
    assert "You have not been charged" in browser.text
    _, refused = await orders(shop)
    assert (refused.state.value, refused.decline) == ("failed", "declined")
    assert await mails(shop, "not_charged") == []  # the page has just said it
    await browser.open(f"/orders/{refused.order_id}")
    assert "The payment did not go through" in browser.text
    assert problems(browser) == ["E-CARD-DECLINED"]
    await browser.open(checkout)
    await press(browser, card="new")
    assert browser.url.startswith(shop.deps.config.vendor_url)
    assert len(await shop.books("charges")) == 1


@pytest.mark.parametrize("fault", LOST, ids=[fault.value for fault in LOST])
async def test_a_lost_answer_is_told_as_confirming_and_ends_in_one_charge(shop: Shop, fault: Fault) -> None:
    browser = await at_checkout(shop, OWN_SERVER, "bob")
    checkout, form = browser.url, order_form(browser)
    await vendor_fails(shop, "buy", fault=fault, times=1)
    await browser.send(form)
    confirming = order_id(browser)
    if fault not in (Fault.TIMEOUT_AFTER, Fault.RESET_AFTER):  # else the page has found out already
        assert "We are confirming your payment" in browser.text
        assert "been charged" not in browser.text
    await browser.send(form)
    assert order_id(browser) == confirming
    await browser.open(checkout)
    assert order_id(browser) == confirming
    await settled(shop)
    assert (await order(shop, confirming)).state.value == "granted"
    assert [row["amount"] for row in await shop.books("charges")] == [378_885]
    assert await count(shop, order_rows) == 1


@pytest.mark.parametrize("fault", [Fault.RATE_LIMIT, Fault.DOWN], ids=["rate_limit", "down"])
async def test_a_call_that_was_turned_away_charges_nothing_and_the_next_press_does(shop: Shop, fault: Fault) -> None:
    browser = await at_checkout(shop, OWN_SERVER, "bob")
    await vendor_fails(shop, "buy", fault=fault, times=1)
    await press(browser)
    assert (browser.status, problems(browser)) == (503, ["E-VENDOR"])
    assert "Visa ending 4242" in browser.text
    await nothing_charged(shop)
    await press(browser)
    assert "You have Team for 10 people" in browser.text
    assert len(await shop.books("charges")) == 1


async def test_a_lost_charge_waits_for_the_vendor_and_is_never_given_up_in_between(shop: Shop) -> None:
    browser = await at_checkout(shop, OWN_SERVER, "bob")
    await vendor_fails(shop, "buy", fault=Fault.TIMEOUT_BEFORE, times=1)
    await press(browser)
    for fault in (Fault.RATE_LIMIT, Fault.DOWN, Fault.TIMEOUT_BEFORE):
        await vendor_fails(shop, "buy", fault=fault)
        await settled(shop)
        assert (await only_order(shop)).state.value == "confirming", fault
        await mended(shop)
    await settled(shop)
    assert (await only_order(shop)).state.value == "granted"
    assert len(await shop.books("charges")) == 1


async def test_a_lost_charge_whose_price_has_run_out_is_given_up_and_charges_nothing(shop: Shop) -> None:
    browser = await at_checkout(shop, OWN_SERVER, "bob")
    await vendor_fails(shop, "buy", fault=Fault.TIMEOUT_BEFORE, times=1)
    await press(browser)
    later(shop, minutes=31)
    await settled(shop)
    given_up = (await only_order(shop)).state.value
    assert given_up in ("cancelled", "expired")  # where the vendor has begun a bill, it is closed there
    await nothing_charged(shop)
    await browser.open(browser.url)
    assert "You have not been charged" in browser.text
    with vendor_calls() as calls:
        await settled(shop)
    assert calls == []  # nothing more is asked about it
    (told,) = await mails(shop, "not_charged")
    assert "you have not been charged" in told["text"]
    assert f"/checkouts/{(await only_order(shop)).intent_id}" in told["text"]


async def test_a_charge_under_way_is_not_cancelled(shop: Shop) -> None:
    browser = await at_checkout(shop, OWN_SERVER, "bob")
    await vendor_fails(shop, "buy", fault=Fault.TIMEOUT_BEFORE, times=1)
    await press(browser)
    found = await only_order(shop)
    await browser.send(Form(action=f"{browser.url}/cancellation", fields={}))
    assert "We are confirming your payment" in browser.text
    assert (await only_order(shop)).state.value == "confirming"
    await settled(shop)
    assert (await order(shop, found.order_id)).state.value == "granted"


@pytest.mark.vendors("embedded")  # where the vendor's invoice can be paid all the same, the order waits for that
async def test_a_check_that_fails_ends_the_order(shop: Shop) -> None:
    browser = await second(shop, CHECKED_CARD)
    await press(browser)
    await browser.press("Fail")
    await settled(shop)
    assert (await orders(shop))[-1].state.value == "failed"
    assert problems(browser) == ["E-CARD-AUTH"]
    assert "You have not been charged" in browser.text


@pytest.mark.parametrize("answer", ["Complete", "Fail"])
async def test_the_bank_may_ask_about_a_stored_card_too(shop: Shop, answer: str) -> None:
    browser = await second(shop, CHECKED_CARD)
    await press(browser)
    assert browser.url.startswith(shop.deps.config.vendor_url)
    asked = (await orders(shop))[-1]
    assert asked.state.value == "action_required"
    await browser.press(answer)
    assert order_id(browser) == asked.order_id
    await settled(shop)
    is_paid = answer == "Complete"
    assert ((await order(shop, asked.order_id)).state.value == "granted") is is_paid
    assert len(await shop.books("charges")) == (2 if is_paid else 1)
    assert [row["reason"] for row in await declines(shop)] == ([] if is_paid else ["auth"])


async def test_a_check_of_the_bank_that_was_left_is_found_again_among_the_orders(shop: Shop) -> None:
    browser = await second(shop, CHECKED_CARD)
    await press(browser)
    asked = (await orders(shop))[-1]
    await browser.open("/orders")
    await browser.press(f"Continue to payment of {asked.order_id}")
    await browser.press("Complete")
    assert "You have Team for 10 people" in browser.text
    assert len(await shop.books("charges")) == 2


async def test_the_same_press_many_times_at_once_charges_once(shop: Shop) -> None:
    browser = await at_checkout(shop, OWN_SERVER, "bob")
    form = order_form(browser)
    await asyncio.gather(*(browser.send(form) for _ in range(4)))
    await settled(shop)
    assert len(await shop.books("charges")) == 1
    assert notes(browser) == []
