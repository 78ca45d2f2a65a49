"""The vendors that a shop can be opened over: each with its adapter, its pages and the hand on its world."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.types import ASGIApp

from app.catalog.model import Catalog
from app.commands.own_world import OwnWorld
from app.config import Config
from app.core.clock import FrozenClock
from app.db.engine import Database
from app.vendor_adapters.embedded import EmbeddedVendor, EmbeddedWorld
from app.vendor_adapters.embedded.pages import create_pages
from app.vendor_adapters.port import VendorAdapter
from app.vendor_adapters.world import VendorWorld
from tests.adapters.lesser import LesserVendor
from tests.adapters.minimal.adapter import MinimalAdapter
from tests.adapters.minimal.pages import minimal_pages
from tests.adapters.minimal.vendor import Vendor
from tests.stripe_twin.account import Account
from tests.stripe_twin.network import Network
from tests.stripe_twin.speaking import adapter_over
from tests.stripe_twin.world import TwinWorld

DEADLINE = 20.0
"""Seconds: whatever else the machine is busy with, nothing takes so long but a planned silence."""
SILENCE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Seller:
    """A vendor as a shop needs it; ``complaints`` is what went over its wire that its contract does not allow."""

    adapter: VendorAdapter
    world: VendorWorld
    pages: ASGIApp
    complaints: Callable[[], Sequence[str]] = list


def embedded(
    config: Config, catalog: Catalog, clock: FrozenClock, make: type[EmbeddedVendor] = EmbeddedVendor
) -> Seller:
    """Return the embedded vendor over a database of its own."""
    vendor = make(
        database=Database(f"sqlite:///{config.var}/vendor.db"),
        catalog=catalog,
        clock=clock,
        secret=config.vendor_secret,
        origin=config.vendor_url,
        webhook_url=f"{config.base_url}/webhooks/embedded",
        store_origin=config.base_url,
        deadline=DEADLINE,
        silence=SILENCE,
    )
    vendor.prepare()
    return Seller(adapter=vendor, world=EmbeddedWorld(vendor), pages=create_pages(vendor))


def lesser(config: Config, catalog: Catalog, clock: FrozenClock) -> Seller:
    """Return the same where it declares less, and does less."""
    return embedded(config, catalog, clock, LesserVendor)


def stripe(config: Config, catalog: Catalog, clock: FrozenClock) -> Seller:
    """Return Stripe's adapter over a fresh twin; the wire guard is on."""
    secret = config.stripe.webhook_secrets[0]
    webhook_url = f"{config.base_url}/webhooks/stripe"
    account = Account(catalog, clock, origin=config.stripe.api_base, webhook_url=webhook_url, secret=secret)
    network = Network(account.api, account.app, silence=SILENCE)
    adapter = adapter_over(config.stripe, catalog, clock, network=network, deadline=DEADLINE)
    world = TwinWorld(account, clock)
    return Seller(adapter=adapter, world=world, pages=account.app, complaints=lambda: account.api.guard.problems)


def minimal(config: Config, catalog: Catalog, clock: FrozenClock) -> Seller:
    """Return an adapter without a single capability; its vendor has no world of ours."""
    vendor = Vendor(clock)
    adapter = MinimalAdapter(vendor, catalog, clock)
    return Seller(adapter=adapter, world=OwnWorld(clock, adapter.name), pages=minimal_pages(vendor))


SELLERS: dict[str, Callable[[Config, Catalog, FrozenClock], Seller]] = {
    "embedded": embedded,
    "lesser": lesser,
    "stripe": stripe,
    "minimal": minimal,
}
