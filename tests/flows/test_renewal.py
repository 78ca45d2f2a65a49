"""The end of a term: what will be charged, other seats, another plan, off with a reason and on again."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from app.db.schema.events import audit
from tests.support.customers import at, at_vendor, crowd, put_card, seats_of, subscription_of
from tests.support.journeys import settled
from tests.support.shop import Browser, Form, Shop

# test_subscriptions.py takes the same way on both databases
pytestmark = [
    pytest.mark.engines("sqlite"),
    pytest.mark.vendors("embedded", "stripe"),
]


async def at_renewal(shop: Shop, page: str = "renewal") -> Browser:
    found = await subscription_of(shop, "globex")
    return await at(shop, "bob", f"/subscriptions/{found.subscription_id}/{page}")


async def test_the_page_says_what_will_be_charged_and_when(shop: Shop) -> None:
    browser = await at_renewal(shop)
    assert "1 March 2027: Team, 10 seats, 3,480.00 USD, 3,788.85 USD with tax" in browser.text
    assert "Visa ending 4242" in browser.text


async def test_renewal_is_turned_off_with_a_reason_and_on_again(shop: Shop) -> None:
    browser = await at_renewal(shop)
    await browser.press("Turn it off")
    assert browser.status == 422
    assert "Choose why you turn it off." in browser.text
    await browser.press("Turn it off", reason="switched", comment="Thank you")
    assert "Automatic renewal is off: it ends on 1 March 2027" in browser.text
    assert (await at_vendor(shop, "globex")).cancel_at == datetime(2027, 3, 1, tzinfo=UTC)
    await browser.press("Turn automatic renewal on")
    assert (await at_vendor(shop, "globex")).cancel_at is None
    rows = await shop.deps.db.read(
        lambda connection: connection.execute(
            select(audit.c.detail).where(audit.c.action == "renewal.toggled").order_by(audit.c.seq)
        ).all()
    )
    assert [row.detail for row in rows] == ["end, switched: Thank you", "renew"]


async def test_seats_can_be_added_while_renewal_is_off(shop: Shop) -> None:
    browser = await at_renewal(shop)
    await browser.press("Turn it off", reason="other")
    await browser.open("/buy/seats?group=globex&add=3")
    assert "Nothing renews: the seats end on 1 March 2027." in browser.text
    await browser.press("Pay 305.18 USD and add 3 seats")
    await settled(shop)
    assert await seats_of(shop, "globex") == (13, 13)


async def test_a_plan_that_ends_says_so_before_it_is_changed(shop: Shop) -> None:
    browser = await at_renewal(shop)
    await browser.press("Turn it off", reason="other")
    path = browser.url.removesuffix("/renewal")
    await browser.open(f"{path}/plan-changes?plan=scale")
    assert "Automatic renewal is off: the plan and all seats end on 1 March 2027." in browser.text
    assert "Nothing renews: it ends on 1 March 2027." in browser.text
    assert browser.link("Turn it on").endswith("/renewal")
    await browser.press("Pay 2,455.50 USD and switch to Scale")
    await settled(shop)
    await browser.open(f"{path}/plan-changes?plan=team")  # no term follows that could have it
    assert ("E-ENDS" in browser.text, "Change to Team" in browser.text) == (True, False)
    assert browser.link("Look at the renewal") == f"{path}/renewal"
    form = Form(f"{path}/plan-changes", {"plan": "team", "seats": "10", "base": "10", "attempt": "att_1"})
    await browser.send(form)
    assert (browser.status, "E-ENDS" in browser.text) == (422, True)


async def test_fewer_seats_renew_and_that_can_be_undone(shop: Shop) -> None:
    browser = await at_renewal(shop)
    await browser.press("Renew with this number", seats="8")
    assert "1 March 2027: Team, 8 seats, 2,784.00 USD" in browser.text
    assert (await at_vendor(shop, "globex")).seats == 10
    assert await shop.books("charges") == []
    there = browser.url
    await browser.open("/buy/seats?group=globex&add=3")
    assert "From 1 March 2027 you have booked Team with 8 seats: adding seats now leaves that as it is." in browser.text
    await browser.open(there)
    await browser.press("Undo")
    assert (await at_vendor(shop, "globex")).renews_as is None
    assert "10 seats, 3,480.00 USD" in browser.text


async def test_fewer_seats_than_people_are_refused_with_the_way_out(shop: Shop) -> None:
    await crowd(shop, "globex", in_use=12)
    browser = await at_renewal(shop)
    await browser.press("Renew with this number", seats="9")
    assert browser.status == 422
    assert "12 people use seats. Remove 3 first, or renew 12." in browser.text
    assert "/groups/globex" in browser.text
    await browser.press("Renew 12")
    assert "Team, 12 seats, 4,176.00 USD" in browser.text


@pytest.mark.vendors("embedded")  # the other one keeps no versions, so that each reading is a newer one
async def test_the_same_press_books_once(shop: Shop) -> None:
    browser = await at_renewal(shop)
    form = browser.form("Renew with this number")
    await browser.send(form, seats="9")
    version = (await at_vendor(shop, "globex")).version
    await browser.send(form, seats="9")
    assert (await at_vendor(shop, "globex")).version == version


async def test_an_upgrade_is_prorated_and_counts_at_once(shop: Shop) -> None:
    browser = await at_renewal(shop, "plan-changes?plan=scale")
    assert "2,255.34" in browser.text
    assert "guests use no seat" in browser.text
    assert "From 1 March 2027: Scale, 11,880.00 USD a year" in browser.text
    await browser.press("Pay 2,455.50 USD and switch to Scale")
    await settled(shop)
    await browser.open(browser.url)
    assert "You have Scale for 10 people in Globex" in browser.text
    group = await shop.deps.product.state("globex")
    assert group is not None
    assert (group.plan, group.seats, group.ends_at) == ("scale", 10, datetime(2027, 3, 1, tzinfo=UTC))
    assert [charge["amount"] for charge in await shop.books("charges")] == [245_550]


async def test_a_declined_upgrade_changes_nothing(shop: Shop) -> None:
    await put_card(shop, "globex", "4000000000000341")
    browser = await at_renewal(shop, "plan-changes?plan=scale")
    await browser.press("switch to Scale")
    assert "E-CARD-DECLINED" in browser.text
    await settled(shop)
    group = await shop.deps.product.state("globex")
    assert group is not None
    assert group.plan == "team"


async def test_a_downgrade_waits_for_the_end_of_the_term_and_can_be_undone(shop: Shop) -> None:
    browser = await at_renewal(shop, "plan-changes?plan=scale")
    await browser.press("switch to Scale")
    await settled(shop)
    path = f"/subscriptions/{(await subscription_of(shop, 'globex')).subscription_id}"
    await browser.open(f"{path}/plan-changes")
    assert "Nothing is due today" in browser.text
    assert browser.link("turn automatic renewal off").endswith(f"{path}/renewal")  # Free is no plan to be chosen
    await browser.press("Change to Team on 1 March 2027")
    assert "1 March 2027: Team, 10 seats, 3,480.00 USD" in browser.text
    group = await shop.deps.product.state("globex")
    assert group is not None
    assert group.plan == "scale"
    await browser.press("Undo")
    assert "1 March 2027: Scale, 10 seats, 11,880.00 USD" in browser.text
