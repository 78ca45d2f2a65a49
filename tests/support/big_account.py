"""An account of any size: so many subscriptions with a group each, so many invoices, so many managers."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, insert

from app.db.schema.identity import account_managers
from app.demo.seed import SeedGroup, SeedPerson
from app.flows.sync import sync
from app.identity.accounts import BillingAccount, create_account, set_customer_ref
from app.identity.claims import Claims
from app.identity.people import find_by_verified_email, upsert_person
from app.orders.intents import Details
from app.vendor_adapters.embedded import EmbeddedWorld, SeedSubscription, invoices
from app.vendor_adapters.embedded.desk import Desk
from app.vendor_adapters.embedded.model import Bill, Item, Term
from app.vendor_adapters.embedded.pricing import renewal_lines
from app.vendor_adapters.types import Address, CustomerProfile, InvoiceStatus, OfferKey
from tests.support.shop import Browser, Shop

_STARTS = datetime(2026, 3, 1, tzinfo=UTC)
_TERM = Term(starts_at=_STARTS, ends_at=datetime(2027, 3, 1, tzinfo=UTC), years=1)
_OFFER = OfferKey("team-hosted-usd-y-1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much an account has."""

    subscriptions: int
    invoices: int
    managers: int


async def big_account(shop: Shop, username: str, size: Size) -> Browser:
    """Make somebody with an account of that size, and return their browser; they own all the groups too."""
    groups = [f"{username}-{number:04d}" for number in range(size.subscriptions)]
    person = SeedPerson(username=username, email=f"{username}@big.example")
    await shop.product.seed([person], [_group(username, group) for group in groups])
    browser = await shop.known(username)
    account = await shop.deps.db.write(lambda connection: _account(connection, shop, username, size.managers))
    vendor = EmbeddedWorld(shop.vendor)
    customer = await vendor.given_customer(_profile(account), card_number="4242424242424242")
    await shop.deps.db.write(lambda connection: set_customer_ref(connection, account.account_id, customer))
    for group in groups:
        seed = SeedSubscription(subject=f"group:{group}", offer=_OFFER, seats=10, starts_at=_STARTS)
        await sync(shop.deps, shop.deps.selling, await vendor.given_subscription(customer, seed))
    more = size.invoices - size.subscriptions
    await shop.vendor.calls.own_write(lambda desk: _invoices(desk, customer, more))
    return browser


def _group(owner: str, group: str) -> SeedGroup:
    return SeedGroup(
        id=group,
        owners=(owner,),
        members=8,
        plan="team",
        seats=10,
        starts_at=_STARTS,
        ends_at=_TERM.ends_at,
        minutes_used=8_400,
        storage_used_gib=41,
    )


def _account(connection: Connection, shop: Shop, username: str, managers: int) -> BillingAccount:
    issuer, now = shop.deps.config.oidc.issuer, shop.clock.wall()
    (person,) = find_by_verified_email(connection, issuer, f"{username}@big.example")
    details = Details(
        full_name="Max Muster",
        email=f"{username}@big.example",
        company="Big",
        country="US",
        region="NY",
        postal_code="10001",
        city="New York",
        line1="1 Main Street",
    )
    made = create_account(
        connection, person_id=person.person_id, vendor=shop.deps.selling, currency="usd", details=details, now=now
    )
    for number in range(managers - 1):
        claims = Claims(
            issuer=issuer,
            subject=f"usr_{username}_{number}",
            username=f"{username}{number}",
            name=f"Manager {number}",
            email=f"{username}{number}@big.example",
            email_verified=True,
            roles=frozenset(),
        )
        one = upsert_person(connection, claims, now)
        row = {"account_id": made.account_id, "person_id": one.person_id, "since": now}
        connection.execute(insert(account_managers).values(**row))
    return made


def _profile(account: BillingAccount) -> CustomerProfile:
    return CustomerProfile(
        account_id=account.account_id,
        email=account.email,
        full_name=account.full_name,
        company=account.company,
        currency=account.currency,
        address=Address(
            country=account.country,
            region=account.region,
            postal_code=account.postal_code,
            city=account.city,
            line1=account.line1,
        ),
    )


def _invoices(desk: Desk, customer: str, count: int) -> None:
    item = Item(offer=_OFFER, quantity=1, unit_price=34_800, net=0)
    bill = Bill(currency="usd", lines=renewal_lines((item,), _TERM), tax_rule=None)
    for _ in range(count):
        invoices.issue(
            desk,
            customer=customer,
            order="",
            checkout="",
            bill=bill,
            subscription=None,
            term_starts_at=None,
            status=InvoiceStatus.PAID,
        )
