"""What really happened: read from the store's tables, the vendor's books, the product's log and the mails sent."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import Table, func, select
from structlog.testing import capture_logs

from app.db.schema.orders import order_states
from app.demo.seed import SeedGroup, SeedPerson
from app.orders import store
from app.orders.store import Order
from app.vendor_adapters.world import Fault, PlannedFault, Row
from tests.support.shop import Shop

Json = dict[str, object]


async def orders(shop: Shop) -> list[Order]:
    """Return every order of the store, the oldest first."""
    query = select(order_states.c.order_id).where(order_states.c.seq == 1).order_by(order_states.c.at)
    ids = await shop.deps.db.read(lambda connection: connection.execute(query).scalars().all())
    return [await order(shop, each) for each in ids]


async def order(shop: Shop, order_id: str) -> Order:
    """Return one order."""
    found = await shop.deps.db.read(lambda connection: store.get_order(connection, order_id))
    assert found is not None
    return found


async def only_order(shop: Shop) -> Order:
    """Return the store's one order."""
    (found,) = await orders(shop)
    return found


async def history(shop: Shop, order_id: str) -> list[str]:
    """Return the states that an order went through."""
    rows = await shop.deps.db.read(lambda connection: store.state_history(connection, order_id))
    return [state for state, _action, _at in rows]


async def count(shop: Shop, table: Table) -> int:
    """Return how many rows a table of the store has."""
    query = select(func.count()).select_from(table)
    return await shop.deps.db.read(lambda connection: int(connection.execute(query).scalar_one()))


async def mails(shop: Shop, kind: str) -> list[dict[str, str]]:
    """Return the mails of a kind that were sent."""
    return [mail for mail in await shop.world.mails() if mail["kind"] == kind]


async def grants(shop: Shop, group: str = "acme") -> list[Json]:
    """Return the plan grants that the product received for a group, oldest first."""
    books = await shop.product.books()
    return [row for row in rows_of(books, "grants") if row["group"] == group and row["kind"] == "plan"]


async def group(shop: Shop, group_id: str = "acme") -> Json:
    """Return a group as the product has it."""
    books = await shop.product.books()
    return next(row for row in rows_of(books, "groups") if row["id"] == group_id)


def rows_of(books: Json, name: str) -> list[Json]:
    """Return one list of the product's books."""
    rows = books[name]
    assert isinstance(rows, list)
    return rows


async def sold_once(shop: Shop, *, group_id: str = "acme", total: int = 378_885) -> Order:
    """Assert that one order was paid, granted and receipted once and nothing else moved, and return it."""
    paid = [each for each in await orders(shop) if each.amount_paid]
    assert [(each.state.value, each.amount_paid) for each in paid] == [("granted", total)]
    complete = [row for row in await shop.books("checkouts") if row["state"] == "complete"]
    assert [row["order"] for row in complete] == [paid[0].order_id]
    assert [row["total"] for row in await shop.books("invoices")] == [total]
    assert [(row["amount"], row["order"]) for row in await shop.books("charges")] == [(total, paid[0].order_id)]
    assert await shop.books("refunds") == []
    assert [row["outcome"] for row in await grants(shop, group_id)] == ["applied"]
    assert [mail["order"] for mail in await mails(shop, "receipt")] == [paid[0].order_id]
    return paid[0]


async def nothing_charged(shop: Shop) -> None:
    """Assert that no money moved for any order."""
    assert await shop.books("charges") == []
    assert [row for row in await shop.books("invoices") if row["status"] != "void"] == []


async def declines(shop: Shop) -> list[Row]:
    """Return the refused tries in the vendor's books."""
    return await shop.books("declines")


async def vendor_fails(shop: Shop, *operations: str, fault: Fault = Fault.DOWN, times: int = 0) -> None:
    """Let the vendor's calls go wrong; 0 times is until they are mended."""
    await shop.vendor_world.set_faults([PlannedFault(op=op, fault=fault, times=times) for op in operations])


async def mended(shop: Shop) -> None:
    """Let everything go right again."""
    await shop.world.clear_faults()


async def more_groups(shop: Shop, *ids: str, owners: Sequence[str] = ("ann",)) -> None:
    """Give people more groups in the product, each with three members."""
    await shop.product.seed((), [SeedGroup(id=each, owners=tuple(owners), members=3) for each in ids])


async def more_people(shop: Shop, *people: SeedPerson) -> None:
    """Let the product know more people."""
    await shop.product.seed(people, ())


def later(shop: Shop, **duration: float) -> None:
    """Move both clocks on."""
    shop.clock.advance(timedelta(**duration))


@contextmanager
def vendor_calls() -> Iterator[list[str]]:
    """Yield a list that fills with the operations that the vendor is asked for, in order."""
    seen: list[str] = []
    with capture_logs() as logs:
        yield seen
        seen += [str(entry["operation"]) for entry in logs if entry["event"] == "vendor call"]
