"""How the vendor is set up, in plain words: what ``kassa doctor`` and ``kassa vendor check`` say first."""

from app.catalog.model import Catalog
from app.vendor_adapters.capabilities import Capability
from app.vendor_adapters.catalog_steps import steps
from app.vendor_adapters.errors import VendorError, VendorMisconfigured
from app.vendor_adapters.port import VendorAdapter
from app.vendor_adapters.types import CatalogStep, CatalogStepKind, SetupFault

_SYNC = "run: kassa vendor sync --apply"
_WORDS = {
    CatalogStepKind.MAKE: "does not know",
    CatalogStepKind.RETIRE: "still offers, though it is retired,",
    CatalogStepKind.OFFER: "does not offer",
}
_CONFLICT_MEND = "a price never changes: retire this row in the catalog and add a new one with the new amount"


async def setup_faults(
    vendor: VendorAdapter, catalog: Catalog, webhook_url: str, *, sells: bool = True
) -> tuple[SetupFault, ...]:
    """Return everything that is set up wrongly: keys, notifications, clock, and each kind of wrong price.

    Args:
        sells: whether new orders go to it; the prices of one that only settles what it began do not matter.
    """
    try:
        found = await vendor.checkup(webhook_url=webhook_url)
    except VendorError as error:
        return (told(error),)
    try:
        return (*found, *await price_faults(vendor, catalog)) if sells else found
    except VendorMisconfigured as error:
        # why is among the faults already, where the checkup could find out
        return found or (told(error),)
    except VendorError as error:
        return (*found, told(error))


async def price_faults(vendor: VendorAdapter, catalog: Catalog) -> tuple[SetupFault, ...]:
    """Return what is wrong with the vendor's prices, one fault for each kind, which names the rows."""
    can_sync = Capability.CATALOG_SYNC in vendor.capabilities
    found = await vendor.sync_catalog(apply=False) if can_sync else steps(catalog, await vendor.list_offers())
    mend = _SYNC if can_sync else "make, retire or offer these prices at the vendor by hand"
    by_kind = {kind: [step.key for step in found if step.kind is kind] for kind in _WORDS}
    listed = [
        SetupFault(found=f"{vendor.name} {_WORDS[kind]} {', '.join(keys)}", mend=mend)
        for kind, keys in by_kind.items()
        if keys
    ]
    return (*listed, *(_conflict(step) for step in found if step.kind is CatalogStepKind.CONFLICT))


def told(error: VendorError) -> SetupFault:
    """Return a failed call as a fault."""
    request = f", request {error.request_id}" if error.request_id else ""
    detail = f" ({error.detail}{request})" if error.detail or request else ""
    return SetupFault(
        found=f"{error.vendor} did not answer {error.operation}: {type(error).__name__}{detail}",
        mend="check the vendor's keys and its status page, and that it can be reached from here",
    )


def _conflict(step: CatalogStep) -> SetupFault:
    return SetupFault(found=f"the price {step.key} differs: {step.detail}", mend=_CONFLICT_MEND)
