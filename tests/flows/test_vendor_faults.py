"""Whatever the vendor does at whatever moment: no bare failure, no second charge, nothing untrue; and it heals."""

import pytest

from app.vendor_adapters.world import Fault
from tests.support.journeys import (
    NEW_YORK,
    at_checkout,
    pay,
    pay_and_leave,
    press,
    problems,
    settled,
    to_payment,
    total,
)
from tests.support.shop import Shop
from tests.support.witness import (
    later,
    mails,
    mended,
    nothing_charged,
    only_order,
    orders,
    sold_once,
    vendor_fails,
)

pytestmark = [pytest.mark.engines("sqlite"), pytest.mark.vendors("embedded", "stripe")]
FAULTS = [fault for fault in Fault if fault is not Fault.SLOW]
QUICK = [fault for fault in FAULTS if fault is not Fault.HANG]  # a call that hangs takes its whole deadline
E_VENDOR = "We cannot take orders right now. Nothing was charged. Your choices are saved."


async def test_each_fault_of_the_quote_tells_so_and_the_next_press_works(shop: Shop) -> None:
    browser = await at_checkout(shop)
    await press(browser, **NEW_YORK)
    for fault in QUICK:
        await vendor_fails(shop, "quote_purchase", fault=fault, times=1)
        await press(browser, company=f"Company of {fault.value}")
        assert (browser.status, problems(browser)) == (503, ["E-VENDOR"]), fault
        assert E_VENDOR in browser.text
        await browser.press("Try again")
        assert total(browser) == 378_885, fault
        assert browser.form("and subscribe").fields["seats"] == "10"
        assert f"Company of {fault.value}" in browser.text
    assert await orders(shop) == []


async def test_each_fault_of_the_customer_tells_so_and_the_next_press_works(shop: Shop) -> None:
    browser = await at_checkout(shop)
    checkout = browser.url
    await press(browser, **NEW_YORK)
    for fault in QUICK:
        await browser.open(checkout)
        await vendor_fails(shop, "ensure_customer", fault=fault, times=1)
        await press(browser, **(NEW_YORK | {"company": f"Company of {fault.value}"}))
        assert (browser.status, problems(browser)) == (503, ["E-VENDOR"]), fault
        await press(browser)
        assert total(browser) == 378_885, fault
        assert browser.url.startswith(shop.deps.config.vendor_url), fault
    await pay(browser)
    await settled(shop)
    await sold_once(shop)
    (customer,) = {row["customer"] for row in await shop.books("charges")}
    names = {row["id"]: row["company"] for row in await shop.every("customers")}
    assert names[customer] == f"Company of {QUICK[-1].value}"


async def test_each_fault_of_opening_the_payment_page_tells_so_and_the_next_press_opens_one(shop: Shop) -> None:
    browser = await at_checkout(shop)
    checkout = browser.url
    await press(browser, **NEW_YORK)
    for seats, fault in enumerate(FAULTS, start=10):  # other seats are another order, which closes the one before
        await browser.open(checkout)
        await browser.press("Update the total", seats=str(seats), terms="yes")
        due = total(browser)
        await vendor_fails(shop, "start_checkout", fault=fault, times=1)
        await press(browser)
        assert (browser.status, problems(browser)) == (503, ["E-VENDOR"]), fault
        assert browser.form("and subscribe").fields["seats"] == str(seats)
        await press(browser)
        assert browser.url.startswith(shop.deps.config.vendor_url), fault
        assert total(browser) == due
        pages = [row for row in await shop.books("checkouts") if row["state"] == "open"]
        assert len(pages) == 1, fault
    await nothing_charged(shop)
    await pay(browser)
    await settled(shop)
    await sold_once(shop, total=due)


async def test_the_same_press_again_after_a_lost_answer_is_the_same_payment_page(shop: Shop) -> None:
    browser = await at_checkout(shop)
    await press(browser, **NEW_YORK)
    form = browser.form("and subscribe")
    await vendor_fails(shop, "start_checkout", fault=Fault.TIMEOUT_AFTER, times=1)
    await browser.send(form, terms="yes")
    assert problems(browser) == ["E-VENDOR"]
    await vendor_fails(shop, "start_checkout", fault=Fault.DOWN, times=1)
    await browser.send(form, terms="yes")
    assert (browser.status, problems(browser)) == (503, ["E-VENDOR"])
    assert total(browser) == 378_885  # the checkout is shown, nothing is lost
    await browser.send(form, terms="yes")
    assert len(await shop.books("checkouts")) == 1
    await pay(browser)
    await settled(shop)
    await sold_once(shop)


@pytest.mark.parametrize("operation", ["get_checkout", "get_subscription"])
async def test_who_has_paid_never_reads_that_nothing_was_charged(shop: Shop, operation: str) -> None:
    browser = await at_checkout(shop)
    checkout = browser.url
    await to_payment(browser)
    await pay_and_leave(browser)
    order = await only_order(shop)
    for fault in QUICK:
        await vendor_fails(shop, operation, fault=fault)
        for address in (f"/orders/{order.order_id}", checkout):
            await browser.open(address)
            assert browser.url.endswith(f"/orders/{order.order_id}")
            assert browser.status == 200
            assert "We are checking your payment" in browser.text, fault
            assert "been charged" not in browser.text
            assert "Nothing was charged" not in browser.text
            assert "Continue to payment" not in browser.text
        await mended(shop)
    await vendor_fails(shop, operation, fault=Fault.ERROR_500)
    await settled(shop)  # the sweep and the messages fail too, and come back
    assert (await only_order(shop)).state.value == "submitted"
    await mended(shop)
    await settled(shop)
    await sold_once(shop)


async def test_cancelling_while_the_vendor_is_silent_says_nothing_of_money(shop: Shop) -> None:
    browser = await at_checkout(shop)
    await to_payment(browser)
    order = await only_order(shop)
    await browser.open(f"/orders/{order.order_id}")
    form = browser.form("Cancel this order")
    await browser.open(order.checkout_url)
    await pay_and_leave(browser)
    await vendor_fails(shop, "get_checkout")
    await browser.send(form)
    assert (browser.status, problems(browser)) == (503, ["E-BUSY"])
    assert "Nothing was charged" not in browser.text
    await mended(shop)
    await browser.send(form)
    assert "Paid, being switched on" in browser.text
    await settled(shop)
    await sold_once(shop)


async def test_an_invoice_that_cannot_be_read_only_delays_the_receipt(shop: Shop) -> None:
    browser = await at_checkout(shop)
    await to_payment(browser)
    await pay(browser)
    for fault in QUICK:
        await vendor_fails(shop, "get_invoice", fault=fault)
        await settled(shop)
        assert len(await mails(shop, "receipt")) == 0, fault
        await mended(shop)
    await settled(shop)
    await sold_once(shop)


async def test_a_draft_whose_page_was_never_opened_is_given_up_after_ten_minutes(shop: Shop) -> None:
    browser = await at_checkout(shop)
    checkout = browser.url
    await vendor_fails(shop, "start_checkout", fault=Fault.TIMEOUT_BEFORE)
    await to_payment(browser)
    await settled(shop)
    assert (await only_order(shop)).state.value == "draft"
    later(shop, minutes=11)
    await settled(shop)
    assert (await only_order(shop)).state.value == "expired"
    await mended(shop)
    await browser.open(checkout)
    await press(browser)
    await pay(browser)
    await settled(shop)
    await sold_once(shop)


async def test_with_the_vendor_down_the_page_keeps_everything_and_says_so(shop: Shop) -> None:
    browser = await at_checkout(shop)
    await vendor_fails(shop, "any")
    await press(browser, **NEW_YORK)
    assert (browser.status, problems(browser)) == (503, ["E-VENDOR"])
    assert 'value="5 Main Street"' in browser.text
    await browser.open(browser.url)
    assert browser.status == 503
    assert 'value="5 Main Street"' in browser.text
    await mended(shop)
    await browser.press("Try again")
    await press(browser)
    await pay(browser)
    await settled(shop)
    await sold_once(shop)
