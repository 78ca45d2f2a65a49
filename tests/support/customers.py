"""Customers as a test needs them: another card on file, more people in a group, calls that go wrong."""

from datetime import datetime

from sqlalchemy import Connection, insert, update

from app.core.clock import midnight
from app.demo.seed import PEOPLE
from app.demo.store.schema import groups, members
from app.identity.accounts import account_by_id
from app.identity.actor import Person
from app.identity.people import find_by_verified_email
from app.orders import store
from app.orders.states import Action
from app.subscriptions.store import Subscription, live_for_group
from app.vendor_adapters.capabilities import Grain
from app.vendor_adapters.types import CustomerProfile, SubscriptionRef, SubscriptionSnapshot
from app.vendor_adapters.world import Fault, PlannedFault
from tests.support.shop import Browser, Shop

DECLINES = "4000000000000341"
CHALLENGES = "4000002500003155"
SILENT = "4000000000000119"


def term_begins(shop: Shop, bought_at: datetime) -> datetime:
    """Return when the term of what is bought at an instant begins: with its day, where the vendor counts in days."""
    is_by_day = shop.capabilities.proration_grain is Grain.DAY
    return midnight(bought_at) if is_by_day else bought_at


def instant(at: datetime) -> str:
    """Return an instant as the product writes it."""
    return at.isoformat().replace("+00:00", "Z")


async def at(shop: Shop, who: str, link: str) -> Browser:
    """Return a browser in which somebody is signed in and stands on a page."""
    browser = await shop.signed_in(who)
    await browser.open(link)
    return browser


async def subscription_of(shop: Shop, group: str) -> Subscription:
    """Return the store's projection of a group's plan."""
    found = await shop.deps.db.read(lambda connection: live_for_group(connection, group, now=shop.clock.now()))
    assert found is not None
    return found


async def at_vendor(shop: Shop, group: str) -> SubscriptionSnapshot:
    """Return a group's plan as the vendor holds it."""
    return await shop.deps.vendor.get_subscription(
        SubscriptionRef((await subscription_of(shop, group)).subscription_ref)
    )


async def seats_of(shop: Shop, group: str) -> tuple[int, int]:
    """Return the seats that the vendor and the product know of."""
    found = await shop.deps.product.state(group)
    assert found is not None
    return (await at_vendor(shop, group)).seats, found.seats


async def person(shop: Shop, email: str) -> Person:
    """Return somebody who is seeded."""
    issuer = shop.deps.config.oidc.issuer
    (found,) = await shop.deps.db.read(lambda connection: find_by_verified_email(connection, issuer, email))
    return found


async def put_card(shop: Shop, group: str, number: str) -> None:
    """Make a test card the default one of who pays for a group."""
    account_id = (await subscription_of(shop, group)).account_id
    account = await shop.deps.db.read(lambda connection: account_by_id(connection, account_id))
    assert account is not None
    profile = CustomerProfile(
        account_id=account_id,
        email=account.email,
        full_name=account.full_name,
        company=account.company,
        currency=account.currency,
    )
    await shop.vendor_world.given_customer(profile, card_number=number)


async def crowd(shop: Shop, group: str, *, in_use: int, most: int | None = None) -> None:
    """Let so many people use a seat of a group, and so many at the most in this term."""
    values = {"seats_in_use": in_use, "seats_max": most or in_use}
    await shop.product.world.db.write(
        lambda connection: connection.execute(update(groups).where(groups.c.id == group).values(**values)).rowcount
    )


async def join(shop: Shop, group: str, username: str, role: str) -> None:
    """Put somebody into a group, as ``owner`` or ``developer``."""
    subject = next(each.subject for each in PEOPLE if each.username == username)
    values = {"group_id": group, "sub": subject, "role": role}
    await shop.product.world.db.write(lambda connection: connection.execute(insert(members).values(**values)).rowcount)


async def go_wrong(shop: Shop, op: str, fault: Fault, times: int = 1) -> None:
    """Let the vendor's next calls of ``op`` go wrong."""
    await shop.vendor_world.set_faults([PlannedFault(op=op, fault=fault, times=times)])


async def given_up(shop: Shop, order_id: str) -> None:
    """Let the store give an order up while its page stays open at the vendor, as after a fault nobody foresaw."""

    def write(connection: Connection) -> None:
        order = store.lock_order(connection, order_id)
        assert order is not None
        store.advance(connection, order, Action.CANCEL, now=shop.clock.wall())

    await shop.deps.db.write(write)
