"""Mirroring the catalog by command: price rows are made, offered and retired, and none is ever changed."""

from sqlalchemy import insert, update

from app.catalog.model import Catalog
from app.vendor_adapters.catalog_steps import steps
from app.vendor_adapters.embedded.desk import Desk
from app.vendor_adapters.embedded.mirror import list_offers, price_row
from app.vendor_adapters.embedded.schema import prices
from app.vendor_adapters.types import CatalogStep, CatalogStepKind


def plan(desk: Desk, catalog: Catalog) -> tuple[CatalogStep, ...]:
    """Return what would be done; nothing when the rows are as the catalog says."""
    return steps(catalog, list_offers(desk))


def apply(desk: Desk, catalog: Catalog) -> tuple[CatalogStep, ...]:
    """Do what ``plan`` says and return it; conflicts are left to people."""
    found, listed = plan(desk, catalog), {row.id: row for row in catalog.prices}
    for step in found:
        if step.kind is CatalogStepKind.MAKE:
            desk.connection.execute(insert(prices), [price_row(catalog, listed[step.key])])
        elif step.kind is not CatalogStepKind.CONFLICT:
            is_offered = step.kind is CatalogStepKind.OFFER
            desk.connection.execute(update(prices).where(prices.c.key == step.key).values(is_offered=is_offered))
    return found
