"""The catalog as this vendor holds it: mirrored from the store's file, then the price of record."""

from sqlalchemy import RowMapping, delete, insert, select, update

from app.catalog.model import Catalog, PriceRow
from app.core.money import Money
from app.vendor_adapters.embedded.desk import Desk
from app.vendor_adapters.embedded.model import Price
from app.vendor_adapters.embedded.schema import prices
from app.vendor_adapters.errors import RejectReason
from app.vendor_adapters.types import Interval, Offer, OfferKey


def mirror(desk: Desk, catalog: Catalog) -> None:
    """Bring the price rows in line with ``catalog``.

    A row that left the file is only retired: whoever has it is still billed its price, which every subscription keeps.
    """
    listed = {row.id for row in catalog.prices}
    held = set(desk.connection.execute(select(prices.c.key)).scalars())
    if gone := held - listed:
        desk.connection.execute(update(prices).where(prices.c.key.in_(gone)).values(is_offered=False))
    desk.connection.execute(delete(prices).where(prices.c.key.in_(listed)))
    if catalog.prices:
        desk.connection.execute(insert(prices), [price_row(catalog, row) for row in catalog.prices])


def list_offers(desk: Desk) -> tuple[Offer, ...]:
    """Return every price row, retired ones included."""
    rows = desk.connection.execute(select(prices).order_by(prices.c.key)).mappings()
    return tuple(_offer(row) for row in rows)


def get_offer(desk: Desk, key: OfferKey) -> Offer:
    """Return one price row, or say that there is none."""
    return _offer(_held(desk, key))


def price(desk: Desk, key: str) -> Price:
    """Return one price row for billing, whether it is offered or not."""
    row = _held(desk, key)
    return Price(
        offer=row["key"],
        title=row["title"],
        currency=row["currency"],
        unit_price=row["amount"],
        is_yearly=row["interval"] == Interval.YEAR.value,
        is_plan=row["is_plan"],
        is_offered=row["is_offered"],
    )


def price_row(catalog: Catalog, row: PriceRow) -> dict[str, str | int | bool]:
    """Return what is kept of a row of the catalog."""
    plan, addon = catalog.plan(row.item), catalog.addon(row.item)
    named = plan or addon
    return {
        "key": row.id,
        "item": row.item,
        "title": named.name if named else row.item,
        "deployment": row.deployment,
        "currency": row.currency,
        "interval": row.interval,
        "amount": row.amount,
        "is_plan": plan is not None,
        "is_offered": row.active,
    }


def titles(desk: Desk) -> dict[str, str]:
    """Return what each offer is called on a page or an invoice."""
    rows = desk.connection.execute(select(prices.c.key, prices.c.title)).all()
    return {row.key: row.title for row in rows}


def _held(desk: Desk, key: str) -> RowMapping:
    row = desk.connection.execute(select(prices).where(prices.c.key == key)).mappings().one_or_none()
    if row is None:
        raise desk.rejected(RejectReason.NOT_FOUND, "offer")
    return row


def _offer(row: RowMapping) -> Offer:
    return Offer(
        key=OfferKey(row["key"]),
        item=row["item"],
        deployment=row["deployment"],
        unit_price=Money(row["amount"], row["currency"]),
        interval=Interval(row["interval"]),
        is_offered=row["is_offered"],
    )
