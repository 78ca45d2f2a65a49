"""A plan and minutes in one cart: one order, one invoice, one charge, and two grants that fail and succeed alone."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest
from sqlalchemy import update

from app.commands.audit_store import differences
from app.db.schema.events import outbox
from app.demo.seed import SeedGroup
from app.events.outbox import LEASE
from app.flows.mixed_cart import extra_of
from app.orders.intents import Choice
from app.vendor_adapters.world import WebhookFaults
from tests.adapters.minimal.harness import MinimalHarness
from tests.support.campaigns import in_spring
from tests.support.customers import given_up
from tests.support.journeys import (
    ACME,
    DECLINED_CARD,
    NEW_YORK,
    at_checkout,
    order_form,
    pay,
    press,
    problems,
    settled,
    total,
)
from tests.support.journeys import order_id as order_on
from tests.support.shop import Browser, Shop
from tests.support.witness import group, history, later, mails, more_groups, only_order, orders

MIXED = f"{ACME}&packs=2"
SUM = 381_063  # 3,480.00 and 20.00, and 8.875 % of them in New York: 310.63
BUTTON = "Pay 3,810.63 USD, add 2,000 compute minutes and subscribe"


async def ordered(shop: Shop, link: str = MIXED, **typed: str) -> Browser:
    """Return a browser on the vendor's page, of somebody who has seen the tax and pressed again."""
    browser = await at_checkout(shop, link)
    await press(browser, **(NEW_YORK | typed))
    assert problems(browser) == ["E-PRICE"]
    await press(browser)
    return browser


async def packs(shop: Shop) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", (await group(shop))["minutes_packs"])


@pytest.mark.vendors("embedded", "stripe")
async def test_a_plan_and_minutes_are_one_charge_and_both_granted_once(shop: Shop) -> None:
    browser = await at_checkout(shop, MIXED)
    assert "Compute minutes (optional)" in browser.text
    assert browser.form("and subscribe").fields["packs"] == "2"
    assert total(browser) == 350_000
    await press(browser, **NEW_YORK)
    assert total(browser) == SUM
    for text in (BUTTON, "Team, 10 × 348.00 USD", "1,000 compute minutes, 2 × 10.00 USD", "310.63"):
        assert text in browser.text
    assert "Renews on 23 November 2027 at 3,788.85 USD" in browser.text  # the minutes are paid once
    await press(browser)
    await pay(browser)
    await settled(shop)
    await settled(shop)
    await browser.open(browser.url)
    assert "You have Team for 10 people in Acme" in browser.text
    assert "Acme has 2,000 compute minutes more." in browser.text
    (invoice,) = await shop.books("invoices")
    assert (invoice["subtotal"], invoice["tax"], invoice["total"]) == (350_000, 31_063, SUM)
    assert [charge["amount"] for charge in await shop.books("charges")] == [SUM]
    acme, (pack,) = await group(shop), await packs(shop)
    assert (acme["plan"], acme["seats"]) == ("team", 10)
    assert (pack["purchase_id"], pack["minutes"]) == (order_on(browser), 2000)
    assert pack["expires_at"].startswith("2027-11-23")
    (receipt,) = await mails(shop, "receipt")
    for text in ("Team, 10 × 348.00 USD", "1,000 compute minutes, 2 × 10.00 USD", "3,810.63 USD"):
        assert text in receipt["text"]
    await browser.open("/history?kind=orders")
    assert "Team, hosted, 10 seats and 2,000 compute minutes, for Acme" in browser.text


@pytest.mark.engines("sqlite")
async def test_without_packs_nothing_of_them_is_bought(shop: Shop) -> None:
    browser = await at_checkout(shop, ACME)
    assert browser.form("and subscribe").fields["packs"] == "0"
    await press(browser, packs="2", **NEW_YORK)
    assert total(browser) == SUM
    await press(browser, packs="")
    assert (problems(browser), total(browser)) == (["E-PRICE"], 378_885)
    await press(browser)
    await pay(browser)
    await settled(shop)
    assert await packs(shop) == []
    assert (await only_order(shop)).packs == 0


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize("typed", ["x", "501", "-1", "1.5"])
async def test_a_number_that_cannot_be_bought_is_told_and_kept(shop: Shop, typed: str) -> None:
    browser = await at_checkout(shop, MIXED)
    form = browser.form("and subscribe")
    await press(browser, packs=typed, **NEW_YORK)
    assert (browser.status, problems(browser)) == (422, ["E-INPUT"])
    assert "Enter the number of packs as a whole number from 0 to 500, like 2." in browser.text
    assert browser.form("Show the price").fields["packs"] == typed
    changed = await browser.change(form, "/seats", packs=typed)
    assert changed.status_code == 422
    assert await shop.books("charges") == []
    await browser.open(browser.url)
    assert browser.form("and subscribe").fields["packs"] == "2"


@pytest.mark.engines("sqlite")
async def test_a_link_with_too_many_packs_is_put_right_and_told(shop: Shop) -> None:
    browser = await at_checkout(shop, f"{ACME}&packs=9000")
    assert browser.form("and subscribe").fields["packs"] == "500"
    assert "The number in the link was not possible here" in browser.text


@pytest.mark.engines("sqlite")
async def test_a_changed_number_of_packs_is_another_order(shop: Shop) -> None:
    browser = await ordered(shop)
    first = browser.url
    await browser.open(MIXED)
    await press(browser, packs="3", **NEW_YORK)
    assert browser.url != first


@pytest.mark.engines("sqlite")
async def test_a_declined_card_gives_neither(shop: Shop) -> None:
    browser = await ordered(shop)
    await pay(browser, DECLINED_CARD)
    await settled(shop)
    assert (await group(shop))["plan"] == "free"
    assert await packs(shop) == []
    assert await shop.books("charges") == []


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize(
    ("late", "told"),
    [
        ("grant", "The 2,000 compute minutes are there. Team is being switched on."),
        ("grant_minutes", "Team is on. The 2,000 compute minutes are on their way."),
    ],
)
async def test_each_is_granted_alone(shop: Shop, late: str, told: str) -> None:
    await settled(shop)
    browser = await ordered(shop)
    await pay(browser)
    held = update(outbox).where(outbox.c.kind == late, outbox.c.state == "waiting")
    held = held.values(state="held", due_at=shop.clock.wall() + LEASE)
    await shop.deps.db.write(lambda connection: connection.execute(held))
    await settled(shop)
    is_plan_late = late == "grant"
    assert ((await group(shop))["plan"], len(await packs(shop))) == (("free", 1) if is_plan_late else ("team", 0))
    await browser.open(browser.url)
    assert "Paid, being switched on" in browser.text
    assert told in browser.text
    later(shop, seconds=31)
    await settled(shop)
    assert ((await group(shop))["plan"], len(await packs(shop))) == ("team", 1)
    sold = await only_order(shop)
    assert (sold.state.value, sold.packs_granted) == ("granted", True)
    assert await shop.deps.db.read(lambda connection: list(differences(connection, shop.clock.wall()))) == []


@pytest.mark.engines("sqlite")
async def test_an_offer_for_packs_alone_says_so_and_one_for_the_plan_takes_its_line_alone(shop: Shop) -> None:
    await in_spring(shop)
    browser = await at_checkout(shop, f"{ACME}&packs=5&promo=LAUNCH20")
    assert "LAUNCH20 applies: 20% off the first year" in browser.text
    assert total(browser) == 278_400 + 5_000
    await browser.press("Apply", code="BUILD10")
    assert browser.status == 422
    assert total(browser) == 278_400 + 5_000


@pytest.mark.engines("sqlite")
@pytest.mark.vendors("embedded", "stripe")
async def test_paid_back_in_full_the_plan_ends_and_the_order_is_refunded(shop: Shop) -> None:
    browser = await ordered(shop)
    await pay(browser)
    await settled(shop)
    await browser.open("/history")
    assert re.search(r"Team, [^<]* and 1 more", browser.text)
    order = await only_order(shop)
    part = 1_089  # what one pack costs with its tax
    await shop.world.refund(order.charge_ref or "", part)
    await settled(shop)
    assert (await group(shop))["plan"] == "team"
    assert (await shop.deps.product.usage("acme")).minutes_in_packs > 0
    shop.clock.advance(timedelta(minutes=1))
    await shop.world.refund(order.charge_ref or "", order.amount_paid - part)
    await settled(shop)
    assert (await only_order(shop)).state.value == "refunded"
    assert (await shop.deps.product.usage("acme")).minutes_in_packs == 0
    assert (await history(shop, order.order_id))[-1] == "refunded"
    assert (await group(shop))["plan"] == "free"


@pytest.mark.engines("sqlite")
async def test_a_vendor_that_cannot_mix_sells_no_packs_along(shop: Shop) -> None:
    choice = Choice(plan="team", deployment="hosted", currency="usd", packs=2)
    extra = extra_of(shop.deps, choice)
    assert extra is not None
    assert (extra.addon.key, extra.packs) == ("compute-1000", 2)
    assert extra_of(shop.deps, replace(choice, deployment="self_hosted")) is None
    assert extra_of(shop.deps, replace(choice, plan="compute-1000")) is None
    minimal = MinimalHarness().adapter
    deps = replace(shop.deps, vendors={minimal.name: minimal}, selling=minimal.name)
    assert extra_of(deps, choice) is None


@pytest.mark.engines("sqlite")
@pytest.mark.vendors("embedded", "stripe")
async def test_a_payment_page_that_expires_gives_neither_and_keeps_the_choice(shop: Shop) -> None:
    browser = await ordered(shop)
    later(shop, hours=25)
    await settled(shop)
    later(shop, hours=1)
    order = await only_order(shop)
    assert order.state.value == "expired"
    assert ((await group(shop))["plan"], await packs(shop), await shop.books("charges")) == ("free", [], [])
    browser = await shop.known("ann")  # a day later the old session is over
    await browser.open(f"/checkouts/{order.intent_id}")  # as a mail or a bookmark may say
    assert browser.url.endswith(f"/orders/{order.order_id}")
    assert "This order has expired" in browser.text
    await browser.open(browser.link("Try again"))
    assert browser.form("and subscribe").fields["packs"] == "2"
    await press(browser)
    await pay(browser)
    await settled(shop)
    assert [charge["amount"] for charge in await shop.books("charges")] == [SUM]
    assert [pack["minutes"] for pack in await packs(shop)] == [2000]


@pytest.mark.engines("sqlite")
@pytest.mark.vendors("embedded", "stripe")
async def test_a_stored_card_pays_for_both_at_once(shop: Shop) -> None:
    await more_groups(shop, "second", owners=("bob",))
    browser = await at_checkout(shop, "/buy?plan=team&group=second&seats=10&packs=2", "bob")
    assert "Visa ending 4242" in browser.text
    assert total(browser) == SUM
    await press(browser)
    await settled(shop)
    await browser.open(browser.url)
    assert "You have Team for 10 people" in browser.text
    assert [charge["amount"] for charge in await shop.books("charges")] == [SUM]
    found = await group(shop, "second")
    assert (found["plan"], [pack["minutes"] for pack in cast("Any", found["minutes_packs"])]) == ("team", [2000])


@pytest.mark.engines("sqlite")
@pytest.mark.vendors("embedded", "stripe")
async def test_the_later_of_two_mixed_payments_goes_back_with_its_minutes(shop: Shop) -> None:
    await shop.product.seed((), [SeedGroup(id="acme", name="Acme", owners=("ann", "dan"), members=7)])
    ann = await ordered(shop)
    (hers,) = await orders(shop)
    await given_up(shop, hers.order_id)
    dan = await at_checkout(shop, MIXED, "dan")
    await press(dan, **(NEW_YORK | {"email": "dan@acme.example"}))
    await press(dan)
    await pay(ann)
    await pay(dan)
    await settled(shop)
    await settled(shop)
    kept, back = sorted(await orders(shop), key=lambda each: each.state.value)
    assert (kept.state.value, back.state.value) == ("granted", "refunded")
    charges = {row["order"]: (row["amount"], row["amount_refunded"]) for row in await shop.books("charges")}
    assert charges == {kept.order_id: (SUM, 0), back.order_id: (SUM, SUM)}
    assert [(pack["purchase_id"], pack["taken_back"]) for pack in await packs(shop)] == [(kept.order_id, False)]
    assert await shop.deps.db.read(lambda connection: list(differences(connection, shop.clock.wall()))) == []


@pytest.mark.engines("sqlite")
@pytest.mark.vendors("embedded", "stripe")
async def test_presses_and_messages_that_come_again_sell_both_once(shop: Shop) -> None:
    await shop.vendor_world.set_webhook_faults(WebhookFaults(duplicate=3, shuffle=True))
    browser = await at_checkout(shop, MIXED)
    await press(browser, **NEW_YORK)
    form = order_form(browser)
    await browser.send(form)
    page = browser.url
    await browser.send(form)
    assert browser.url == page
    await pay(browser)
    await browser.send(form)
    for _ in range(3):
        await settled(shop)
        later(shop, seconds=31)
    assert [charge["amount"] for charge in await shop.books("charges")] == [SUM]
    assert [pack["minutes"] for pack in await packs(shop)] == [2000]
    assert (await only_order(shop)).state.value == "granted"
    assert len(await mails(shop, "receipt")) == 1
