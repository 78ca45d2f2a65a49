"""Counters of what is held, used and overdrawn, changed by relative, conditional updates and never read before.

A cap holds because the update that takes says so itself: whoever gets no row is too late.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from app.db.schema.promotions import promo_budgets as table
from app.db.sql import insert_new


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A change of one counter, in uses or minor units; ``is_capped`` refuses it where the cap would be passed."""

    budget_id: str
    slug: str
    held: int = 0
    used: int = 0
    overdrawn: int = 0
    is_capped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """A budget as it stands; ``cap`` None counts without a limit."""

    budget_id: str
    slug: str
    cap: int | None
    held: int
    used: int
    overdrawn: int


class Exhausted(Exception):
    """Too little is left of a budget."""

    def __init__(self, move: Move) -> None:
        super().__init__(move.budget_id)
        self.slug = move.slug


class Missing(Exception):
    """A counter would go below nothing: it does not fit the ledger."""


def move(connection: Connection, moves: Iterable[Move]) -> None:
    """Make every change, in the order of the ids, what is given back first; Exhausted when one cannot be.

    The caller's transaction must then be rolled back: some changes may have been made.
    """
    for each in sorted(moves, key=lambda each: (each.budget_id, each.is_capped)):
        if not _moved(connection, each):
            # none stands there until a currency is used for the first time, and then others may be quicker to begin it
            insert_new(connection, table, _row(each.budget_id, each.slug, None))
            if not _moved(connection, each):
                raise Exhausted(each) if each.is_capped else Missing(each.budget_id)


def set_cap(connection: Connection, budget_id: str, slug: str, cap: int | None) -> None:
    """Let a budget have this cap from now on; what was counted stays."""
    if not insert_new(connection, table, _row(budget_id, slug, cap)):
        connection.execute(update(table).where(table.c.budget_id == budget_id).values(cap=cap))


def add_budgets(connection: Connection, slug: str, caps: Mapping[str, int | None]) -> None:
    """Begin many budgets that are surely new at once."""
    connection.execute(insert(table), [_row(budget_id, slug, cap) for budget_id, cap in caps.items()])


def caps_of(connection: Connection, slug: str) -> dict[str, int | None]:
    """Return the caps of a campaign's own budgets."""
    own = (table.c.slug == slug) & table.c.budget_id.startswith("campaign:")
    return {row.budget_id: row.cap for row in connection.execute(select(table.c.budget_id, table.c.cap).where(own))}


def remaining(connection: Connection, budget_ids: Sequence[str]) -> tuple[tuple[str, int], ...]:
    """Return what is left of those of these budgets that have a cap; one query, whatever is asked."""
    rows = connection.execute(
        select(table).where(table.c.budget_id.in_(list(budget_ids) or [""]), table.c.cap.is_not(None))
    )
    left = {row.budget_id: max(0, row.cap - row.held - row.used - row.overdrawn) for row in rows}
    return tuple(sorted(left.items()))


def counters(connection: Connection, slug: str = "") -> tuple[Counter, ...]:
    """Return every budget, or those of one campaign."""
    query = select(table).order_by(table.c.budget_id)
    rows = connection.execute(query.where(table.c.slug == slug) if slug else query).mappings()
    return tuple(Counter(**row) for row in rows)


def overdrawn(connection: Connection, budget_id: str) -> int:
    """Return by how much a budget is overdrawn."""
    found: int | None = connection.execute(
        select(table.c.overdrawn).where(table.c.budget_id == budget_id)
    ).scalar_one_or_none()
    return found or 0


def _moved(connection: Connection, each: Move) -> bool:
    held, used, over = table.c.held + each.held, table.c.used + each.used, table.c.overdrawn + each.overdrawn
    change = update(table).where(table.c.budget_id == each.budget_id, held >= 0, used >= 0, over >= 0)
    if each.is_capped:
        change = change.where(table.c.cap.is_(None) | (held + used + over <= table.c.cap))
    return connection.execute(change.values(held=held, used=used, overdrawn=over)).rowcount == 1


def _row(budget_id: str, slug: str, cap: int | None) -> dict[str, object]:
    return {"budget_id": budget_id, "slug": slug, "cap": cap, "held": 0, "used": 0, "overdrawn": 0}
