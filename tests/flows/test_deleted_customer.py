"""A customer who was deleted at the vendor, by hand, becomes one again with the next press of the button."""

import pytest

from app.identity.accounts import BillingAccount, account_by_id, set_customer_ref
from app.vendor_adapters.types import CustomerRef
from tests.stripe_twin.world import TwinWorld
from tests.support.journeys import OWN_SERVER, PARIS, at_checkout, bought, order_form, pay, press, problems, settled
from tests.support.shop import Browser, Shop
from tests.support.witness import order, orders

pytestmark = [pytest.mark.engines("sqlite"), pytest.mark.vendors("embedded", "stripe")]


async def account_of(shop: Shop, order_id: str) -> BillingAccount:
    account_id = (await order(shop, order_id)).account_id
    account = await shop.deps.db.read(lambda connection: account_by_id(connection, account_id))
    assert account is not None
    return account


async def deleted(shop: Shop) -> CustomerRef:
    """Let the vendor know nothing any more of the customer of the only order, and return who that was."""
    (first,) = await orders(shop)
    ref = (await account_of(shop, first.order_id)).customer_ref
    assert ref is not None
    if isinstance(shop.vendor_world, TwinWorld):
        shop.vendor_world.delete_customer(ref)
        return ref
    # the embedded vendor deletes nobody: to the store it is the same when the customer that it knows is not there
    unknown = CustomerRef(f"{ref}_deleted")
    await shop.deps.db.write(lambda connection: set_customer_ref(connection, first.account_id, unknown))
    return unknown


async def bought_after_all(shop: Shop, browser: Browser, gone: CustomerRef) -> None:
    """Press twice: the first press finds out and charges nothing, and the second one buys."""
    checkout = browser.url
    await press(browser)
    assert (browser.status, problems(browser)) == (422, ["E-QUOTE"])
    assert browser.url == checkout
    assert len(await shop.books("charges")) == 1
    await press(browser)
    await pay(browser)
    await settled(shop)
    _, refused, sold = await orders(shop)
    assert (refused.state.value, sold.state.value) == ("cancelled", "granted")
    assert len(await shop.books("charges")) == 2
    assert (await account_of(shop, sold.order_id)).customer_ref not in (None, gone)


async def test_who_was_deleted_at_the_vendor_buys_again_with_unchanged_details(shop: Shop) -> None:
    browser = await bought(shop)
    gone = await deleted(shop)
    await browser.open(OWN_SERVER)
    await bought_after_all(shop, browser, gone)


async def test_a_card_on_a_page_that_is_open_is_no_card_any_more(shop: Shop) -> None:
    browser = await bought(shop)
    await browser.open(OWN_SERVER)
    assert order_form(browser).fields["card"] not in ("", "new")
    await bought_after_all(shop, browser, await deleted(shop))


async def test_a_tax_number_of_a_deleted_customer_does_not_hide_the_price(shop: Shop) -> None:
    paris = PARIS | {"tax_id": "FR40303265045"}
    browser = await at_checkout(shop)
    await press(browser, **paris)  # the number takes the tax off, so that the total stays as it was
    await pay(browser)
    await settled(shop)
    await deleted(shop)
    again = await at_checkout(shop, OWN_SERVER)
    assert (again.status, problems(again)) == (200, [])
    assert order_form(again).fields["quote"]


async def test_no_page_of_the_account_falls_over(shop: Shop) -> None:
    browser = await bought(shop)
    await deleted(shop)
    for page in ("/subscriptions", "/orders", "/invoices", "/payment-methods", "/account", "/history"):
        await browser.open(page)
        assert browser.status == 200, page
