"""The hosted pages: paying without scripts, mistakes mended, no way in for other sites, nothing secret kept."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from app.core.clock import FrozenClock
from app.http import AsyncClient, Response
from app.vendor_adapters.embedded import EmbeddedVendor, EmbeddedWorld
from app.vendor_adapters.embedded.faults import Fault, PlannedFault
from app.vendor_adapters.embedded.pages import MAX_BODY_BYTES, create_pages
from app.vendor_adapters.types import CheckoutState, PortalPurpose, SetSeats
from tests.adapters.embedded.shop import (
    CANCEL_TO,
    CHALLENGES,
    DECLINES,
    FRENCH_VAT,
    MINUTES,
    NO_ANSWER,
    ORIGIN,
    PARIS,
    PAYS,
    RETURN_TO,
    STORE,
    TEAM,
    TEAM_EUR,
    Shop,
    cart,
    profile,
)
from tests.support.asgi import asgi_client

CARD = {"cc-number": PAYS, "cc-exp": "12/30", "cc-csc": "123", "cc-name": "Ann Example"}


@pytest.fixture
async def browser(vendor: EmbeddedVendor) -> AsyncIterator[AsyncClient]:
    """Somebody's browser on the vendor's origin; it follows no redirect by itself."""
    async with asgi_client(create_pages(vendor), base_url=ORIGIN) as client:
        yield client


async def test_the_page_shows_what_is_paid_and_that_no_money_moves(shop: Shop, browser: AsyncClient) -> None:
    launch = await shop.discount(TEAM, percent_bp=2000)
    ref = await shop.open(replace(cart((TEAM, 10)), discounts=(launch,)))
    page = (await browser.get(f"/pay/{ref}")).text
    assert "This is a demonstration: no money moves." in page
    assert 'data-total="303108" data-currency="usd"' in page
    for text in ("Team", "3,480.00 USD", "−696.00 USD", "Tax 8.875 %", f'href="{CANCEL_TO}"'):
        assert text in page
    (primary,) = re.findall(r"<button[^>]*data-primary[^>]*>([^<]*)<", page)
    assert primary == "Pay 3,031.08 USD"
    for field in CARD:
        assert f'name="{field}"' in page
        assert f'autocomplete="{field}"' in page


async def test_paying_sends_the_buyer_back_and_a_second_press_charges_nothing(
    shop: Shop, browser: AsyncClient, world: EmbeddedWorld
) -> None:
    ref = await shop.open(cart((TEAM, 1)))
    for _ in range(2):
        _leads_to(await browser.post(f"/pay/{ref}", data=CARD), RETURN_TO)
    assert len((await world.books())["charges"]) == 1
    page = await browser.get(f"/pay/{ref}")
    assert "This is paid" in page.text
    assert RETURN_TO in page.text


async def test_a_decline_sends_the_buyer_back_to_the_store(shop: Shop, browser: AsyncClient) -> None:
    ref = await shop.open(cart((TEAM, 1)))
    _leads_to(await browser.post(f"/pay/{ref}", data=CARD | {"cc-number": DECLINES}), CANCEL_TO)
    _leads_to(await browser.post(f"/pay/{ref}", data=CARD), RETURN_TO)


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ({"cc-number": ""}, "Enter the card number"),
        ({"cc-number": "4242 4242 4242 4243"}, "a digit is wrong"),
        ({"cc-number": "4111 1111 1111 1111"}, "Use one of the test cards"),
        ({"cc-number": "9" * 5000}, "Enter the card number"),
        ({"cc-number": "❾❾❾❾❾❾❾❾❾❾❾❾❾"}, "Enter the card number"),
        ({"cc-exp": "13/30"}, "Enter the month and year"),
        ({"cc-exp": "10/26"}, "has expired"),
        ({"cc-csc": "12"}, "3 or 4 digits"),
        ({"cc-name": " "}, "Enter the name"),
    ],
)
async def test_a_mistake_answers_422_and_keeps_what_may_be_kept(
    shop: Shop, browser: AsyncClient, world: EmbeddedWorld, typed: dict[str, str], text: str
) -> None:
    ref = await shop.open(cart((TEAM, 1)))
    (field,) = typed
    answer = await browser.post(f"/pay/{ref}", data=CARD | {"cc-name": "<i>Ann</i>"} | typed)
    assert answer.status_code == 422
    assert "<title>Error: " in answer.text
    assert "There is a problem" in answer.text
    assert f'<a href="#{field}">' in answer.text
    assert text in answer.text
    assert 'value="4' not in answer.text
    assert 'value="123"' not in answer.text
    assert "<i>Ann" not in answer.text
    assert field == "cc-name" or 'value="&lt;i&gt;Ann&lt;/i&gt;"' in answer.text
    assert (await world.books())["declines"] == []


@pytest.mark.parametrize("written", ["12/30", "12/2030", " 12 / 30 ", "1/28"])
async def test_a_date_may_be_written_as_people_write_it(shop: Shop, browser: AsyncClient, written: str) -> None:
    ref = await shop.open(cart((TEAM, 1)))
    spaced = CARD | {"cc-exp": written, "cc-number": "4242-4242 4242 4242"}
    _leads_to(await browser.post(f"/pay/{ref}", data=spaced), RETURN_TO)


async def test_the_banks_check(shop: Shop, browser: AsyncClient) -> None:
    ref = await shop.open(cart((TEAM, 1)))
    challenge = f"/pay/{ref}/challenge"
    _leads_to(await browser.get(challenge), f"/pay/{ref}")
    _leads_to(await browser.post(f"/pay/{ref}", data=CARD | {"cc-number": CHALLENGES}), challenge)
    page = (await browser.get(challenge)).text
    assert re.findall(r"<button[^>]*>(\w+)<", page) == ["Complete", "Fail"]
    _leads_to(await browser.post(challenge, data={"answer": "nonsense"}), challenge)
    assert challenge in (await browser.get(f"/pay/{ref}")).text
    _leads_to(await browser.post(challenge, data={"answer": "fail"}), CANCEL_TO)
    await browser.post(f"/pay/{ref}", data=CARD | {"cc-number": CHALLENGES})
    _leads_to(await browser.post(challenge, data={"answer": "complete"}), RETURN_TO)


async def test_a_stored_cards_check_comes_back_to_one_place(shop: Shop, browser: AsyncClient) -> None:
    for answer in ("fail", "complete"):
        subscription = await shop.subscription(card=CHALLENGES)
        order = shop.order()
        await shop.apply(subscription.ref, SetSeats(base=10, seats=11), order)
        (checkout,) = await shop.vendor.find_checkouts(order)
        _leads_to(await browser.post(checkout.url, data={"answer": answer}), RETURN_TO)
    assert (await shop.vendor.get_subscription(subscription.ref)).seats == 11


async def test_a_silent_bank_sends_the_buyer_to_the_store(shop: Shop, browser: AsyncClient) -> None:
    ref = await shop.open(cart((TEAM, 1)))
    _leads_to(await browser.post(f"/pay/{ref}", data=CARD | {"cc-number": NO_ANSWER}), RETURN_TO)
    assert "has not answered yet" in (await browser.get(f"/pay/{ref}")).text


async def test_a_page_that_has_ended_says_so(shop: Shop, browser: AsyncClient, clock: FrozenClock) -> None:
    ref = await shop.open(cart((TEAM, 1)))
    clock.advance(timedelta(hours=25))
    _leads_to(await browser.post(f"/pay/{ref}", data=CARD), f"/pay/{ref}")
    page = (await browser.get(f"/pay/{ref}")).text
    assert "Nothing was charged" in page
    assert CANCEL_TO in page
    assert (await shop.vendor.get_checkout(ref)).state is CheckoutState.EXPIRED


async def test_nothing_due_is_confirmed_without_a_card(shop: Shop, browser: AsyncClient) -> None:
    free = await shop.discount(TEAM, percent_bp=10_000)
    ref = await shop.open(replace(cart((TEAM, 1)), discounts=(free,)))
    page = (await browser.get(f"/pay/{ref}")).text
    assert "cc-number" not in page
    _leads_to(await browser.post(f"/pay/{ref}"), RETURN_TO)
    assert (await shop.vendor.get_checkout(ref)).state is CheckoutState.COMPLETE


async def test_reading_pages_changes_nothing(shop: Shop, browser: AsyncClient, world: EmbeddedWorld) -> None:
    ref = await shop.open(cart((TEAM, 1)))
    await shop.type_card(ref, CHALLENGES)
    customer = await shop.customer()
    before = await world.books()
    portal = await shop.vendor.portal_page(customer, purpose=PortalPurpose.INVOICES, return_to=STORE)
    for address in (f"/pay/{ref}", f"/pay/{ref}/challenge", portal, "/", "/healthz", "/static/vendor.css"):
        assert (await browser.get(address)).status_code == 200
    assert await world.books() == before


async def test_an_invoice_can_be_read_by_who_has_its_address(shop: Shop, browser: AsyncClient) -> None:
    paid = await shop.purchase(cart((TEAM_EUR, 5), address=PARIS, tax_id=FRENCH_VAT))
    assert paid.invoice is not None
    page = (await browser.get((await shop.vendor.get_invoice(paid.invoice)).document_url)).text
    for text in ("Invoice INV-000001", "1,620.00 EUR", "VAT 0 %, reverse charge", "FR40303265045", "75001 Paris"):
        assert text in page


async def test_cards_are_added_preferred_and_removed(shop: Shop, browser: AsyncClient) -> None:
    subscription = await shop.subscription()
    customer = subscription.customer
    portal = await shop.vendor.portal_page(customer, purpose=PortalPurpose.PAYMENT_METHODS, return_to=STORE + "/cards")
    first = (await shop.vendor.payment_methods(customer))[0]
    assert f"{STORE}/cards" in (await browser.get(portal)).text
    assert (await browser.post(f"{portal}/cards", data=CARD | {"cc-csc": ""})).status_code == 422
    declined = await browser.post(f"{portal}/cards", data=CARD | {"cc-number": DECLINES})
    assert declined.status_code == 422
    assert "declined this card" in declined.text
    assert (await browser.post(f"{portal}/cards/{first.ref}/remove")).status_code == 422
    path = portal.removeprefix(ORIGIN)
    _leads_to(await browser.post(f"{portal}/cards", data=CARD | {"cc-number": "5555555555554444"}), path)
    second = (await shop.vendor.payment_methods(customer))[1]
    _leads_to(await browser.post(f"{portal}/cards/{second.ref}/default"), path)
    _leads_to(await browser.post(f"{portal}/cards/{first.ref}/remove"), path)
    (left,) = await shop.vendor.payment_methods(customer)
    assert (left.ref, left.is_default) == (second.ref, True)


async def test_a_card_of_somebody_else_cannot_be_touched(shop: Shop, browser: AsyncClient) -> None:
    theirs = (await shop.vendor.payment_methods(await shop.customer("acc_2", card=PAYS)))[0]
    mine = await shop.vendor.portal_page(await shop.customer(), purpose=PortalPurpose.PAYMENT_METHODS, return_to=STORE)
    for act in ("default", "remove"):
        assert (await browser.post(f"{mine}/cards/{theirs.ref}/{act}")).status_code == 404


async def test_the_customers_page_ends(shop: Shop, browser: AsyncClient, clock: FrozenClock) -> None:
    customer = await shop.customer()
    portal = await shop.vendor.portal_page(customer, purpose=PortalPurpose.INVOICES, return_to=STORE)
    assert (await browser.get(portal[:-1] + ("0" if portal[-1] != "0" else "1"))).status_code == 404
    clock.advance(timedelta(minutes=30))
    assert (await browser.get(portal)).status_code == 404


async def test_other_sites_cannot_send_forms(shop: Shop, browser: AsyncClient) -> None:
    ref = await shop.open(cart((TEAM, 1)))
    for headers in (
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
    ):
        answer = await browser.post(f"/pay/{ref}", data=CARD, headers=headers)
        assert answer.status_code == 403
        assert "content-security-policy" in answer.headers
    assert (await shop.vendor.get_checkout(ref)).state is CheckoutState.OPEN
    _leads_to(
        await browser.post(f"/pay/{ref}", data=CARD, headers={"sec-fetch-site": "same-origin", "origin": ORIGIN}),
        RETURN_TO,
    )


async def test_every_answer_is_guarded(shop: Shop, browser: AsyncClient) -> None:
    ref = await shop.open(cart((TEAM, 1)))
    answers = [
        await browser.get(f"/pay/{ref}"),
        await browser.post(f"/pay/{ref}"),
        await browser.get("/pay/nothing"),
        await browser.get("/nothing"),
        await browser.delete("/"),
        await browser.post(f"/pay/{ref}", content=b"x" * (MAX_BODY_BYTES + 1)),
        await browser.get("/static/vendor.css"),
        await browser.get("/static/kassa.css"),
        await browser.get("/static/..%2fpyproject.toml"),
    ]
    assert [answer.status_code for answer in answers] == [200, 422, 404, 404, 405, 413, 200, 404, 404]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert f"form-action 'self' {STORE};" in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
    assert answers[0].headers["cache-control"] == "no-store"


async def test_a_vendor_that_is_down_shows_no_pages(shop: Shop, browser: AsyncClient, world: EmbeddedWorld) -> None:
    ref = await shop.open(cart((TEAM, 1)))
    await world.set_faults([PlannedFault(op="any", fault=Fault.DOWN, times=0)])
    answer = await browser.post(f"/pay/{ref}", data=CARD)
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "content-security-policy" in answer.headers
    await world.clear_faults()
    assert (await browser.get(f"/pay/{ref}")).status_code == 200


async def test_names_are_shown_and_never_run(shop: Shop, browser: AsyncClient) -> None:
    script = "<script>alert(1)</script>"
    customer = await shop.vendor.ensure_customer(replace(profile(), company=script, full_name=script), key=shop.key())
    paid = await shop.purchase(replace(cart((MINUTES, 1)), customer=customer))
    assert paid.invoice is not None
    pages = [
        (await shop.vendor.get_invoice(paid.invoice)).document_url,
        await shop.vendor.portal_page(customer, purpose=PortalPurpose.INVOICES, return_to=STORE),
    ]
    for address in pages:
        page = (await browser.get(address)).text
        assert "<script" not in page
        assert "&lt;script&gt;" in page


async def test_no_card_number_is_kept(shop: Shop, browser: AsyncClient, tmp_path: Path) -> None:
    ref = await shop.open(cart((TEAM, 1)))
    await browser.post(f"/pay/{ref}", data=CARD | {"cc-number": DECLINES})
    await browser.post(f"/pay/{ref}", data=CARD)
    kept = _kept(tmp_path)
    assert b"4242" in kept
    assert PAYS.encode() not in kept
    assert DECLINES.encode() not in kept


def _kept(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("vendor.db*"))


def _leads_to(answer: Response, address: str) -> None:
    assert (answer.status_code, answer.headers["location"]) == (303, address)
