"""Steps of a purchase that many tests take."""

from app.http import Response
from tests.support.shop import Browser, Shop

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
GOOD_CARD = "4242 4242 4242 4242"


async def at_checkout(shop: Shop, link: str = "/buy?plan=team&group=acme&seats=10", who: str = "ann") -> Browser:
    """Return a browser that came by ``link``, signed in, and stands on the checkout."""
    browser = await shop.signed_in(who)
    await browser.open(link)
    return browser


async def to_payment(browser: Browser, **typed: str) -> Response:
    """Fill the checkout, press (which shows the tax), and press again (which leads to the vendor's page)."""
    await browser.press("and subscribe", **(NEW_YORK | typed))
    return await browser.press("and subscribe", terms="yes")


async def pay(browser: Browser, number: str = GOOD_CARD) -> Response:
    """Type a card on the vendor's page and pay."""
    card = {"cc-number": number, "cc-exp": "12/30", "cc-csc": "123", "cc-name": "Ann Archer"}
    return await browser.press("Pay ", **card)


async def settled(shop: Shop) -> None:
    """Let everything that waits be done."""
    await shop.world.drain()
