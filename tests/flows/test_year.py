"""A year in a minute, and two more: a plan is bought, grows, renews, fails a charge, recovers, is cancelled, ends
and is resumed. What is told, billed and given is checked at every step."""

from datetime import UTC, datetime, timedelta

import pytest

from app.commands.audit_store import differences
from app.subscriptions.store import Subscription, by_ref
from app.vendor_adapters.types import InvoiceStatus, SubscriptionRef, SubscriptionStatus
from tests.support.customers import DECLINES, put_card, subscription_of
from tests.support.journeys import GOOD_CARD, bought, pay, settled, total
from tests.support.shop import Browser, Shop

pytestmark = pytest.mark.vendors("embedded", "stripe")

BOUGHT = datetime(2026, 11, 24, tzinfo=UTC)  # at midnight: terms that count by days and by seconds are the same then
SECOND, THIRD, FOURTH = (BOUGHT.replace(year=year) for year in (2027, 2028, 2029))
MAILS = [
    "receipt",
    "receipt",
    "renewal_notice",
    "renewal_notice",
    "renewal_failed",
    "renewal_recovered",
    "about_to_end",
    "subscription_ended",
    "receipt",
]
MORE = 85_638  # three seats for 275 of 365 days
TEN, THIRTEEN = 378_885, 492_551  # a year of so many Team seats with New York's tax


async def go_to(shop: Shop, instant: datetime) -> None:
    """Move business time on and let everything that fell due happen; wall time goes on by a minute."""
    shop.clock.advance(timedelta(minutes=1))
    shop.clock.advance_business(instant - shop.clock.now())
    await settled(shop)


async def given(shop: Shop) -> tuple[str, int, datetime | None]:
    """Return the plan, the seats and the end that the product gives acme."""
    found = await shop.deps.product.state("acme")
    assert found is not None
    return found.plan, found.seats, found.ends_at


async def invoices(shop: Shop, which: Subscription) -> list[tuple[int, InvoiceStatus]]:
    """Return the totals and states of a subscription's invoices, oldest first, under whatever name it has by now."""
    now = await shop.deps.db.read(lambda connection: by_ref(connection, which.subscription_ref))
    assert now is not None
    refs = {which.subscription_ref, now.subscription_ref}
    customer = (await shop.deps.vendor.get_subscription(SubscriptionRef(which.subscription_ref))).customer
    rows = (await shop.deps.vendor.list_invoices(customer)).rows
    return [(row.total.minor, row.status) for row in reversed(rows) if row.subscription in refs]


async def test_a_year_and_two_more(shop: Shop) -> None:
    await go_to(shop, BOUGHT)
    await bought(shop, "/buy?plan=team&group=acme&seats=10")
    assert await given(shop) == ("team", 10, SECOND)
    mine = await subscription_of(shop, "acme")
    path = f"/subscriptions/{mine.subscription_id}"
    browser = await shop.known("ann")

    more = await grows(shop, browser)
    assert (more, await given(shop)) == (MORE, ("team", 13, SECOND))
    await go_to(shop, SECOND - timedelta(days=15))
    await go_to(shop, SECOND)  # it renews by itself
    assert await given(shop) == ("team", 13, THIRD)

    await fails(shop, browser, path)
    await recovers(shop, browser, path)
    assert await given(shop) == ("team", 13, FOURTH)
    await ends(shop, browser, path)
    assert (await given(shop))[0] == "free"
    await is_resumed(shop, browser, path)
    assert await given(shop) == ("team", 10, FOURTH.replace(year=2030))

    now = await subscription_of(shop, "acme")
    assert (now.subscription_id, now.status) == (mine.subscription_id, SubscriptionStatus.ACTIVE)
    assert (now.starts_at, now.cancel_at) == (FOURTH, None)
    paid = InvoiceStatus.PAID
    assert await invoices(shop, mine) == [(TEN, paid), (more, paid), (THIRTEEN, paid), (THIRTEEN, paid), (TEN, paid)]
    told = [mail["kind"] for mail in reversed(await shop.world.mails()) if mail["to"] == "ann@acme.example"]
    assert [kind for kind in told if kind != "usage_alert"] == MAILS  # how much is used is another story
    found = await shop.deps.db.read(lambda connection: list(differences(connection, shop.clock.wall())))
    assert found == []


async def grows(shop: Shop, browser: Browser) -> int:
    """Three people more after ninety days; return what that cost."""
    await go_to(shop, BOUGHT + timedelta(days=90))
    await browser.open("/buy/seats?group=acme&add=3")
    more = total(browser)
    await browser.press("and add 3 seats")
    await settled(shop)
    return more


async def fails(shop: Shop, browser: Browser, path: str) -> None:
    """The card is refused: that is told, nobody is cut off, and nothing can be changed before it is paid."""
    await put_card(shop, "acme", DECLINES)
    await go_to(shop, THIRD - timedelta(days=15))
    await go_to(shop, THIRD)
    assert await given(shop) == ("team", 13, THIRD + timedelta(days=14))
    await browser.open(f"{path}/seat-changes?add=1")
    assert "E-PASTDUE" in browser.text


async def recovers(shop: Shop, browser: Browser, path: str) -> None:
    """The invoice is paid with another card, by the link of the mail, and that card is put on file."""
    await go_to(shop, THIRD + timedelta(days=1))
    await browser.open(path)
    await browser.open(browser.link("Pay the invoice"))
    await pay(browser, GOOD_CARD)
    await settled(shop)
    await put_card(shop, "acme", GOOD_CARD)  # not every vendor charges the next term to what paid an invoice


async def ends(shop: Shop, browser: Browser, path: str) -> None:
    """Automatic renewal is turned off, and it ends with its term."""
    await browser.open(f"{path}/renewal")
    await browser.press("Turn it off", reason="too_expensive")
    await go_to(shop, FOURTH - timedelta(days=15))
    assert (await given(shop))[0] == "team"
    await go_to(shop, FOURTH)


async def is_resumed(shop: Shop, browser: Browser, path: str) -> None:
    """Ten days after the end it is taken up again without a gap."""
    await go_to(shop, FOURTH + timedelta(days=10))
    await browser.open(f"{path}/renewal/payment?seats=10")
    await browser.press("Pay 3,788.85 USD and renew until 24 November 2030")
    await settled(shop)
