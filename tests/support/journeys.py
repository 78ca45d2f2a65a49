"""Steps of a purchase that many tests take."""

import re

from app.http import Response
from tests.support.shop import Browser, Form, Shop

NEW_YORK = {
    "country": "US",
    "region": "NY",
    "full_name": "Ann Archer",
    "email": "ann@acme.example",
    "company": "Acme",
    "line1": "5 Main Street",
    "city": "New York",
    "postal_code": "10001",
    "terms": "yes",
}
BERLIN = {
    "country": "DE",
    "full_name": "Ann Archer",
    "email": "ann@acme.example",
    "company": "Acme",
    "line1": "Hauptstraße 5",
    "city": "Berlin",
    "postal_code": "10115",
    "terms": "yes",
}
PARIS = BERLIN | {"country": "FR", "line1": "5 rue de la Paix", "city": "Paris", "postal_code": "75002"}

GOOD_CARD = "4242 4242 4242 4242"
DECLINED_CARD = "4000 0000 0000 0002"
CHECKED_CARD = "4000 0025 0000 3155"  # asks for 3-D Secure
ONCE_CARD = "4000 0000 0000 0341"  # pays once and is declined at the next charge
SILENT_CARD = "4000 0000 0000 0119"  # gives no answer in time

ACME = "/buy?plan=team&group=acme&seats=10"
OWN_SERVER = "/buy?plan=team&deployment=self_hosted&seats=10"
_CARD = {"cc-exp": "12/30", "cc-csc": "123", "cc-name": "Ann Archer"}
_SUMMARY = re.compile(r'<div class="error-summary".*?</div>', re.DOTALL)
_CODE = re.compile(r'<small class="problem-code">([A-Z-]+)</small>')


async def at_checkout(shop: Shop, link: str = ACME, who: str = "ann") -> Browser:
    """Return a browser that came by ``link``, signed in, and stands on the checkout."""
    browser = await shop.known(who)
    await browser.open(link)
    return browser


async def press(browser: Browser, **typed: str) -> Response:
    """Press the order's button with ``typed`` in the form and the terms agreed to."""
    return await browser.press("and subscribe", **({"terms": "yes"} | typed))


async def to_payment(browser: Browser, **typed: str) -> Response:
    """Fill the checkout, press (which shows the tax), and press again (which leads to the vendor's page)."""
    await press(browser, **(NEW_YORK | typed))
    return await press(browser)


async def pay(browser: Browser, number: str = GOOD_CARD) -> Response:
    """Type a card on the vendor's page and pay."""
    return await browser.press("Pay ", **{"cc-number": number, **_CARD})


async def confirm_nothing(browser: Browser) -> Response:
    """Confirm on the vendor's page, in its own words, that nothing is due; it asks for no card."""
    assert "cc-number" not in browser.text
    return await browser.press("Confirm 0.00" if "Confirm 0.00" in browser.text else "Complete order")


async def pay_and_leave(browser: Browser) -> None:
    """Pay on the vendor's page and close it before it leads back."""
    await browser.send_only(browser.form("Pay "), **{"cc-number": GOOD_CARD, **_CARD})


async def bought(shop: Shop, link: str = ACME, who: str = "ann", card: str = GOOD_CARD, **typed: str) -> Browser:
    """Return the browser of somebody who has bought by ``link`` with a new card, everything settled."""
    browser = await at_checkout(shop, link, who)
    await to_payment(browser, **typed)
    await pay(browser, card)
    await settled(shop)
    return browser


async def settled(shop: Shop) -> None:
    """Let everything that waits be done."""
    await shop.world.drain()


def order_form(browser: Browser) -> Form:
    """Return the order's form as it stands, the terms agreed to."""
    form = browser.form("and subscribe")
    return Form(action=form.action, fields={**form.fields, "terms": "yes"})


def problems(browser: Browser) -> list[str]:
    """Return the ids in the page's error summary, in order."""
    found = _SUMMARY.search(browser.text)
    return _CODE.findall(found[0]) if found else []


def notes(browser: Browser) -> list[str]:
    """Return the ids of what the page tells below its summary: to be known, and in no one's way."""
    return _CODE.findall(_SUMMARY.sub("", browser.text))


def total(browser: Browser) -> int:
    """Return what the page says is due now, in minor units."""
    found = re.search(r'data-total="(\d+)"', browser.text)
    assert found is not None, f"no total on {browser.url}"
    return int(found[1])


def order_id(browser: Browser) -> str:
    """Return the order whose page the browser is on."""
    found = re.search(r"/orders/(O-[A-Z0-9-]+)", browser.url)
    assert found is not None, f"{browser.url} is no order's page"
    return found[1]
