"""A plan for an own server: no group, and an activation code that only its buyer can read."""

import re
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, TextClause, inspect, text

from app.db.schema.entitlements import activation_codes
from app.flows.settle import settle
from tests.support.journeys import (
    NEW_YORK,
    OWN_SERVER,
    at_checkout,
    bought,
    pay,
    pay_and_leave,
    press,
    problems,
    settled,
    to_payment,
    total,
)
from tests.support.shop import Browser, Shop
from tests.support.witness import count, mails, only_order, orders

pytestmark = pytest.mark.engines("sqlite")
CODE = re.compile(r'<code id="activation-code">([0-9A-Z-]+)</code>')


def code(browser: Browser) -> str:
    """Return the activation code on the page."""
    found = CODE.search(browser.text)
    assert found is not None, f"no code on {browser.url}"
    return found[1]


async def test_the_code_stands_on_the_page_and_in_the_mail(shop: Shop) -> None:
    browser = await bought(shop, OWN_SERVER)
    await browser.open(browser.url)
    assert "You have Team for 10 people" in browser.text
    shown = code(browser)
    assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){5}[0-9A-HJKMNP-TV-Z]{4}", shown)
    (mail,) = await mails(shop, "activation_code")
    assert mail["to"] == "ann@acme.example"
    assert shown in mail["text"]
    assert shown in mail["html"]
    sold = await only_order(shop)
    assert (sold.state.value, sold.deployment, sold.group_id) == ("granted", "self_hosted", "")
    (subscription,) = await shop.books("subscriptions")
    assert str(subscription["subject"]).startswith("instance:")
    assert subscription["offer"] == "team-self-usd-y-1"


async def test_the_code_is_the_same_however_often_the_order_is_settled(shop: Shop) -> None:
    await shop.world.set_faults({"webhooks": {"duplicate": 3, "shuffle": True}})
    browser = await bought(shop, OWN_SERVER)
    await browser.open(browser.url)
    first = code(browser)
    for _ in range(2):
        await settled(shop)
        await settle(shop.deps, (await only_order(shop)).order_id)
        await browser.open(browser.url)
        assert code(browser) == first
    assert await count(shop, activation_codes) == 1
    assert len(await mails(shop, "activation_code")) == 1


async def test_the_code_is_nowhere_readable_in_the_database(shop: Shop) -> None:
    browser = await at_checkout(shop, OWN_SERVER)
    await to_payment(browser)
    await pay(browser)  # the page has settled it; the mail, sealed, still waits in the outbox
    shown = code(browser)
    for secret in (shown, shown.replace("-", "")):
        for path in Path(shop.deps.db.url.removeprefix("sqlite:///")).parent.glob("kassa.db*"):
            assert secret.encode() not in path.read_bytes(), path.name
    await settled(shop)
    tables = await shop.deps.db.read(lambda connection: inspect(connection).get_table_names())
    for table in set(tables) - {"mails"}:  # where the demonstration shows what a real mailbox would hold
        query = text(f"SELECT * FROM {table}")  # noqa: S608 (names from the database itself)
        rows = str(await shop.deps.db.read(partial(executed, query=query)))
        assert shown not in rows
        assert shown.replace("-", "") not in rows


def executed(connection: Connection, query: TextClause) -> object:
    """Return all rows of a query."""
    return connection.execute(query).all()


async def test_the_code_stands_on_the_card_of_the_subscription(shop: Shop) -> None:
    browser = await bought(shop, OWN_SERVER)
    await browser.open(browser.url)
    shown = code(browser)
    await browser.open(browser.link("The subscription"))
    assert "Team, self-hosted" in browser.text
    assert code(browser) == shown
    await browser.open(browser.link("Add seats"))
    assert "Add seats for your own servers" in browser.text


async def test_nobody_else_reads_the_code(shop: Shop) -> None:
    await bought(shop, OWN_SERVER)
    bob = await shop.known("bob")
    await bob.open(f"/orders/{(await only_order(shop)).order_id}")
    assert bob.status == 404
    assert CODE.search(bob.text) is None


async def test_each_order_is_an_instance_with_a_code_of_its_own(shop: Shop) -> None:
    browser = await bought(shop, OWN_SERVER)
    await browser.open(browser.url)
    first = code(browser)
    await browser.open(OWN_SERVER)
    await press(browser)
    assert code(browser) != first
    assert len(await shop.books("subscriptions")) == 2


async def test_a_contact_without_a_product_account_buys_by_a_link_in_a_mail(shop: Shop) -> None:
    contact = shop.browser()
    await contact.open(OWN_SERVER)
    await contact.open("/login/link?next=/buy%3Fplan%3Dteam%26deployment%3Dself_hosted%26seats%3D10")
    await contact.press("Mail me a link", email="Buyer@Contact.example")
    await settled(shop)
    (mail,) = await mails(shop, "sign_in_link")
    link = re.search(r"http://\S+/login/link/\S+", mail["text"])
    assert link is not None
    await contact.open(link[0])
    await contact.press("Sign in")
    assert "Buy Team, self-hosted" in contact.text
    assert contact.form("and subscribe").fields["email"] == "buyer@contact.example"
    await press(contact, **(NEW_YORK | {"email": "buyer@contact.example"}))
    await press(contact)
    await pay(contact)
    assert code(contact)
    await settled(shop)
    (receipt,) = await mails(shop, "receipt")
    assert receipt["to"] == "buyer@contact.example"


async def test_such_a_contact_owns_no_group(shop: Shop) -> None:
    contact = shop.browser()
    await contact.open("/login/link?next=/buy%3Fplan%3Dteam%26group%3Dacme")
    await contact.press("Mail me a link", email="buyer@contact.example")
    await settled(shop)
    (mail,) = await mails(shop, "sign_in_link")
    link = re.search(r"http://\S+/login/link/\S+", mail["text"])
    assert link is not None
    await contact.open(link[0])
    await contact.press("Sign in")
    assert (contact.status, problems(contact)) == (403, ["E-OWNER"])
    assert "7 members" not in contact.text


async def test_a_buyer_who_never_returned_finds_the_code_in_the_mail(shop: Shop) -> None:
    await shop.world.set_faults({"webhooks": {"drop": 1.0}})
    browser = await at_checkout(shop, OWN_SERVER)
    await to_payment(browser)
    assert total(browser) == 378_885
    await pay_and_leave(browser)
    await settled(shop)
    assert [each.state.value for each in await orders(shop)] == ["granted"]
    assert len(await mails(shop, "activation_code")) == len(await mails(shop, "receipt")) == 1
