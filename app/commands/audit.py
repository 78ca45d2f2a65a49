"""``kassa audit``: every invariant recomputed, from our tables and against the vendor's books."""

import sys

from app.commands.audit_store import differences
from app.commands.database import require_schema
from app.commands.export_store import Record, records
from app.commands.neighbours import neighbours
from app.config import Config
from app.flows.deps import Deps
from app.vendor_adapters.errors import VendorError
from app.vendor_adapters.types import InvoiceRef, SubscriptionRef

_ENDED = ("cancelled",)


async def audit(config: Config) -> int:
    """Print each difference and return 1 when there is one. Raises NotReady."""
    async with neighbours(config) as deps:
        await require_schema(deps.db)
        found = await deps.db.read(lambda connection: list(differences(connection, deps.clock.wall())))
        known = await deps.db.read(lambda connection: list(records(connection)))
        for record in known:
            found += await _against_vendor(deps, record)
    sys.stdout.writelines(f"{line}\n" for line in found)
    sys.stdout.write(f"{len(known)} records, {len(found)} differences\n")
    return 1 if found else 0


async def _against_vendor(deps: Deps, record: Record) -> list[str]:
    try:
        if record["type"] == "order" and record["invoice"]:
            return await _order(deps, record)
        if record["type"] == "subscription" and record["status"] not in _ENDED:
            return await _subscription(deps, record)
    except VendorError as error:
        return [f"{record['type']} {record.get('order')}: the vendor does not tell ({type(error).__name__})"]
    return []


async def _order(deps: Deps, record: Record) -> list[str]:
    invoice = await deps.vendors[str(record["vendor"])].get_invoice(InvoiceRef(str(record["invoice"])))
    paid = (invoice.amount_paid.minor, invoice.amount_paid.currency)
    if paid == (record["paid"], record["currency"]):
        return []
    return [f"order {record['order']}: the vendor took {paid[0]} {paid[1]}, we know of {record['paid']}"]


async def _subscription(deps: Deps, record: Record) -> list[str]:
    ref = SubscriptionRef(str(record["subscription"]))
    snapshot = await deps.vendors[str(record["vendor"])].get_subscription(ref)
    ours = (record["seats"], record["status"], record["ends_at"])
    theirs = (snapshot.seats, snapshot.status.value, snapshot.period.ends_at.isoformat())
    return [] if ours == theirs else [f"subscription {ref}: the vendor says {theirs}, we know {ours}"]
