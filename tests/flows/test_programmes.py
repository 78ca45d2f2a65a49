"""An approved open source project takes its grant up: once, for 0.00, without a card, and for one term."""

import pytest
from sqlalchemy import select

from app.db.schema.entitlements import subscriptions
from app.db.schema.events import audit
from tests.support.campaigns import publish_samples, secret_codes, states
from tests.support.journeys import NEW_YORK, at_checkout, bought, confirm, problems, settled, total
from tests.support.shop import Shop
from tests.support.witness import only_order, orders

pytestmark = [pytest.mark.engines("sqlite"), pytest.mark.vendors("embedded", "stripe")]


async def codes(shop: Shop, count: int = 1) -> tuple[str, ...]:
    (programme,) = [each for each in await publish_samples(shop) if each.slug == "open-source"]
    return await secret_codes(shop, programme, count)


async def test_a_grant_is_taken_up(shop: Shop) -> None:
    (code,) = await codes(shop)
    browser = await at_checkout(shop, f"/programs/open-source?code={code}")
    assert code not in browser.url
    assert total(browser) == 0
    assert "It does not renew by itself" in browser.text
    form = browser.form("Subscribe for 0.00 USD")
    await browser.send(form, group="acme", **NEW_YORK)
    assert problems(browser) == ["E-INPUT"]
    assert "Tick the box to accept the agreement." in browser.text
    await browser.press("Subscribe for 0.00 USD", agreement="yes", terms="yes")
    await confirm(browser)
    await settled(shop)
    order = await only_order(shop)
    assert (order.state.value, order.plan, order.total, order.renews_at) == ("granted", "scale", 0, None)
    assert await states(shop) == ["committed"]
    row = await shop.deps.db.read(
        lambda c: c.execute(
            select(subscriptions.c.cancel_at, subscriptions.c.ends_at).where(
                subscriptions.c.subscription_ref == order.subscription_ref
            )
        ).one()
    )
    assert row.cancel_at == row.ends_at
    accepted = select(audit.c.detail).where(audit.c.action == "agreement.accepted")
    assert await shop.deps.db.read(lambda c: c.execute(accepted).scalars().all()) == ["open-source-agreement-v1"]
    assert await shop.books("charges") == []


async def test_a_programme_asks_for_no_card(shop: Shop) -> None:
    """Not even somebody whose card is stored is asked which one it shall be: nothing is ever charged to it."""
    await bought(shop)
    (code,) = await codes(shop)
    browser = await at_checkout(shop, f"/programs/open-source?code={code}")
    assert "No card is needed as long as nothing is due." in browser.text
    assert "Another card" not in browser.text
    await browser.press("Subscribe for 0.00 USD", group="zen", agreement="yes", terms="yes")
    await confirm(browser)
    await settled(shop)
    order = next(each for each in await orders(shop) if each.plan == "scale")
    assert (order.state.value, order.total, order.payment_method_ref) == ("granted", 0, "")


async def test_a_programme_is_not_mixed_with_what_was_clicked_before(shop: Shop) -> None:
    (code,) = await codes(shop)
    browser = await at_checkout(shop, "/c/spring-launch")
    await browser.open(f"/programs/open-source?code={code}")
    assert total(browser) == 0
    assert "Spring launch 2027" not in browser.text


async def test_a_code_works_once(shop: Shop) -> None:
    (code,) = await codes(shop)
    path = f"/programs/open-source?code={code}"
    browser = await at_checkout(shop, path)
    form = browser.form("Subscribe for 0.00 USD")
    await browser.send(form, group="acme", agreement="yes", **NEW_YORK)
    if "/checkouts/" in browser.url:
        await browser.press("Subscribe for 0.00 USD", agreement="yes", terms="yes")
    await confirm(browser)
    await settled(shop)
    other = await at_checkout(shop, path, "dan")
    assert "This code is not valid. Check it and try again." in other.text
    assert "used" not in other.text.lower().split("</main>")[0].split("promo-refused")[1]


@pytest.mark.parametrize("path", ["/programs/nothing?code=X", "/programs/spring-launch?code=LAUNCH20", "/programs/%00"])
async def test_what_is_no_programme_shows_the_plans(shop: Shop, path: str) -> None:
    await publish_samples(shop)
    browser = shop.browser()
    await browser.open(path)
    assert browser.status == 200
    assert "These are our normal prices." in browser.text
