"""An address that the product has not confirmed: nothing is ordered with it, and a mail of ours is the way on."""

import re
from dataclasses import replace

import pytest

from app.demo.seed import SeedGroup, SeedPerson
from app.identity.people import find_by_verified_email
from tests.support.journeys import NEW_YORK, at_checkout, pay, press, problems, settled
from tests.support.shop import Browser, Shop
from tests.support.witness import mails, more_people, only_order, orders

pytestmark = pytest.mark.engines("sqlite")
UNA = SeedPerson(username="una", email="una@new.example", email_verified=False)


async def told_to_confirm(shop: Shop) -> Browser:
    """Return the browser of una, whose address the product has not confirmed, told so at the button."""
    await more_people(shop, UNA)
    await shop.product.seed((), [SeedGroup(id="new", owners=("una",))])
    browser = await at_checkout(shop, "/buy?plan=team&group=new&seats=10", "una")
    await press(browser, **NEW_YORK)
    await press(browser)
    assert (browser.status, problems(browser)) == (403, ["E-EMAIL"])
    return browser


async def mailed_link(shop: Shop, browser: Browser) -> str:
    """Follow the problem's way out, have the link mailed, and return it."""
    await browser.open(browser.link("Confirm your e-mail address first"))
    await browser.press("Mail me a link")
    assert "A link is on its way to <strong>una@new.example" in browser.text
    await settled(shop)
    mail = (await mails(shop, "email_confirmation"))[0]
    assert mail["to"] == "una@new.example"
    found = re.search(r"http\S+/account/email/\S+", mail["text"])
    assert found is not None
    return found[0]


async def test_an_address_is_confirmed_by_our_mail_and_the_order_goes_on(shop: Shop) -> None:
    browser = await told_to_confirm(shop)
    checkout = browser.url
    await browser.open(await mailed_link(shop, browser))
    await browser.press("Confirm una@new.example")
    assert browser.url == checkout
    assert 'value="5 Main Street"' in browser.text
    await press(browser)
    await pay(browser)
    await settled(shop)
    assert (await only_order(shop)).state.value == "granted"


async def test_a_confirmation_works_once_and_only_for_who_asked(shop: Shop) -> None:
    una = await told_to_confirm(shop)
    link = await mailed_link(shop, una)
    ann = await shop.known("ann")
    await ann.open(link)
    await ann.press("Confirm ann@acme.example")
    assert (ann.status, problems(ann)) == (404, ["E-GONE"])
    stranger = shop.browser()
    await stranger.open(link)
    assert "Sign in to Forge" in stranger.text
    await una.open(link)
    form = una.form("Confirm una@new.example")
    await una.send(form)
    assert "/checkouts/" in una.url
    await una.send(form)
    assert (una.status, problems(una)) == (404, ["E-GONE"])


async def test_a_confirmation_is_for_the_address_of_then_and_signs_nobody_in(shop: Shop) -> None:
    una = await told_to_confirm(shop)
    await una.open(await mailed_link(shop, una))
    await una.press("Confirm una@new.example")
    by_link = await shop.deps.db.read(
        lambda connection: find_by_verified_email(connection, shop.deps.config.oidc.issuer, "una@new.example")
    )
    assert by_link == ()  # a one-time link for this address still makes a contact of its own
    await more_people(shop, replace(UNA, email="una@other.example"))
    again = await shop.known("una")
    await again.open("/account/email")
    assert "We send a link to <strong>una@other.example" in again.text
    for _ in range(4):
        await again.press("Mail me a")
        await again.open("/account/email")
    await again.press("Mail me a")
    assert (again.status, problems(again)) == (429, ["E-RATE"])


async def test_without_a_confirmed_address_nothing_is_ordered_and_everything_is_kept(shop: Shop) -> None:
    await more_people(shop, SeedPerson(username="una", email="una@new.example", email_verified=False))
    await shop.product.seed((), [SeedGroup(id="new", owners=("una",))])
    browser = await at_checkout(shop, "/buy?plan=team&group=new&seats=10", "una")
    assert (browser.status, problems(browser)) == (200, [])
    await press(browser, **NEW_YORK)
    await press(browser)
    assert (browser.status, problems(browser)) == (403, ["E-EMAIL"])
    assert "Confirm your e-mail address first. Your order is kept." in browser.text
    assert 'value="5 Main Street"' in browser.text
    assert await orders(shop) == []
    await more_people(shop, SeedPerson(username="una", email="una@new.example", email_verified=True))
    checkout = browser.url
    again = await shop.known("una")
    await again.open(checkout)
    assert 'value="5 Main Street"' in again.text
    await press(again)
    assert again.url.startswith(shop.deps.config.vendor_url)
