"""What is somebody else's is not there: every address with an id in it answers 404, whatever the id is of.

The routes of the application are walked: one with an id in its path that has no case here fails the test.
"""

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection
from starlette.routing import BaseRoute, Mount, Route

from app.identity.accounts import BillingAccount, accounts_of
from app.identity.actor import Person
from app.identity.managers import new_invite
from app.identity.people import find_by_verified_email
from app.main import store_routes
from app.orders.store import Order, orders_of
from app.vendor_adapters.types import CustomerRef
from tests.support.customers import subscription_of
from tests.support.journeys import settled
from tests.support.shop import Browser, Form, Shop

# What stands in a path and is no id of anybody's: a link that is meant for everybody, a vendor's name, a secret of its
# own that the sign-in's tests speak of. Pages of a role are closed as a whole, which their own tests show.
NO_IDS = {"slug", "name", "vendor", "filename", "path"}
OTHERWISE = ("/login/link/", "/account/email/", "/marketing", "/support", "/_demo")

# (address, fields): {own} is the account of whoever asks, so that only the other id is foreign
Case = tuple[str, dict[str, str]]
CHANGE = {"add": "3", "base": "10", "seats": "10", "plan": "scale", "attempt": "att_x", "quote": "quo_x", "total": "1"}
READ = (
    "/orders/{order}",
    "/checkouts/{intent}",
    "/subscriptions/{subscription}",
    "/subscriptions/{subscription}/seat-changes",
    "/subscriptions/{subscription}/plan-changes",
    "/subscriptions/{subscription}/renewal",
    "/subscriptions/{subscription}/renewal/payment",
    "/subscriptions/{subscription}/usage",
    "/subscriptions/{subscription}/usage.csv",
    "/groups/{group}/subscription",
    "/groups/{group}/usage",
    "/groups/{group}/usage.csv",
    "/sales/{lead}",
    "/invites/{invite}",
    "/buy/seats?subscription={subscription}",
    "/buy/seats?group={group}",
    "/invoices?account={account}",
    "/payment-methods?account={account}",
    "/account?account={account}",
    "/history?account={account}",
    "/history.csv?account={account}",
)
WRITTEN: tuple[Case, ...] = (
    ("/orders/{order}/payment", {}),
    ("/orders/{order}/cancellation", {}),
    ("/orders/{order}/return", {}),
    ("/checkouts/{intent}", {"attempt": "att_1"}),
    ("/checkouts/{intent}/seats", {"packs": "3"}),
    ("/checkouts/{intent}/address", {"country": "DE"}),
    ("/checkouts/{intent}/promo-code", {"code": "LAUNCH20"}),
    ("/subscriptions/{subscription}/card", {}),
    ("/subscriptions/{subscription}/seat-changes", CHANGE),
    ("/subscriptions/{subscription}/seat-changes/quote", CHANGE),
    ("/subscriptions/{subscription}/seat-changes/promo-code", CHANGE | {"code": "GROW50"}),
    ("/subscriptions/{subscription}/plan-changes", CHANGE),
    ("/subscriptions/{subscription}/plan-changes/quote", CHANGE),
    ("/subscriptions/{subscription}/renewal", CHANGE | {"decision": "end", "reason": "other"}),
    ("/subscriptions/{subscription}/renewal/payment", CHANGE),
    ("/subscriptions/{subscription}/renewal/payment/quote", CHANGE),
    ("/subscriptions/{subscription}/renewal/seats", CHANGE),
    ("/subscriptions/{subscription}/renewal/undo", CHANGE),
    ("/groups/{group}/alerts/minutes/dismissal", {"next": "/plans"}),
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


def with_ids() -> Iterator[tuple[str, Route]]:
    """Yield method and route of every address of the store with an id in it."""
    for route in _flat(store_routes()):
        ids = set(route.param_convertors) - NO_IDS
        if ids and not route.path.startswith(OTHERWISE):
            yield from ((method, route) for method in sorted((route.methods or set()) - {"HEAD"}))


def _flat(routes: list[BaseRoute]) -> Iterator[Route]:
    for route in routes:
        if isinstance(route, Mount):
            yield from _flat(list(route.routes))
        elif isinstance(route, Route):
            yield route


def test_every_route_with_an_id_has_a_case() -> None:
    cases = {"GET": READ, "POST": tuple(address for address, _fields in WRITTEN)}
    without = [
        f"{method} {route.path}"
        for method, route in with_ids()
        if not any(re.fullmatch(route.path_regex, address.partition("?")[0]) for address in cases[method])
    ]
    assert without == []


async def bobs_ids(shop: Shop) -> dict[str, str]:
    """Return an id of everything that bob has, and of eve's account."""
    browser = await shop.signed_in("bob")
    await browser.open("/buy/packs?addon=compute-1000&group=globex")
    intent = browser.url.rsplit("/", 1)[1]
    await browser.press("Pay ")
    await settled(shop)
    await browser.open("/sales")
    await browser.press("Send to sales", name="Bob", email="bob@globex.example", consent="yes")
    lead = browser.url.rsplit("/", 1)[1]

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
        "subscription": (await subscription_of(shop, "globex")).subscription_id,
        "group": "globex",
        "account": account.account_id,
        "own": own.account_id,
        "card": card.ref,
        "invite": invite,
        "person": bob.person_id,
        "lead": lead,
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
    allowed = {}
    if kind == "made up":
        ids = {name: value if name == "own" else f"{value[:-3]}xyz" for name, value in ids.items()}
        allowed = {"/buy/seats?group={group}": 403}  # E-OWNER, which reads the same whether the group exists or not
    eve = await shop.signed_in("eve")
    found = await statuses(shop, eve, ids)
    assert {address: status for address, status in found.items() if status != 404} == allowed


@pytest.mark.engines("sqlite")
async def test_whoever_they_belong_to_finds_them(shop: Shop) -> None:
    """Without this, an address that is misspelt above would pass for one that keeps a secret."""
    ids = await bobs_ids(shop)
    bob = await shop.signed_in("bob")
    for address in READ:
        if "{invite}" not in address and "{lead}" not in address:  # of a mail, and of the browser that sent it
            assert (await bob.open(address.format(**ids))).status_code == 200, address
