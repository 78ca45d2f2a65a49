"""What is somebody else's is not there: every address with an id in it answers 404, whatever the id is of."""

import pytest
from sqlalchemy import Connection

from app.identity.accounts import BillingAccount, accounts_of
from app.identity.actor import Person
from app.identity.managers import new_invite
from app.identity.people import find_by_verified_email
from app.orders.store import Order, orders_of
from app.vendor_adapters.types import CustomerRef
from tests.support.journeys import settled
from tests.support.shop import Browser, Form, Shop

READ = (
    "/orders/{order}",
    "/checkouts/{intent}",
    "/invoices?account={account}",
    "/payment-methods?account={account}",
    "/account?account={account}",
    "/history?account={account}",
    "/history.csv?account={account}",
    "/invites/{invite}",
)
# (address, fields): {own} is the account of whoever asks, so that only the other id is foreign
WRITTEN: tuple[tuple[str, dict[str, str]], ...] = (
    ("/orders/{order}/payment", {}),
    ("/orders/{order}/cancellation", {}),
    ("/checkouts/{intent}", {"attempt": "att_1"}),
    ("/checkouts/{intent}/seats", {"packs": "3"}),
    ("/checkouts/{intent}/address", {"country": "DE"}),
    ("/payment-methods/default", {"account": "{account}", "card": "{card}"}),
    ("/payment-methods/default", {"account": "{own}", "card": "{card}"}),
    ("/payment-methods/portal", {"account": "{account}"}),
    ("/account/invites", {"account": "{account}", "email": "eve@hooli.example"}),
    ("/account/invites/{invite}/withdrawal", {"account": "{account}"}),
    ("/account/invites/{invite}/withdrawal", {"account": "{own}"}),
    ("/account/managers/{person}/removal", {"account": "{account}"}),
    ("/account/managers/{person}/removal", {"account": "{own}"}),
    ("/account/contacts", {"account": "{account}", "full_name": "Eve", "bill_to_email": "eve@hooli.example"}),
    ("/invites/{invite}", {}),
)


async def bobs_ids(shop: Shop) -> dict[str, str]:
    """Return an id of everything that bob has, and of eve's account."""
    browser = await shop.signed_in("bob")
    await browser.open("/buy/packs?addon=compute-1000&group=globex")
    intent = browser.url.rsplit("/", 1)[1]
    await browser.press("Pay ")
    await settled(shop)

    def read(connection: Connection) -> tuple[Person, BillingAccount, BillingAccount, Order, str]:
        issuer = shop.deps.config.oidc.issuer
        (bob,) = find_by_verified_email(connection, issuer, "bob@globex.example")
        (eve,) = find_by_verified_email(connection, issuer, "eve@hooli.example")
        (account,) = accounts_of(connection, bob.person_id)
        (own,) = accounts_of(connection, eve.person_id)
        (order,) = orders_of(connection, bob.person_id, limit=5)
        invite, _token = new_invite(
            connection, account.account_id, email="x@example.com", invited_by=bob.person_id, now=shop.clock.wall()
        )
        return bob, account, own, order, invite

    bob, account, own, order, invite = await shop.deps.db.write(read)
    (card, *_) = await shop.deps.vendor.payment_methods(CustomerRef(account.customer_ref or ""))
    return {
        "intent": intent,
        "order": order.order_id,
        "account": account.account_id,
        "own": own.account_id,
        "card": card.ref,
        "invite": invite,
        "person": bob.person_id,
    }


async def statuses(shop: Shop, browser: Browser, ids: dict[str, str]) -> dict[str, int]:
    found = {}
    for address in READ:
        found[address] = (await browser.open(address.format(**ids))).status_code
    await browser.open("/plans")
    for address, fields in WRITTEN:
        form = Form(action=address.format(**ids), fields={key: value.format(**ids) for key, value in fields.items()})
        found[f"POST {address} {fields}"] = (await browser.send(form)).status_code
    return found


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize("kind", ["foreign", "made up"])
async def test_foreign_and_made_up_ids_are_not_there(shop: Shop, kind: str) -> None:
    ids = await bobs_ids(shop)
    if kind == "made up":
        ids = {name: value if name == "own" else f"{value[:-3]}xyz" for name, value in ids.items()}
    eve = await shop.signed_in("eve")
    found = await statuses(shop, eve, ids)
    assert {address: status for address, status in found.items() if status != 404} == {}
