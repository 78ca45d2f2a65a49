"""The embedded vendor: a billing engine of its own for demonstrations and tests. No money moves."""

from app.catalog.model import Catalog
from app.config import Config
from app.core.clock import Clock
from app.db.engine import Database
from app.vendor_adapters.embedded.adapter import EmbeddedVendor
from app.vendor_adapters.embedded.desk import NAME
from app.vendor_adapters.embedded.world import EmbeddedWorld, PendingWork
from app.vendor_adapters.errors import VendorMisconfigured
from app.vendor_adapters.world import DisputeState, SeedSubscription

__all__ = ["DisputeState", "EmbeddedVendor", "EmbeddedWorld", "PendingWork", "SeedSubscription", "create"]


def create(config: Config, catalog: Catalog, clock: Clock) -> EmbeddedVendor:
    """Return the vendor over its own database under ``config.var``; VendorMisconfigured outside the demo.

    Its tables and its mirror of the catalog are made where they are missing.
    """
    if not config.is_demo:
        raise VendorMisconfigured(vendor=NAME, operation="create", detail="it moves no money and runs in the demo only")
    config.var.mkdir(parents=True, exist_ok=True)
    vendor = EmbeddedVendor(
        database=Database(f"sqlite:///{config.var / 'vendor.db'}"),
        catalog=catalog,
        clock=clock,
        secret=config.vendor_secret,
        origin=config.vendor_url,
        webhook_url=f"{config.base_url}/webhooks/{NAME}",
        store_origin=config.base_url,
    )
    vendor.prepare()
    return vendor
