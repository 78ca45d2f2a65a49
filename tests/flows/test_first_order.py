"""The first journey: from a link to a plan that is switched on, with one true price all the way."""

import pytest

from tests.support.journeys import ACME, at_checkout, pay, settled, to_payment
from tests.support.shop import Shop

pytestmark = pytest.mark.vendors("embedded", "stripe")


async def test_link_lands_on_the_filled_checkout(shop: Shop) -> None:
    browser = await shop.signed_in("ann")
    await browser.open(ACME)
    assert browser.status == 200
    assert "/checkouts/" in browser.url
    assert browser.form("and subscribe").fields["seats"] == "10"
    assert browser.form("and subscribe").fields["group"] == "acme"
    assert 'data-total="348000"' in browser.text


async def test_first_order_is_paid_once_and_granted(shop: Shop) -> None:
    browser = await at_checkout(shop)
    await to_payment(browser)
    assert 'data-total="378885"' in browser.text
    await pay(browser)
    await settled(shop)
    await browser.open(browser.url)
    assert "You have Team for 10 people" in browser.text
    (invoice,) = await shop.books("invoices")
    assert (invoice["subtotal"], invoice["tax"], invoice["total"]) == (348_000, 30_885, 378_885)
    (charge,) = await shop.books("charges")
    assert charge["amount"] == 378_885
    (receipt,) = [mail for mail in await shop.world.mails() if mail["kind"] == "receipt"]
    assert "3,788.85 USD" in receipt["text"]
