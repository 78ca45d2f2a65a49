"""The customers that the demonstration starts with: their billing accounts here, their subscriptions at the vendor."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import Connection

from app.core.clock import midnight
from app.demo.seed import PEOPLE
from app.flows.deps import Deps
from app.flows.purchase import address_of
from app.flows.sync import sync
from app.identity.accounts import BillingAccount, accounts_of, create_account, set_customer_ref
from app.identity.claims import Claims
from app.identity.people import upsert_person
from app.orders.intents import Details
from app.vendor_adapters.types import Arrangement, CustomerProfile, OfferKey, SalesChannel, SubscriptionStatus
from app.vendor_adapters.world import NoControls, SeedSubscription, VendorWorld

log = structlog.get_logger()


def _day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedAccount:
    """A seeded customer: a person of the demo product, who is billed, the card on file, what was bought."""

    username: str
    details: Details
    card: str
    subscriptions: tuple[SeedSubscription, ...]


CARD = "4242424242424242"
_OWED_FOR = timedelta(days=8)
ACCOUNTS = (
    SeedAccount(
        username="bob",
        details=Details(
            full_name="Bob Baker",
            email="bob@globex.example",
            company="Globex",
            country="US",
            region="NY",
            postal_code="10001",
            city="New York",
            line1="350 Fifth Avenue",
        ),
        card=CARD,
        subscriptions=(
            SeedSubscription(
                subject="group:globex", offer=OfferKey("team-hosted-usd-y-1"), seats=10, starts_at=_day("2026-03-01")
            ),
        ),
    ),
    SeedAccount(
        username="cleo",
        details=Details(
            full_name="Cleo Carter",
            email="cleo@initech.example",
            company="Initech",
            country="US",
            region="TX",
            postal_code="78701",
            city="Austin",
            line1="100 Congress Avenue",
        ),
        card="",
        subscriptions=(
            SeedSubscription(
                subject="group:initech",
                offer=OfferKey("team-hosted-usd-y-1"),
                seats=20,
                starts_at=_day("2026-06-01"),
                channel=SalesChannel.RESELLER,
                sold_by="ACME Partners",
                sold_by_contact="orders@acme-partners.example",
            ),
        ),
    ),
    SeedAccount(
        username="eve",
        details=Details(
            full_name="Eve Ellis",
            email="eve@hooli.example",
            company="Hooli",
            country="US",
            region="CA",
            postal_code="94105",
            city="San Francisco",
            line1="1 Market Street",
        ),
        card="4000000000000341",
        subscriptions=(
            SeedSubscription(
                subject="group:hooli",
                offer=OfferKey("team-hosted-usd-y-1"),
                seats=5,
                starts_at=_day("2026-11-15"),
                status=SubscriptionStatus.PAST_DUE,
            ),
            SeedSubscription(
                subject="group:umbrella",
                offer=OfferKey("team-hosted-usd-y-1"),
                seats=40,
                starts_at=_day("2025-01-01"),
                months=36,
                channel=SalesChannel.SALES,
                sold_by="Sales",
            ),
            SeedSubscription(
                subject="group:stark",
                offer=OfferKey("scale-hosted-usd-y-1"),
                seats=30,
                starts_at=_day("2026-04-01"),
                channel=SalesChannel.SALES,
                sold_by="Sales",
                arrangement=Arrangement.PURCHASE_ORDER,
            ),
            SeedSubscription(
                subject="group:wayne",
                offer=OfferKey("scale-hosted-usd-y-1"),
                seats=25,
                starts_at=_day("2026-09-01"),
                channel=SalesChannel.SALES,
                sold_by="Community programme",
                arrangement=Arrangement.COMMUNITY,
            ),
        ),
    ),
)


async def seed_accounts(deps: Deps, vendor: VendorWorld) -> None:
    """Make the seeded customers that are not there yet, here and, where it can be told, at the vendor."""
    for seeded in ACCOUNTS:
        try:
            await _seed_account(deps, vendor, seeded)
        except NoControls as error:
            log.warning("the seeded customers have no subscriptions", reason=str(error))
            return


async def _seed_account(deps: Deps, vendor: VendorWorld, seeded: SeedAccount) -> None:
    account = await deps.db.write(lambda connection: _account(connection, deps, seeded))
    if account.customer_ref is None:
        await _seed_at_vendor(deps, vendor, seeded, account)


def _account(connection: Connection, deps: Deps, seeded: SeedAccount) -> BillingAccount:
    person = next(each for each in PEOPLE if each.username == seeded.username)
    claims = Claims(
        issuer=deps.config.oidc.issuer,
        subject=person.subject,
        username=person.username,
        name=person.name,
        email=person.email,
        email_verified=person.email_verified,
        roles=frozenset(person.roles),
    )
    now = deps.clock.wall()
    known = upsert_person(connection, claims, now)
    found = accounts_of(connection, known.person_id)
    if found:
        return found[0]
    return create_account(
        connection,
        person_id=known.person_id,
        vendor=deps.selling,
        currency="usd",
        details=seeded.details,
        now=now,
    )


async def _seed_at_vendor(deps: Deps, vendor: VendorWorld, seeded: SeedAccount, account: BillingAccount) -> None:
    details = seeded.details
    profile = CustomerProfile(
        account_id=account.account_id,
        email=details.email,
        full_name=details.full_name,
        company=details.company,
        currency=account.currency,
        address=address_of(details),
    )
    customer = await vendor.given_customer(profile, card_number=seeded.card or None)
    await deps.db.write(lambda connection: set_customer_ref(connection, account.account_id, customer))
    for each in seeded.subscriptions:
        seed = _owed_lately(each, deps.clock.now())
        await sync(deps, deps.selling, await vendor.given_subscription(customer, seed))


def _owed_lately(seed: SeedSubscription, now: datetime) -> SeedSubscription:
    """Let a term that is not paid have begun some days ago: from a fixed day on it would always be given up already."""
    if seed.status is not SubscriptionStatus.PAST_DUE:
        return seed
    return replace(seed, starts_at=midnight(now) - _OWED_FOR)
