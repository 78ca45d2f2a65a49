"""From a trial in the product to a plan: everything filled in, the trial over once the plan is there."""

from datetime import timedelta

import pytest

from tests.support.journeys import NEW_YORK, pay, settled
from tests.support.shop import Browser, Shop

pytestmark = pytest.mark.engines("sqlite")


async def forge(shop: Shop, who: str, group: str) -> Browser:
    """Return a browser that is signed in and stands on a group's page in the product."""
    browser = await shop.signed_in(who)
    await browser.open(f"{shop.deps.config.product_url}/groups/{group}")
    return browser


async def test_a_trial_becomes_a_plan_and_ends_when_that_is_there(shop: Shop) -> None:
    browser = await forge(shop, "ann", "acme")
    await browser.press("Start trial")
    assert "Trial of Scale: 30 days left, until 23 December 2026." in browser.text
    shop.clock.advance_business(timedelta(days=10))
    await browser.open(browser.url)
    assert "Trial of Scale: 20 days left" in browser.text
    keep = browser.link("Keep Scale")
    assert "plan=scale" in keep
    assert "group=acme" in keep
    assert "from=trial" in keep
    await browser.open(keep)
    assert "Buy Scale, hosted" in browser.text
    assert "For <strong>Acme</strong>" in browser.text
    assert "The trial has 20 days left. It ends when Scale is switched on" in browser.text
    await browser.press("and subscribe", **NEW_YORK)
    await browser.press("and subscribe", terms="yes")
    await pay(browser)
    running = await shop.deps.product.state("acme")
    assert running is not None
    assert running.trial_ends_at is not None  # paid, and not granted yet: the trial goes on
    await settled(shop)
    granted = await shop.deps.product.state("acme")
    assert granted is not None
    assert (granted.plan, granted.trial_ends_at) == ("scale", None)
    (subscription,) = await shop.books("subscriptions")
    assert str(subscription["starts_at"])[:10] == "2026-12-03"  # the day of purchase, and twelve months from then
    assert str(subscription["ends_at"])[:10] == "2027-12-03"
    await browser.open(f"{shop.deps.config.product_url}/groups/acme")
    assert "The trial of Scale ended on 3 December 2026." in browser.text
    assert "Start trial" not in browser.text


async def test_minutes_bought_on_trial_stay(shop: Shop) -> None:
    browser = await forge(shop, "ann", "acme")
    await browser.press("Start trial")
    await browser.open("/buy/packs?addon=compute-1000&group=acme")
    assert "The trial has" not in browser.text
    await browser.press("compute minutes", **NEW_YORK)
    await browser.press("compute minutes")
    await pay(browser)
    await settled(shop)
    assert (await shop.deps.product.usage("acme")).minutes_in_packs == 1_000
    await browser.open("/buy?plan=scale&group=acme&seats=7&from=trial")
    await browser.press("and subscribe", terms="yes")
    await settled(shop)
    usage = await shop.deps.product.usage("acme")
    assert (usage.minutes_quota, usage.minutes_in_packs) == (50_000, 1_000)


async def test_the_plans_lead_to_the_trial_that_the_product_offers(shop: Shop) -> None:
    browser = await shop.signed_in("ann")
    await browser.open("/plans")
    assert browser.link("Start trial: 30 days, no card") == f"{shop.deps.config.product_url}/trials/new"
    await browser.open("/plans?deployment=self_hosted")
    assert "Start trial" not in browser.text


async def test_a_group_with_a_plan_upgrades_instead(shop: Shop) -> None:
    browser = await forge(shop, "bob", "globex")
    await browser.press("Start trial")
    assert "Trial of Scale: 60 days left" in browser.text
    await browser.open(browser.link("Keep Scale"))
    assert "E-HASPLAN" in browser.text
    await browser.open(browser.link("Change"))
    await browser.press("and switch to Scale")
    await settled(shop)
    found = await shop.deps.product.state("globex")
    assert found is not None
    assert (found.plan, found.trial_ends_at) == ("scale", None)
