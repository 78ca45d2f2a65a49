"""The stored lines of checkouts and invoices."""

from collections.abc import Iterable, Sequence

from sqlalchemy import RowMapping, insert, select

from app.vendor_adapters.embedded.desk import Desk
from app.vendor_adapters.embedded.model import BillLine
from app.vendor_adapters.embedded.schema import lines
from app.vendor_adapters.types import LineKind


def save(desk: Desk, owner: str, bill_lines: Iterable[BillLine]) -> None:
    """Keep the lines of a checkout or an invoice, in order."""
    for position, line in enumerate(bill_lines):
        desk.connection.execute(
            insert(lines).values(
                owner=owner,
                position=position,
                kind=line.kind.value,
                offer=line.offer,
                quantity=line.quantity,
                unit_price=line.unit_price,
                amount=line.amount,
                starts_at=line.starts_at,
                ends_at=line.ends_at,
                discount=line.discount,
            )
        )


def load(desk: Desk, owner: str) -> tuple[BillLine, ...]:
    """Return the lines of a checkout or an invoice, in order."""
    return load_all(desk, [owner])[owner]


def load_all(desk: Desk, owners: Sequence[str]) -> dict[str, tuple[BillLine, ...]]:
    """Return the lines of each of these checkouts or invoices, in order, with one statement."""
    found: dict[str, list[BillLine]] = {owner: [] for owner in owners}
    query = select(lines).where(lines.c.owner.in_(owners)).order_by(lines.c.position)
    for row in desk.connection.execute(query).mappings():
        found[row["owner"]].append(_line(row))
    return {owner: tuple(of_it) for owner, of_it in found.items()}


def _line(row: RowMapping) -> BillLine:
    return BillLine(
        kind=LineKind(row["kind"]),
        offer=row["offer"],
        quantity=row["quantity"],
        unit_price=row["unit_price"],
        amount=row["amount"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        discount=row["discount"],
    )
