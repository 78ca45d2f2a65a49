"""Sessions that end in the middle, other people's checkouts and orders, and names in every script."""

import asyncio

import pytest

from app.db.schema.orders import attempts
from tests.support.customers import at
from tests.support.journeys import (
    NEW_YORK,
    OWN_SERVER,
    at_checkout,
    bought,
    order_form,
    order_id,
    pay,
    press,
    problems,
    settled,
    to_payment,
    total,
)
from tests.support.shop import Form, Shop
from tests.support.witness import count, later, mails, nothing_charged, only_order, orders, sold_once

pytestmark = pytest.mark.engines("sqlite")
SIGN_IN = "Sign in - Forge"
NAMES = (
    '<script>alert("x")</script> & Söhne "GmbH"',
    "Ünïcödé 株式会社 شركة 👩‍💻 Ltd",
    "O'Brien {{ 7*7 }} {% raw %} ${x} %s \\",
)


async def test_what_was_typed_when_the_session_ended_is_there_after_signing_in(shop: Shop) -> None:
    browser = await at_checkout(shop)
    checkout = browser.url
    await press(browser, **NEW_YORK)
    form = order_form(browser)
    later(shop, hours=13)
    await browser.send(form, company="Typed Too Late", seats="12")
    assert SIGN_IN in browser.text
    assert await orders(shop) == []
    await browser.press("Continue as ann")
    assert browser.url == checkout
    assert browser.status == 200
    assert 'value="Typed Too Late"' in browser.text
    assert browser.form("and subscribe").fields["seats"] == "12"
    assert await orders(shop) == []
    assert await count(shop, attempts) == 0
    await press(browser)
    await pay(browser)
    await settled(shop)
    await sold_once(shop, total=454_662)


@pytest.mark.parametrize("button", ["Apply", "and subscribe"])
async def test_a_code_that_was_typed_when_the_session_ended_is_tried_after_signing_in(shop: Shop, button: str) -> None:
    browser = await at_checkout(shop)
    await press(browser, **NEW_YORK)
    form = browser.form(button)
    later(shop, hours=13)
    await browser.send(form, company="Typed Too Late", code="launch20")
    await browser.press("Continue as ann")
    assert 'value="Typed Too Late"' in browser.text
    assert "LAUNCH20" in browser.text
    assert await orders(shop) == []


async def test_a_change_of_seats_or_plan_when_the_session_ended_comes_back_with_what_was_typed(shop: Shop) -> None:
    browser = await at(shop, "bob", "/buy/seats?group=globex&add=3")
    seats = browser.form("and add 3 seats")
    await browser.open(browser.url.partition("/seat-changes")[0] + "/plan-changes?plan=scale")
    plan = browser.form("switch to Scale")
    later(shop, hours=13)
    for form, typed, there in (
        (seats, {"add": "4", "code": "grow50"}, ('name="add" value="4"', "GROW50")),
        (plan, {"seats": "11"}, ('name="seats" value="11"',)),
    ):
        nobody = shop.browser()
        await nobody.send(form, **typed)
        assert SIGN_IN in nobody.text, form.action
        await nobody.press("Continue as bob")
        for each in there:
            assert each in nobody.text, form.action


async def test_a_change_when_the_session_ended_leads_to_signing_in(shop: Shop) -> None:
    browser = await at_checkout(shop)
    later(shop, hours=13)
    answer = await browser.change(order_form(browser), "/address", **NEW_YORK)
    assert answer.status_code == 204
    assert answer.headers["HX-Redirect"].startswith("/login?next=%2Fcheckouts%2F")
    again = await shop.known("ann")
    await again.open(browser.url)
    assert 'value="5 Main Street"' in again.text


async def test_pressing_on_an_order_when_the_session_ended_does_nothing_and_comes_back(shop: Shop) -> None:
    browser = await at_checkout(shop)
    await to_payment(browser)
    order = await only_order(shop)
    later(shop, hours=13)
    for action in ("payment", "cancellation"):
        nobody = shop.browser()
        await nobody.send(Form(action=f"{shop.deps.config.base_url}/orders/{order.order_id}/{action}", fields={}))
        assert SIGN_IN in nobody.text
    assert (await only_order(shop)).state.value == "submitted"
    await nobody.press("Continue as ann")
    assert order_id(nobody) == order.order_id


async def test_a_link_opened_before_signing_in_is_kept_through_it(shop: Shop) -> None:
    browser = shop.browser()
    await browser.open("/buy?plan=scale&group=acme&seats=9&currency=eur")
    await browser.press("Continue as ann")
    assert "Buy Scale, hosted" in browser.text
    assert browser.form("and subscribe").fields["seats"] == "9"
    assert total(browser) == 9 * 110_400


async def test_a_sign_in_that_is_down_or_interrupted_keeps_the_order(shop: Shop) -> None:
    browser = shop.browser()
    await shop.world.set_faults({"idp": [{"op": "discovery", "fault": "down", "times": 1}]})
    await browser.open("/buy?plan=scale&group=acme&seats=9")
    assert (browser.status, problems(browser)) == (503, ["E-IDP"])
    assert "Nothing was charged. Your choices are saved." in browser.text
    retry = browser.link("Try again")
    await browser.open(retry)
    assert SIGN_IN in browser.text
    await browser.open("/login/callback?code=forged&state=forged")
    assert (browser.status, problems(browser)) == (400, ["E-STATE"])
    assert "Your order is kept." in browser.text
    await browser.open(retry)
    await browser.press("Continue as ann")
    assert "Buy Scale, hosted" in browser.text
    assert browser.form("and subscribe").fields["seats"] == "9"


async def test_somebody_elses_checkout_and_order_do_not_exist(shop: Shop) -> None:
    ann = await bought(shop)
    order = await only_order(shop)
    bob, nobody = await shop.known("bob"), shop.browser()
    assert order.intent_id is not None
    checkout, page = f"/checkouts/{order.intent_id}", f"/orders/{order.order_id}"
    for address in (checkout, f"{checkout}?change=billing", page, "/checkouts/int_none", "/orders/O-NONE"):
        await bob.open(address)
        assert bob.status == 404, address
        assert order.order_id not in bob.text.replace(address, "")
        await nobody.open(address)
        assert SIGN_IN in nobody.text, address
    base = shop.deps.config.base_url
    for path in (checkout, f"{checkout}/seats", f"{checkout}/address", f"{page}/payment", f"{page}/cancellation"):
        for headers in ({}, {"HX-Request": "true"}):
            answer = await bob.raw(base + path, "country=US&seats=3&group=acme", headers=headers)
            assert answer.status_code == 404, path
            assert "Acme" not in answer.text
    await bob.open("/orders")
    assert order.order_id not in bob.text
    await ann.open(page)
    assert ann.status == 200
    assert (await only_order(shop)).state.value == "granted"


async def test_an_attempt_of_another_checkout_orders_nothing(shop: Shop) -> None:
    ann = await at_checkout(shop)
    await to_payment(ann)
    attempt = await shop.deps.db.read(lambda c: c.execute(attempts.select()).one().attempt_id)
    bob = await at_checkout(shop, OWN_SERVER, "bob")
    await press(bob, attempt=attempt)
    assert bob.status == 404
    assert len(await orders(shop)) == 1
    await nothing_charged(shop)


@pytest.mark.parametrize("name", NAMES, ids=["markup", "scripts", "templates"])
async def test_a_name_in_any_script_is_shown_as_typed_from_page_to_mail(shop: Shop, name: str) -> None:
    browser = await at_checkout(shop)
    await press(browser, **(NEW_YORK | {"company": name, "full_name": name}))
    assert browser.form("and subscribe").fields["company"] == name
    assert browser.page is not None
    assert "<script>alert" not in browser.page.text
    await press(browser)
    await pay(browser)
    await settled(shop)
    await sold_once(shop)
    (receipt,) = await mails(shop, "receipt")
    assert f"Hello {name}," in receipt["text"]
    assert "<script>alert" not in receipt["html"]
    (customer,) = [row for row in await shop.every("customers") if row["email"] == "ann@acme.example"]
    assert (customer["company"], customer["full_name"]) == (name, name)
    invoice = next(word for word in receipt["text"].split() if "/invoices/" in word)
    await browser.open(invoice)
    assert name in browser.text
    await browser.open("/buy?plan=team&group=zen&seats=20")
    assert name in browser.text  # the kept billing details
    assert browser.page is not None
    assert "<script>alert" not in browser.page.text


async def test_a_mail_greets_by_the_name_of_who_gave_no_company(shop: Shop) -> None:
    browser = await at_checkout(shop)
    await press(browser, **(NEW_YORK | {"company": "", "full_name": "Ann Archer"}))
    await press(browser)
    await pay(browser)
    await settled(shop)
    (receipt,) = await mails(shop, "receipt")
    assert "Hello Ann Archer," in receipt["text"]


async def test_two_first_orders_of_one_person_at_once_make_one_customer(shop: Shop) -> None:
    tabs = [await at_checkout(shop), await at_checkout(shop, OWN_SERVER)]
    for tab in tabs:
        await press(tab, **NEW_YORK)
    await asyncio.gather(*(press(tab) for tab in tabs))
    assert [row["email"] for row in await shop.every("customers")].count("ann@acme.example") == 1
    assert len({row["customer"] for row in await shop.books("checkouts")}) == 1


async def test_details_that_come_back_after_a_change_reach_the_vendor_again(shop: Shop) -> None:
    browser = await at_checkout(shop)
    await press(browser, **NEW_YORK)
    checkout = browser.url
    for company in ("Acme", "Apex", "Acme"):
        await browser.open(checkout)
        await press(browser, **(NEW_YORK | {"company": company}))
        (customer,) = [row for row in await shop.every("customers") if row["email"] == "ann@acme.example"]
        assert customer["company"] == company
    assert problems(browser) == []


async def test_the_orders_are_listed_newest_first_and_in_pages(shop: Shop) -> None:
    bob = await shop.known("bob")
    await bob.open("/orders")
    assert "You have not ordered anything yet" in bob.text
    await bob.open(OWN_SERVER)
    await press(bob)
    for address in ("/orders?page=0", "/orders?page=x", "/orders?page=99999999999999999999", "/orders?page=2"):
        await bob.open(address)
        assert bob.status == 200, address
    await bob.open("/orders")
    assert (await only_order(shop)).order_id in bob.text
    assert "active" in bob.text


@pytest.mark.engines("postgres")
async def test_a_name_that_no_column_can_hold_is_nobodys(shop: Shop) -> None:
    """PostgreSQL takes no NUL byte in a text."""
    browser = await shop.known("ann")
    for path, status in (("/?campaign=a%00b", 200), ("/c/a%00b", 404), ("/orders/a%00b", 404)):
        await browser.open(path)
        assert browser.status == status, path
