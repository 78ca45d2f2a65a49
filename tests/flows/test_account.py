"""The billing account: invoices and cards as the vendor has them, managers and contacts as the store has them."""

import re
from datetime import timedelta

import pytest

from app.vendor_adapters.world import Fault, PlannedFault
from tests.support.journeys import pay, settled
from tests.support.shop import Browser, Shop

pytestmark = pytest.mark.vendors("embedded", "stripe")


async def vendor_is_away(shop: Shop) -> None:
    await shop.vendor_world.set_faults([PlannedFault(op="any", fault=Fault.DOWN, times=0)])


async def mailed_link(shop: Shop, to: str) -> str:
    await settled(shop)
    texts = [mail["text"] for mail in await shop.world.mails() if mail["to"] == to]
    found = re.search(r"https?://\S+/invites/\S+", texts[0])
    assert found
    return found.group(0)


async def invite(browser: Browser, email: str) -> None:
    await browser.open("/account")
    await browser.press("Send the invitation", email=email)


async def test_invoices_are_the_vendors_newest_first(shop: Shop) -> None:
    browser = await shop.signed_in("bob")
    await browser.open("/invoices")
    assert "3,788.85 USD" in browser.text
    await browser.open("/buy/packs?addon=compute-1000&group=globex&packs=2")
    await browser.press("Pay ")
    await settled(shop)
    await browser.open("/invoices")
    assert browser.text.index("21.78 USD") < browser.text.index("3,788.85 USD")
    assert f'href="{shop.deps.config.vendor_url}/i' in browser.text


async def test_a_page_of_invoices_is_asked_for_once_in_five_minutes(shop: Shop) -> None:
    browser = await shop.signed_in("bob")
    await browser.open("/invoices")
    await vendor_is_away(shop)
    await browser.open("/invoices")
    assert "3,788.85 USD" in browser.text
    shop.clock.advance(timedelta(minutes=5))
    await browser.open("/invoices")
    assert browser.status == 200
    assert "We cannot show invoices right now." in browser.text


async def test_an_unpaid_invoice_leads_to_the_vendors_page(shop: Shop) -> None:
    browser = await shop.signed_in("eve")
    await browser.open("/invoices")
    found = re.search(r'href="([^"]+)">Pay 1,740.00 USD', browser.text)
    assert found
    await browser.open(found.group(1))
    shop.clock.advance(timedelta(seconds=30))
    await pay(browser)
    await settled(shop)
    await browser.open("/invoices")
    assert "Pay 1,740.00 USD" not in browser.text


async def test_cards_are_shown_and_another_becomes_the_default(shop: Shop) -> None:
    browser = await shop.signed_in("bob")
    await browser.open("/payment-methods")
    assert "Visa ending 4242" in browser.text
    await browser.press("Add or remove a card")
    assert browser.url.startswith("http://127.0.0.1:8002/portal/")
    card = {"cc-number": "4000 0000 0000 0341", "cc-exp": "12/30", "cc-csc": "123", "cc-name": "Bob Baker"}
    await browser.press("Add this card", **card)
    await browser.open("/payment-methods")
    is_kept = _default_card(browser.text).startswith("Visa ending 4242")  # some vendors make the newest the default
    there, back = ("0341", "4242") if is_kept else ("4242", "0341")
    for ending in (there, back, there):  # no press is taken for an earlier one
        await browser.open("/payment-methods")
        await browser.press(f"Set as default: Visa ending {ending}")
        assert "renewals are charged to this card" in browser.text
        assert _default_card(browser.text).startswith(f"Visa ending {ending}")


async def test_a_card_that_ends_soon_is_told(shop: Shop) -> None:
    browser = await shop.signed_in("bob")
    await browser.open("/payment-methods")
    assert "Add another card, so that nothing stops." not in browser.text
    shop.clock.advance_business(timedelta(days=4 * 365))
    await browser.open("/payment-methods")
    assert "Add another card, so that nothing stops." in browser.text


async def test_without_the_vendor_the_rest_of_the_page_stands(shop: Shop) -> None:
    browser = await shop.signed_in("bob")
    await vendor_is_away(shop)
    await browser.open("/payment-methods")
    assert browser.status == 200
    assert "We cannot show your cards right now." in browser.text
    await browser.press("Add or remove a card")
    assert browser.status == 503
    await browser.open("/account")
    assert browser.status == 200


async def test_a_colleague_is_invited_and_accepts(shop: Shop) -> None:
    bob, dan = await shop.signed_in("bob"), await shop.signed_in("dan")
    await dan.open("/account")
    assert "You manage no billing account yet" in dan.text
    await invite(bob, "dan@example.com")
    link = await mailed_link(shop, "dan@example.com")
    await dan.open(link)
    await dan.press("Accept the invitation")
    assert "You manage this account now." in dan.text
    await dan.open("/invoices")
    assert "3,788.85 USD" in dan.text
    await dan.open(link)
    assert dan.status == 404  # it works once


async def test_an_invitation_ends_after_seven_days(shop: Shop) -> None:
    bob, dan = await shop.signed_in("bob"), await shop.signed_in("dan")
    await invite(bob, "dan@example.com")
    link = await mailed_link(shop, "dan@example.com")
    shop.clock.advance(timedelta(days=7))
    await dan.open("/login")
    await dan.open(link)
    assert dan.status == 404


async def test_an_invitation_is_taken_back(shop: Shop) -> None:
    bob, dan = await shop.signed_in("bob"), await shop.signed_in("dan")
    await invite(bob, "dan@example.com")
    link = await mailed_link(shop, "dan@example.com")
    await bob.press("Take back")
    await dan.open(link)
    assert dan.status == 404


async def test_fifteen_invitations_are_the_most(shop: Shop) -> None:
    bob = await shop.signed_in("bob")
    for number in range(15):
        await invite(bob, f"dan{number}@example.com")
        assert bob.status == 200
    await invite(bob, "dan15@example.com")
    assert bob.status == 422
    assert "15 invitations are open" in bob.text
    await invite(bob, "dan3@example.com")  # in place of the one that is open
    assert bob.status == 200


async def test_the_last_manager_stays(shop: Shop) -> None:
    bob, dan = await shop.signed_in("bob"), await shop.signed_in("dan")
    await invite(bob, "dan@example.com")
    await dan.open(await mailed_link(shop, "dan@example.com"))
    await dan.press("Accept the invitation")
    await bob.open("/account")
    remove_bob = bob.form("Remove Bob Baker")
    await bob.press("Remove Dan Draper")
    assert "The manager was removed." in bob.text
    await bob.send(remove_bob)
    assert bob.status == 422
    assert "An account needs a manager." in bob.text
    await dan.open("/account")
    assert "You manage no billing account yet" in dan.text


async def test_contacts_are_written_here_and_at_the_vendor(shop: Shop) -> None:
    bob = await shop.signed_in("bob")
    await bob.open("/account")
    await bob.press(
        "Save the contacts",
        full_name="Billing Desk",
        bill_to_email="billing@globex.example",
        sold_to_name="Bea Best",
        sold_to_email="bea@globex.example",
    )
    assert "The contacts are saved." in bob.text
    assert "bea@globex.example" in bob.text
    customers = (await shop.vendor_world.books())["customers"]
    assert "billing@globex.example" in [row["email"] for row in customers]
    await bob.press("Save the contacts", bill_to_email="nothing")
    assert bob.status == 422
    assert bob.form("Save the contacts").fields["bill_to_email"] == "nothing"


def _default_card(page: str) -> str:
    return page.partition("Default: renewals")[0].rpartition("<h2>")[2]
