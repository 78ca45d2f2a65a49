"""What a discounted plan costs in later years: what the pages say of it equals the invoices that then come."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from app import formats
from app.demo.seed import SeedPerson
from app.vendor_adapters.types import InvoiceStatus, SubscriptionRef
from tests.support.campaigns import publish_text
from tests.support.journeys import NEW_YORK, OWN_SERVER, at_checkout, pay, press, settled, total
from tests.support.shop import Browser, Shop
from tests.support.witness import more_people, orders

pytestmark = [pytest.mark.engines("sqlite"), pytest.mark.vendors("embedded", "stripe")]

BOUGHT = datetime(2026, 11, 24, tzinfo=UTC)
LATER = tuple(BOUGHT.replace(year=year) for year in (2027, 2028, 2029))
LESS, LIST = 303_108, 378_885  # ten seats of Team with a fifth off and without, with New York's tax
NET = "then 3,480.00 USD a year"
# by the campaign's slug: how long it lasts, and what the first year and those after it cost
LASTS = {
    "once": ('"once"', [LESS, LIST, LIST, LIST]),
    "two": ("{ periods = 2 }", [LESS, LESS, LIST, LIST]),
    "ever": ('"forever"', [LESS, LESS, LESS, LESS]),
}
_CAMPAIGN = """
[[campaign]]
slug = "{slug}"
name = "{slug}"
window = {{ starts = 2026-11-01T00:00:00Z, ends = 2027-01-01T00:00:00Z }}
landing = {{ plan = "team", seats = 10 }}

[[campaign.offer]]
target = {{ plans = ["team"] }}
benefit = {{ percent_bp = 2000 }}
duration = {duration}
on_more_seats = "extend"
"""
_RENEWS = re.compile(
    r"Renews on (?P<day>[\w ]+) at (?P<price>[\d,.]+) USD, every year until you turn it off(?P<then>.*?)\.<"
)
_THEN = re.compile(r"; from (?P<day>[\w ]+) at (?P<price>[\d,.]+) USD")


async def move_to(shop: Shop, instant: datetime) -> None:
    shop.clock.advance(timedelta(minutes=1))
    shop.clock.advance_business(instant - shop.clock.now())
    await settled(shop)


def told(browser: Browser) -> list[int]:
    """Return what the page says is due today and in each of the later years, in minor units."""
    renews = _RENEWS.search(browser.text)
    assert renews is not None, "the page says nothing of a renewal"
    prices = {found["day"]: _minor(found["price"]) for found in (renews, *_THEN.finditer(renews["then"]))}
    due = [total(browser)]
    for year in LATER:
        due.append(prices.get(formats.date(year), due[-1]))
    return due


def _minor(price: str) -> int:
    return int(re.sub(r"\D", "", price))


async def invoiced(shop: Shop, ref: str) -> list[int]:
    """Return the totals of a subscription's paid invoices, oldest first."""
    customer = (await shop.deps.vendor.get_subscription(SubscriptionRef(ref))).customer
    rows = (await shop.deps.vendor.list_invoices(customer)).rows
    return [row.total.minor for row in reversed(rows) if row.status is InvoiceStatus.PAID]


async def test_the_years_after_cost_what_the_page_says(shop: Shop) -> None:
    campaigns = [_CAMPAIGN.format(slug=slug, duration=duration) for slug, (duration, _) in LASTS.items()]
    await publish_text(shop, "schema = 1\n" + "".join(campaigns))
    await more_people(shop, *(SeedPerson(username=slug) for slug in LASTS))
    await move_to(shop, BOUGHT)
    for slug, (_, expected) in LASTS.items():
        anybody = shop.browser()
        await anybody.open(f"/c/{slug}")
        assert (NET in anybody.text) == (slug != "ever")
        browser = await at_checkout(shop, f"{OWN_SERVER}&campaign={slug}", slug)
        await press(browser, **NEW_YORK)  # shows the tax
        assert told(browser) == expected
        await press(browser)
        await pay(browser)
    await settled(shop)
    bought = [order.subscription_ref or "" for order in await orders(shop)]
    for year in LATER:
        await move_to(shop, year)
    found = [await invoiced(shop, ref) for ref in bought]
    assert sorted(found) == sorted(expected for _, expected in LASTS.values())
