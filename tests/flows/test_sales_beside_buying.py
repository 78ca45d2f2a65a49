"""A person to talk to beside every purchase, never in the way of it, and the way back to what was being bought."""

from urllib.parse import urlsplit

import pytest

from tests.support.customers import at, subscription_of
from tests.support.shop import Shop

pytestmark = pytest.mark.engines("sqlite")
BOUGHT_AT = (
    "{card}",
    "{card}/seat-changes?add=3",
    "{card}/plan-changes?plan=scale",
    "{card}/renewal",
    "{card}/usage",
    "/packs?group=globex",
    "/buy/packs?addon=compute-1000&group=globex&packs=3",
    "/buy?plan=team&deployment=self_hosted&seats=3",
)


WRITTEN_FROM = BOUGHT_AT[1], BOUGHT_AT[-1]  # nobody may write to them at any rate


async def test_every_page_that_sells_leads_to_a_person_and_back(shop: Shop) -> None:
    browser = await at(shop, "bob", "/subscriptions")
    card = f"/subscriptions/{(await subscription_of(shop, 'globex')).subscription_id}"
    for template in BOUGHT_AT:
        await browser.open(template.format(card=card))
        here, headline = urlsplit(browser.url), browser.text.partition("<h1>")[2].partition("</h1>")[0]
        main = browser.text.partition('<main id="main"')[2]
        assert "/sales?" in main, template
        (link,) = {part.partition('"')[0] for part in main.split('href="')[1:] if part.startswith("/sales?")}
        await browser.open(link)
        assert "Continue buying" in browser.text, template
        if template in WRITTEN_FROM:
            await browser.press("Send to sales", name="Bob Baker", email="bob@globex.example", consent="yes")
            assert "Your cart is kept" in browser.text, template
        await browser.open(browser.link("Continue buying"))
        assert urlsplit(browser.url).path == here.path, template
        assert browser.text.partition("<h1>")[2].partition("</h1>")[0] == headline


async def test_a_large_order_is_offered_help_and_no_wall(shop: Shop) -> None:
    browser = await at(shop, "bob", "/subscriptions")
    card = f"/subscriptions/{(await subscription_of(shop, 'globex')).subscription_id}"
    for path, button in (
        ("/seat-changes?add=240", "and add 240 seats"),
        ("/plan-changes?plan=scale&seats=250", "and switch to Scale"),
    ):
        await browser.open(card + path)
        assert "A person can help with" in browser.text
        assert browser.form(button)
    await browser.open(f"{card}/seat-changes?add=239")
    assert "A person can help with" not in browser.text
    await browser.open(f"{card}/renewal")
    await browser.press("Renew with this number", seats="250")
    assert "A person can help with a renewal of this size" in browser.text
    assert browser.form("Renew with this number")
