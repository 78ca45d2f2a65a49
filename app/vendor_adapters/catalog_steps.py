"""What a vendor's prices lack by the catalog: the rule that every adapter's sync goes by."""

from collections.abc import Iterable

from app.catalog.model import Catalog, PriceRow
from app.vendor_adapters.types import CatalogStep, CatalogStepKind, Offer, OfferKey


def steps(catalog: Catalog, offers: Iterable[Offer]) -> tuple[CatalogStep, ...]:
    """Return one step for each row that is held otherwise, in the order of the catalog.

    ``offers`` are the prices that the vendor holds by our keys; one whose row left the catalog is retired: who has it
    goes on being billed its price.
    """
    held = {offer.key: offer for offer in offers}
    listed = [step for row in catalog.prices if (step := _step(row, held.pop(OfferKey(row.id), None))) is not None]
    gone = [_retired(offer) for offer in held.values() if offer.is_offered]
    return (*listed, *gone)


def words(row: PriceRow) -> str:
    """Return a row as a step tells of it: minor units, currency and interval."""
    return f"{row.amount} {row.currency} {row.interval}"


def _step(row: PriceRow, offer: Offer | None) -> CatalogStep | None:
    key = OfferKey(row.id)
    if offer is None:
        return CatalogStep(kind=CatalogStepKind.MAKE, key=key, detail=words(row))
    held = f"{offer.unit_price.minor} {offer.unit_price.currency} {offer.interval.value}"
    if held != words(row):
        detail = f"the catalog says {words(row)}, the vendor holds {held}"
        return CatalogStep(kind=CatalogStepKind.CONFLICT, key=key, detail=detail)
    if offer.is_offered == row.active:
        return None
    kind = CatalogStepKind.OFFER if row.active else CatalogStepKind.RETIRE
    return CatalogStep(kind=kind, key=key, detail=words(row))


def _retired(offer: Offer) -> CatalogStep:
    held = f"{offer.unit_price.minor} {offer.unit_price.currency} {offer.interval.value}"
    return CatalogStep(kind=CatalogStepKind.RETIRE, key=offer.key, detail=f"{held}, not in the catalog any more")
