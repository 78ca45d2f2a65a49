"""``kassa vendor sync``: the vendor's prices brought in line with the catalog; a dry run unless told otherwise."""

import json
import sys

from app.commands.neighbours import neighbours
from app.config import Config
from app.vendor_adapters.capabilities import Capability
from app.vendor_adapters.errors import VendorError
from app.vendor_adapters.port import VendorAdapter
from app.vendor_adapters.types import CatalogStep, CatalogStepKind

_WOULD = {
    CatalogStepKind.MAKE: "would make",
    CatalogStepKind.RETIRE: "would retire",
    CatalogStepKind.OFFER: "would offer again",
    CatalogStepKind.CONFLICT: "CONFLICT",
}
_DID = {
    CatalogStepKind.MAKE: "made",
    CatalogStepKind.RETIRE: "retired",
    CatalogStepKind.OFFER: "offered again",
    CatalogStepKind.CONFLICT: "CONFLICT",
}
_BY_HAND = (
    "{vendor} makes no prices by command ({capability}): make them at the vendor by hand; `kassa doctor` says which."
)
_CONFLICT = "A price never changes: retire the row in the catalog and add a new one with the new amount."


async def sync(config: Config, *, apply: bool, as_json: bool) -> int:
    """Print what the vendor's prices lack, and make it so with ``apply``.

    Returns 0, and 1 when the vendor did not answer, cannot do this, or a conflict is left to people.
    """
    async with neighbours(config) as deps:
        return await sync_vendor(deps.vendor, apply=apply, as_json=as_json)


async def sync_vendor(vendor: VendorAdapter, *, apply: bool, as_json: bool) -> int:
    """Do the same with a vendor at hand."""
    if Capability.CATALOG_SYNC not in vendor.capabilities:
        sys.stderr.write(_BY_HAND.format(vendor=vendor.name, capability=Capability.CATALOG_SYNC.value) + "\n")
        return 1
    try:
        steps = await vendor.sync_catalog(apply=apply)
    except VendorError as error:
        sys.stderr.write(f"{error}\nWhat was done so far stays; run it again.\n")
        return 1
    sys.stdout.write(_as_json(vendor.name, steps, apply=apply) if as_json else _as_table(vendor.name, steps, apply))
    return 1 if any(step.kind is CatalogStepKind.CONFLICT for step in steps) else 0


def _as_json(vendor: str, steps: tuple[CatalogStep, ...], *, apply: bool) -> str:
    listed = [{"step": step.kind.value, "price": step.key, "detail": step.detail} for step in steps]
    return json.dumps({"vendor": vendor, "applied": apply, "steps": listed}, indent=1) + "\n"


def _as_table(vendor: str, steps: tuple[CatalogStep, ...], apply: bool) -> str:
    if not steps:
        return f"{vendor} holds every price as the catalog says; there is nothing to do.\n"
    words = _DID if apply else _WOULD
    rows = [(words[step.kind], step.key, step.detail) for step in steps]
    first, second = (max(len(row[column]) for row in rows) for column in (0, 1))
    lines = [f"{done:<{first}}  {key:<{second}}  {detail}\n" for done, key, detail in rows]
    return "".join(lines) + _closing(steps, apply)


def _closing(steps: tuple[CatalogStep, ...], apply: bool) -> str:
    conflicts = sum(step.kind is CatalogStepKind.CONFLICT for step in steps)
    count = len(steps) - conflicts
    changes = f"{count} price{'' if count == 1 else 's'}"
    told = f"{changes} changed.\n" if apply else f"Nothing was changed; `--apply` changes {changes}.\n"
    return told + (f"{_CONFLICT}\n" if conflicts else "")
