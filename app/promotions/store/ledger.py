"""The ledger: what happened to reservations, in rows that are only ever added; and the traces of their decisions."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from sqlalchemy import Connection, func, insert, select

from app.db.schema.promotions import promo_ledger, promo_traces
from app.db.sql import insert_new
from app.promotions.decision import Trace
from app.promotions.packing import pack, unpack
from app.promotions.reservation import Reservation

_COPIED = (
    *("reservation_id", "slug", "version", "offer_id", "code_id", "link_id", "order_id", "account_id"),
    *("customer", "currency", "amount", "net", "trace_hash"),
)


class Action(Enum):
    """What a row tells."""

    HOLD = "hold"
    RESERVE = "reserve"
    EXTEND = "extend"
    RELEASE = "release"
    COMMIT = "commit"
    REVERSE = "reverse"
    OVERDRAFT = "overdraft"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """A row of the ledger. Amounts are minor units; ``net`` is what was left to pay of the order, before tax."""

    seq: int
    at: datetime
    action: Action
    cause: str
    actor: str
    reservation_id: str
    slug: str
    version: int
    offer_id: str
    code_id: str
    link_id: str
    order_id: str
    account_id: str
    customer: str
    currency: str
    amount: int
    net: int
    is_alarm: bool
    trace_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouped:
    """Rows of one kind, counted and summed."""

    key: str
    currency: str
    action: Action
    cause: str
    customer: str
    count: int
    amount: int
    net: int


def append(
    connection: Connection,
    reservation: Reservation,
    action: Action,
    *,
    actor: str,
    now: datetime,
    cause: str = "",
    is_alarm: bool = False,
) -> None:
    """Add a row; nothing changes or removes one."""
    connection.execute(
        insert(promo_ledger).values(
            at=now,
            action=action.value,
            cause=cause,
            actor=actor,
            is_alarm=is_alarm,
            **{name: getattr(reservation, name) for name in _COPIED},
        )
    )


def entries(connection: Connection, *, order_id: str = "", slug: str = "") -> Iterator[Entered]:
    """Yield the rows in the order in which they were added: all, of one order, or of one campaign."""
    query = select(promo_ledger).order_by(promo_ledger.c.seq)
    if order_id:
        query = query.where(promo_ledger.c.order_id == order_id)
    if slug:
        query = query.where(promo_ledger.c.slug == slug)
    for row in connection.execute(query).mappings():
        yield Entered(**{**row, "action": Action(row["action"])})


def grouped(connection: Connection, column: str, *, slug: str = "") -> tuple[Grouped, ...]:
    """Return the rows summed by ``column`` (slug, offer_id, code_id, link_id), currency, action, cause and customer."""
    table = promo_ledger
    keys = (table.c[column], table.c.currency, table.c.action, table.c.cause, table.c.customer)
    sums = (func.count().label("count"), func.sum(table.c.amount).label("amount"), func.sum(table.c.net).label("net"))
    query = select(*keys, *sums).group_by(*keys)
    rows = connection.execute(query.where(table.c.slug == slug) if slug else query).mappings()
    return tuple(
        Grouped(
            key=row[column],
            currency=row["currency"],
            action=Action(row["action"]),
            cause=row["cause"],
            customer=row["customer"],
            count=row["count"],
            amount=int(row["amount"]),  # PostgreSQL sums whole numbers to a decimal
            net=int(row["net"]),
        )
        for row in rows
    )


def alarms(connection: Connection, *, after: int = 0) -> tuple[Entered, ...]:
    """Return the rows that somebody must look at, those after the row numbered ``after``."""
    query = select(promo_ledger).where(promo_ledger.c.is_alarm, promo_ledger.c.seq > after).order_by(promo_ledger.c.seq)
    rows = connection.execute(query).mappings()
    return tuple(Entered(**{**row, "action": Action(row["action"])}) for row in rows)


def keep_trace(connection: Connection, trace: Trace, now: datetime) -> str:
    """Keep a trace once and return its hash."""
    digest = trace.digest
    insert_new(connection, promo_traces, {"trace_hash": digest, "body": pack(trace), "kept_at": now})
    return digest


def trace_hashes(connection: Connection) -> set[str]:
    """Return the hashes of all traces that are kept."""
    return set(connection.execute(select(promo_traces.c.trace_hash)).scalars())


def find_trace(connection: Connection, trace_hash: str) -> Trace | None:
    """Return a trace by its hash."""
    body = connection.execute(select(promo_traces.c.body).where(promo_traces.c.trace_hash == trace_hash)).scalar()
    return unpack(Trace, body) if body else None
