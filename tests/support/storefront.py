"""The store in one process over the embedded vendor, with nobody in it: for the shop window and faults beside it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import httpx2

from app.catalog.load import load_catalog
from app.config import Config
from app.core.clock import FrozenClock
from app.db.engine import Database
from app.db.sealing import Sealer
from app.emails.transports import KeptMailer
from app.entitlements.http_product import HttpProduct
from app.flows.deps import Deps
from app.main import create_app
from app.vendor_adapters.embedded import EmbeddedVendor, EmbeddedWorld, create
from app.vendor_adapters.embedded.faults import Fault, PlannedFault
from tests.support.asgi import asgi_client


@dataclass(frozen=True, slots=True, kw_only=True)
class Storefront:
    """The store's neighbours, and the vendor as a test may disturb it."""

    deps: Deps
    clock: FrozenClock
    vendor: EmbeddedVendor

    async def vendor_fails(self, *operations: str, fault: Fault = Fault.DOWN, times: int = 0) -> None:
        """Let the vendor's calls go wrong; 0 times is for good."""
        await EmbeddedWorld(self.vendor).set_faults(
            [PlannedFault(op=op, fault=fault, times=times) for op in operations]
        )

    @asynccontextmanager
    async def browser(self) -> AsyncIterator[httpx2.AsyncClient]:
        """Yield a client with cookies of its own."""
        async with asgi_client(create_app(self.deps), base_url=self.deps.config.base_url) as client:
            yield client


@contextmanager
def open_storefront(config: Config, database: Database, clock: FrozenClock) -> Iterator[Storefront]:
    """Yield a store whose vendor holds the catalog's prices; nobody has asked it for them yet."""
    catalog = load_catalog(config.catalog)
    vendor = create(config, catalog, clock)
    deps = Deps(
        config=config,
        catalog=catalog,
        db=database,
        sealer=Sealer(config.secret_keys),
        clock=clock,
        vendors={vendor.name: vendor},
        selling=vendor.name,
        product=HttpProduct(config.product_url, config.product_token),
        mailer=KeptMailer(database, clock),
    )
    try:
        yield Storefront(deps=deps, clock=clock, vendor=vendor)
    finally:
        vendor.calls.database.close()
