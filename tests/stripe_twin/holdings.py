"""What an account holds before anybody buys: products and prices."""

from app.catalog.model import Catalog
from tests.stripe_twin.books import Books


def hold(books: Books, catalog: Catalog) -> None:
    """Put products and prices for a catalog into the books, by lookup key."""
    items = {(row.item, row.deployment) for row in catalog.prices}
    for item, deployment in sorted(items):
        books.new(
            "product",
            id=f"prod_{item}_{deployment}",
            active=True,
            images=[],
            marketing_features=[],
            metadata={},
            name=item,
            type="service",
            updated=books.now,
        )
    for row in catalog.prices:
        recurring = row.interval == "P1Y"
        yearly = {"interval": "year", "interval_count": 1, "meter": None, "usage_type": "licensed"}
        books.new(
            "price",
            active=row.active,
            billing_scheme="per_unit",
            currency=row.currency,
            lookup_key=row.id,
            metadata={},
            product=f"prod_{row.item}_{row.deployment}",
            recurring=yearly if recurring else None,
            tax_behavior="exclusive",
            type="recurring" if recurring else "one_time",
            unit_amount=row.amount,
            unit_amount_decimal=str(row.amount),
        )
