"""Everything that was bought: the store's orders and the vendor's invoices as one list, newest first."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from app import formats
from app.core.money import Money
from app.flows import wording
from app.flows.deps import Deps
from app.flows.invoices import read_invoices
from app.flows.own_account import OwnAccount
from app.orders.history import account_orders
from app.orders.states import PAID, State
from app.orders.store import Order
from app.promotions.store.reservations import names_of
from app.vendor_adapters.types import InvoiceStatus, InvoiceSummary, LineKind

ORDERS, INVOICES = "orders", "invoices"
PAGE_SIZE = 20

_STATES = {
    State.DRAFT: "not paid",
    State.SUBMITTED: "waiting for payment",
    State.ACTION_REQUIRED: "bank's check open",
    State.CONFIRMING: "being confirmed",
    State.PAID: "paid",
    State.GRANT_RETRY: "paid",
    State.GRANTED: "paid",
    State.FAILED: "not paid",
    State.EXPIRED: "expired",
    State.CANCELLED: "cancelled",
    State.REFUNDED: "paid back",
}
_MOVED = (*PAID, State.REFUNDED)
_STATUSES = {
    InvoiceStatus.DRAFT: "being written",
    InvoiceStatus.OPEN: "to be paid",
    InvoiceStatus.PAID: "paid",
    InvoiceStatus.VOID: "cancelled",
    InvoiceStatus.UNCOLLECTIBLE: "given up",
    InvoiceStatus.UNKNOWN: "not known",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a page begins: so many orders down, and so many invoices into the vendor's page at ``cursor``."""

    orders: int = 0
    cursor: str = ""
    skip: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An order or an invoice. ``who`` pressed the button; ``order_id`` is the order, also of an invoice, if any.

    ``promo`` names the codes and campaigns that took something off an order.
    """

    at: datetime
    kind: str
    reference: str
    order_id: str
    what: str
    who: str
    amount: Money
    status: str
    document_url: str
    promo: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A page of entries; ``following`` is None on the last. ``is_whole``: the vendor answered."""

    entries: tuple[Entry, ...]
    following: Place | None
    is_whole: bool


async def read_history(deps: Deps, own: OwnAccount, place: Place, *, kind: str = "", size: int = PAGE_SIZE) -> History:
    """Return ``size`` entries from ``place`` on; without the vendor the store's own orders alone.

    Args:
        kind: ``orders`` or ``invoices`` for these alone.
    """
    orders = await _orders(deps, own, place, size) if kind != INVOICES else []
    invoices = await _invoices(deps, own, place, size) if kind != ORDERS else []
    entries: list[Entry] = []
    left, right = list(orders), list(invoices or [])
    while len(entries) < size and (left or right):
        if left and (not right or left[0].at >= right[0][0].at):
            entries.append(left.pop(0))
            place = replace(place, orders=place.orders + 1)
        else:
            entry, after = right.pop(0)
            entries.append(entry)
            place = replace(after, orders=place.orders)
    has_more = bool(left or right)
    return History(entries=tuple(entries), following=place if has_more else None, is_whole=invoices is not None)


def what_for(deps: Deps, invoice: InvoiceSummary) -> str:
    """Return what an invoice is for, in a few words: its first line that is no discount and gives nothing back."""
    lines = [line for line in invoice.lines if line.kind is not LineKind.DISCOUNT]
    charges = [line for line in lines if line.kind is not LineKind.CREDIT]
    shown = charges or lines
    if not shown:
        return ""
    text = wording.line_text(deps.catalog, next((line for line in shown if line.amount.minor >= 0), shown[-1]))
    if len(shown) > 1:
        text += f" and {formats.counted(len(shown) - 1, 'more item')}"
    return f"{text}, less what was paid for that time" if charges and len(lines) > len(charges) else text


def invoice_status(invoice: InvoiceSummary) -> str:
    """Return an invoice's status in words."""
    return _STATUSES[invoice.status]


async def _orders(deps: Deps, own: OwnAccount, place: Place, size: int) -> list[Entry]:
    def read(connection: Connection) -> tuple[tuple[tuple[Order, str], ...], dict[str, tuple[str, ...]]]:
        found = account_orders(connection, own.account_id, limit=size + 1, offset=place.orders)
        return found, names_of(connection, [order.order_id for order, _ in found])

    found, promos = await deps.db.read(read)
    return [
        Entry(
            at=order.created_at,
            kind="order",
            reference=order.order_id,
            order_id=order.order_id,
            what=wording.bought(deps.catalog, order),
            who=who,
            # an estimate was confirmed, and the payment may have come to something else
            amount=Money(order.amount_paid if order.state in _MOVED else order.total, order.currency),
            status=_STATES[order.state],
            document_url="",
            promo=", ".join(promos.get(order.order_id, ())),
        )
        for order, who in found
    ]


async def _invoices(deps: Deps, own: OwnAccount, place: Place, size: int) -> list[tuple[Entry, Place]] | None:
    """Return one invoice more than a page needs, each with the place after it; None without the vendor."""
    found: list[tuple[Entry, Place]] = []
    cursor, skip = place.cursor, place.skip
    while len(found) <= size:
        page = await read_invoices(deps, own, cursor)
        if page is None:
            return None
        for index, invoice in enumerate(page.rows[skip:], start=skip + 1):
            is_last = index == len(page.rows)
            after = Place(cursor=page.next_cursor) if is_last and page.next_cursor else Place(cursor=cursor, skip=index)
            found.append((_entry(deps, invoice), after))
        if not page.next_cursor:
            break
        cursor, skip = page.next_cursor, 0
    return found


def _entry(deps: Deps, invoice: InvoiceSummary) -> Entry:
    return Entry(
        at=invoice.issued_at,
        kind="invoice",
        reference=invoice.number,
        order_id=invoice.order,
        what=what_for(deps, invoice),
        who="" if invoice.order else "automatic",
        amount=invoice.total,
        status=invoice_status(invoice),
        document_url=invoice.document_url,
    )
