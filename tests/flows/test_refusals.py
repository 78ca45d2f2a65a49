"""What a form can say that cannot be ordered: the right text and status, everything kept, nothing charged."""

import pytest
from sqlalchemy import update

from app.demo.seed import SeedGroup
from app.vendor_adapters.embedded.schema import prices
from tests.support.journeys import (
    BERLIN,
    NEW_YORK,
    at_checkout,
    notes,
    order_form,
    pay,
    press,
    problems,
    settled,
    to_payment,
    total,
)
from tests.support.shop import Shop
from tests.support.witness import later, nothing_charged, orders, sold_once

pytestmark = pytest.mark.engines("sqlite")
HUGE = "1" + "0" * 400


async def test_only_what_the_page_showed_is_ordered(shop: Shop) -> None:
    browser = await at_checkout(shop)
    await press(browser, **NEW_YORK)
    good = order_form(browser).fields
    elsewhere = await at_checkout(shop)
    foreign = order_form(elsewhere).fields["quote"]
    for tampered in (
        {"total": "1"},
        {"total": ""},
        {"total": "-378885"},
        {"total": HUGE},
        {"quote": foreign},
        {"quote": "quo_unknown"},
        {"quote": "q" * 500},
        {"seats": "11"},
    ):
        await browser.send(order_form(browser), **(dict(good) | {"attempt": ""} | tampered))
        assert browser.status == 422, tampered
        assert problems(browser)[0] in ("E-PRICE", "E-INPUT"), tampered
        assert "ot been charged" in browser.text, tampered
    assert "The price changed while you were reading" in browser.text
    assert "New total: 4,167.74 USD" in browser.text
    assert await orders(shop) == []
    await browser.press("Update the total", seats="10", terms="yes")
    await press(browser)
    await pay(browser)
    await settled(shop)
    await sold_once(shop)


async def test_a_price_that_changed_is_shown_and_never_charged_unasked(shop: Shop) -> None:
    browser = await at_checkout(shop)
    await press(browser, **NEW_YORK)
    await dearer(shop, 40_000)
    await press(browser)
    assert (browser.status, problems(browser)) == (422, ["E-PRICE"])
    assert "You have not been charged. New total: 4,355.00 USD." in browser.text
    assert total(browser) == 435_500
    await nothing_charged(shop)
    await press(browser)
    assert total(browser) == 435_500
    await dearer(shop, 50_000)  # what was confirmed is charged
    await pay(browser)
    await settled(shop)
    await sold_once(shop, total=435_500)


async def test_an_old_quote_is_refreshed_and_the_next_press_goes_on(shop: Shop) -> None:
    browser = await at_checkout(shop)
    await press(browser, **NEW_YORK)
    later(shop, minutes=29)
    form = order_form(browser)
    later(shop, minutes=2)
    await browser.send(form)
    assert (browser.status, problems(browser)) == (422, ["E-QUOTE"])
    assert "This offer is more than 30 minutes old. We refreshed it." in browser.text
    assert await orders(shop) == []
    await press(browser)
    await pay(browser)
    await settled(shop)
    await sold_once(shop)


async def test_seats_that_cannot_be_bought_are_told_and_kept_as_typed(shop: Shop) -> None:
    browser = await at_checkout(shop)
    await press(browser, **NEW_YORK)
    form = order_form(browser)
    for typed, which in (
        ("0", "E-SEATS"),
        ("-1", "E-SEATS"),
        ("1.5", "E-SEATS"),
        ("ten", "E-SEATS"),
        ("❾", "E-SEATS"),
        ("", "E-SEATS"),
        ("1e3", "E-SEATS"),
        ("5001", "E-SEATS-MAX"),
        (HUGE, "E-SEATS"),
    ):
        await browser.send(form, seats=typed)
        assert (browser.status, problems(browser)) == (422, [which]), typed
        assert browser.form("Show the price").fields["seats"] == (typed or "10")
        await browser.press("Show the price", seats=typed)
        assert (browser.status, problems(browser)) == (422, [which]), typed
    assert "Enter the number of seats as a whole number from 1 to 5,000, like 25." in browser.text
    assert await orders(shop) == []


async def test_a_live_change_answers_the_parts_that_changed_and_judges_nothing_as_missing(shop: Shop) -> None:
    browser = await at_checkout(shop)
    form = order_form(browser)
    answer = await browser.change(form, "/seats", seats="12")
    assert (answer.status_code, total(browser)) == (200, 417_600)
    assert "<html" not in answer.text
    assert problems(browser) == []
    answer = await browser.change(form, "/address", country="US")
    assert 'name="region"' in answer.text
    assert "after the address" in answer.text
    await browser.change(form, "/address", country="US", region="NY")
    assert total(browser) == 378_885
    answer = await browser.change(form, "/seats", seats="ten")
    assert answer.status_code == 422
    assert "E-SEATS" in answer.text  # beside the field: the focus stays where somebody types
    assert await orders(shop) == []


async def test_fewer_seats_than_members_are_told_and_can_be_bought(shop: Shop) -> None:
    browser = await at_checkout(shop, "/buy?plan=team&group=zen&seats=10")
    assert problems(browser) == []
    assert notes(browser) == ["E-SEATS-LOW"]
    assert "'zen' has 14 members. With 10 seats you will be 4 over." in browser.text
    await to_payment(browser)
    await pay(browser)
    await settled(shop)
    await sold_once(shop, group_id="zen")


async def test_an_own_server_with_more_users_than_seats_is_told(shop: Shop) -> None:
    browser = await at_checkout(shop, "/buy?plan=team&deployment=self_hosted&seats=10")
    await browser.press("Update the total", instance_users="25")
    assert notes(browser) == ["E-SEATS-LOW"]
    assert "With 10 seats you will be 15 over" in browser.text
    await browser.press("Update the total", instance_users="")
    assert notes(browser) == []


async def test_an_address_that_cannot_be_billed_is_told_and_kept_as_typed(shop: Shop) -> None:
    browser = await at_checkout(shop, "/buy?plan=team&deployment=self_hosted&seats=10&currency=eur")
    for place, which, says in (
        (NEW_YORK | {"region": ""}, ["E-ADDR-REGION"], "Choose a state: your bank checks it."),
        (NEW_YORK | {"region": "ZZ"}, ["E-ADDR-REGION"], "Choose a state"),
        (NEW_YORK | {"country": "CA", "region": "NY"}, ["E-ADDR-REGION", "E-ADDR-POST"], "Choose a province"),
        (BERLIN | {"postal_code": "ABC"}, ["E-ADDR-POST"], "This postal code does not look right for Germany."),
        (BERLIN | {"country": "KP"}, ["E-COUNTRY"], "We cannot sell to this country."),
        (BERLIN | {"country": ""}, ["E-INPUT"], "Choose the country of the billing address."),
        (dict.fromkeys(BERLIN, ""), ["E-INPUT"] * 5, "Enter the postal code."),
        (BERLIN | {"country": "ZZ"}, ["E-INPUT"], "Choose the country"),
        (BERLIN | {"country": "<b"}, ["E-INPUT"], "Choose the country"),
        (BERLIN | {"country": "❾❾"}, ["E-INPUT"], "Choose the country"),
        (BERLIN | {"full_name": " ", "line1": "", "city": ""}, ["E-INPUT"] * 3, "Enter your full name."),
        (BERLIN | {"email": "ann"}, ["E-INPUT"], "Enter an e-mail address like name@example.com."),
        (BERLIN | {"terms": ""}, ["E-INPUT"], "Tick the box to agree to the terms."),
        (BERLIN | {"full_name": "x" * 256}, ["E-INPUT"], "Use 255 characters or fewer."),
        (BERLIN | {"company": "a\x00b"}, ["E-INPUT"], "a character that cannot be shown"),
    ):
        await browser.open(browser.url)
        await browser.press("and subscribe", **(NOTHING | place))
        assert (browser.status, problems(browser)) == (422, which), place
        assert says in browser.text
        shown = browser.form("and subscribe").fields
        kept = {name: shown.get(name) for name in place if name in ("full_name", "email", "line1", "city", "company")}
        assert kept == {name: place[name] for name in kept}
    assert await orders(shop) == []
    await press(browser, **BERLIN)
    assert browser.url.startswith(shop.deps.config.vendor_url)
    assert total(browser) == 385_560


async def test_a_field_sent_twice_is_told_and_a_file_is_nothing(shop: Shop) -> None:
    browser = await at_checkout(shop)
    await press(browser, **NEW_YORK)
    form = order_form(browser)
    for name, value in (("seats", "11"), ("country", "DE"), ("attempt", "att_x")):
        await browser.send_pairs(form, (name, value))
        assert browser.status == 422, name
        assert "This field was sent twice. Fill it in once." in browser.text, name
    assert await orders(shop) == []


async def test_fields_that_the_page_does_not_have_are_not_read(shop: Shop) -> None:
    browser = await at_checkout(shop)
    more = {"state": "paid", "amount_paid": "378885", "order_id": "O-1", "account_id": "acc_1", "plan": "free"}
    more |= {"currency": "eur", "is_admin": "true", "person_id": "per_1", "offer": "team-hosted-usd-y-0"}
    await press(browser, **NEW_YORK, **more)
    assert total(browser) == 378_885
    await press(browser, **more)
    await nothing_charged(shop)
    (found,) = await orders(shop)
    assert (found.state.value, found.plan, found.currency, found.amount_paid) == ("submitted", "team", "usd", 0)
    assert found.offer == "team-hosted-usd-y-1"


async def test_a_press_without_an_attempt_is_a_press_of_its_own(shop: Shop) -> None:
    """Somebody else's press without one must not be taken for the same."""
    for who, group in (("ann", "acme"), ("eve", "eves")):
        await shop.product.seed((), [SeedGroup(id="eves", owners=("eve",))])
        browser = await at_checkout(shop, f"/buy?plan=team&group={group}&seats=10", who)
        await browser.press("Update the total", **NEW_YORK)
        await press(browser, attempt="", card="new")
        assert browser.url.startswith(shop.deps.config.vendor_url), who
    assert len(await orders(shop)) == 2


async def test_a_body_that_is_too_large_or_cannot_be_read_is_refused(shop: Shop) -> None:
    browser = await at_checkout(shop)
    for body, kind, status in (
        ("company=" + "x" * 300_000, "application/x-www-form-urlencoded", 413),
        ("&".join(f"f{n}=1" for n in range(5_000)), "application/x-www-form-urlencoded", 400),
        ("nonsense", "multipart/form-data; boundary=x", 400),
        ("nonsense", "multipart/form-data", 400),
    ):
        answer = await browser.raw(browser.url, body, kind)
        assert answer.status_code == status, kind
    assert await orders(shop) == []


async def dearer(shop: Shop, amount: int) -> None:
    """Let the vendor charge another price for a Team seat from now on."""
    change = update(prices).where(prices.c.key == "team-hosted-usd-y-1").values(amount=amount)
    await shop.vendor.calls.database.write(lambda connection: connection.execute(change))


NOTHING = dict.fromkeys(("country", "region", "postal_code", "company", "line2", "tax_id"), "")
