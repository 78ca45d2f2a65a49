"""An order's life is a table: what it does not list cannot happen, and every state has a page that tells the truth."""

from dataclasses import replace
from functools import partial
from itertools import product

import pytest
from sqlalchemy import Connection

from app.commands.audit_store import differences
from app.db.schema.orders import live_orders
from app.orders import store
from app.orders.states import KEPT, PAID, UNPAID, Action, State, next_state
from tests.support.journeys import at_checkout, bought, order_id, pay, press, problems, settled, to_payment
from tests.support.shop import Form, Shop
from tests.support.witness import count, history, later, nothing_charged, only_order, order, sold_once

pytestmark = [pytest.mark.engines("sqlite"), pytest.mark.vendors("embedded", "stripe")]

# what a page of each state says first, and whether it says that nothing was charged
TOLD = {
    State.DRAFT: ("Waiting for your payment", True),
    State.SUBMITTED: ("Waiting for your payment", True),
    State.ACTION_REQUIRED: ("Your bank wants to hear from you", True),
    State.CONFIRMING: ("We are confirming your payment", False),
    State.PAID: ("Paid, being switched on", False),
    State.GRANT_RETRY: ("Paid, being switched on", False),
    State.GRANTED: ("You have Team for 10 people in Acme", False),
    State.FAILED: ("The payment did not go through", True),
    State.EXPIRED: ("This order has expired", True),
    State.CANCELLED: ("This order was cancelled", True),
    State.REFUNDED: ("This order was paid back", False),
}


def test_money_ends_only_where_the_vendor_says_so() -> None:
    for state, action in product(State, Action):
        after = next_state(state, action)
        if after is None:
            continue
        if state in PAID:
            assert after in PAID | {State.REFUNDED}, (state, action)
        if after in PAID and state not in PAID:
            assert action is Action.PAY, (state, action)
        if after is State.REFUNDED:
            assert state in PAID
    assert not any(next_state(State.REFUNDED, action) for action in Action)
    assert KEPT.isdisjoint(UNPAID - {State.CONFIRMING})


async def test_every_state_and_action_does_what_the_table_says_and_nothing_else(shop: Shop) -> None:
    browser = await at_checkout(shop)
    await to_payment(browser)
    made = await only_order(shop)

    def tried(connection: Connection, state: State, action: Action) -> State | None:
        store.update_order(connection, made.order_id, state=state.value)
        locked = store.lock_order(connection, made.order_id)
        assert locked is not None
        store.advance(connection, locked, action, now=shop.clock.wall())
        after = store.get_order(connection, made.order_id)
        return after.state if after else None

    for state, action in product(State, Action):
        after = await shop.deps.db.write(partial(tried, state=state, action=action))
        assert after is (next_state(state, action) or state), (state, action)


async def test_each_state_has_a_page_that_tells_what_is_true_of_it(shop: Shop) -> None:
    browser = await at_checkout(shop)
    await to_payment(browser)
    made = await only_order(shop)
    # one of which the vendor knows nothing, so that no look there changes its state
    alike = replace(made, order_id="O-ALIKE-00000", state=State.DRAFT, group_id="zen", checkout_ref=None)
    now = shop.clock.wall()
    await shop.deps.db.write(lambda connection: store.insert_order(connection, alike, attempt_id="att_alike", now=now))
    for state, (heading, is_free) in TOLD.items():
        stands = partial(store.update_order, order_id=alike.order_id, state=state.value, settled_at=now)
        await shop.deps.db.write(stands)
        await browser.open(f"/orders/{alike.order_id}")
        assert browser.status == 200, state
        assert heading in browser.text, state
        assert ("You have not been charged" in browser.text) is is_free, state
        await browser.open("/orders")
        assert alike.order_id in browser.text, state
    assert set(TOLD) == set(State)


async def test_an_order_is_cancelled_from_its_page_and_the_payment_page_with_it(shop: Shop) -> None:
    browser = await at_checkout(shop)
    await to_payment(browser)
    payment = browser.url
    made = await only_order(shop)
    await browser.open(f"/orders/{made.order_id}")
    await browser.press("Cancel this order")
    assert "This order was cancelled" in browser.text
    assert "You have not been charged" in browser.text
    await browser.open(payment)
    with pytest.raises(LookupError, match="no button"):
        browser.form("Pay ")
    await settled(shop)
    assert await history(shop, made.order_id) == ["draft", "submitted", "cancelled"]
    assert await count(shop, live_orders) == 0
    await nothing_charged(shop)
    await browser.open(f"/orders/{made.order_id}")
    await browser.open(browser.link("Try again"))
    await press(browser)
    await pay(browser)
    await settled(shop)
    await sold_once(shop)


async def test_a_paid_order_is_not_cancelled(shop: Shop) -> None:
    browser = await bought(shop)
    made = await only_order(shop)
    await browser.send(Form(action=f"{shop.deps.config.base_url}/orders/{made.order_id}/cancellation", fields={}))
    assert "You have Team for 10 people" in browser.text
    await settled(shop)
    await sold_once(shop)


async def test_a_payment_page_that_was_open_for_too_long_frees_the_group(shop: Shop) -> None:
    browser = await at_checkout(shop)
    await to_payment(browser)
    made = await only_order(shop)
    later(shop, hours=25)
    await settled(shop)
    assert await history(shop, made.order_id) == ["draft", "submitted", "expired"]
    assert await count(shop, live_orders) == 0
    later(shop, hours=1)
    again = await at_checkout(shop)
    assert problems(again) == []
    await press(again)
    await pay(again)
    assert order_id(again) != made.order_id
    await settled(shop)
    await sold_once(shop)


async def test_an_expired_page_found_while_pressing_is_replaced_at_once(shop: Shop) -> None:
    browser = await at_checkout(shop)
    await to_payment(browser)
    first = await only_order(shop)
    later(shop, hours=25)
    browser = await shop.known("ann")
    await browser.open("/buy?plan=team&group=acme&seats=10")
    await press(browser)
    assert browser.url.startswith(shop.deps.config.vendor_url)
    await pay(browser)
    await settled(shop)
    await sold_once(shop)
    assert (await order(shop, first.order_id)).state.value in ("expired", "cancelled")


async def test_the_books_agree_after_all_of_it(shop: Shop) -> None:
    await bought(shop)
    found = await shop.deps.db.read(lambda connection: list(differences(connection, shop.clock.wall())))
    assert found == []
