"""Invoices, read from the vendor and never stored: a page of them is remembered for a few minutes at the most."""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from app.core.problems import NotYours
from app.flows.deps import Deps
from app.flows.own_account import OwnAccount
from app.orders.store import account_mark
from app.subscriptions.store import versions_mark
from app.vendor_adapters.errors import RejectReason, VendorError, VendorRejected
from app.vendor_adapters.types import InvoiceSummary, Page

REMEMBERED_FOR = timedelta(minutes=5)
_MOST_PAGES = 500

_Key = tuple[str, str, str, str]


@dataclass(slots=True)
class InvoicePages:
    """Pages of invoices as they were last read; the oldest go first, and each is good for five minutes."""

    kept: OrderedDict[_Key, tuple[datetime, Page[InvoiceSummary]]] = field(default_factory=OrderedDict)

    def get(self, key: _Key, now: datetime) -> Page[InvoiceSummary] | None:
        """Return a page that is young enough; ``now`` is wall time."""
        read_at, page = self.kept.get(key, (now - REMEMBERED_FOR, None))
        return page if now - read_at < REMEMBERED_FOR else None

    def put(self, key: _Key, page: Page[InvoiceSummary], now: datetime) -> None:
        """Remember a page."""
        self.kept[key] = (now, page)
        self.kept.move_to_end(key)
        while len(self.kept) > _MOST_PAGES:
            self.kept.popitem(last=False)


async def read_invoices(deps: Deps, own: OwnAccount, cursor: str = "") -> Page[InvoiceSummary] | None:
    """Return a page of the account's invoices, newest first; None while the vendor does not answer.

    What the store itself knows to have changed (an order, a subscription) makes it ask anew, so that an invoice that
    was just paid is there. Raises NotYours for a cursor that the vendor does not know.
    """
    if own.customer is None:
        return Page(())
    now = deps.clock.wall()
    mark = await deps.db.read(lambda connection: _mark(connection, own.account_id))
    key = (own.vendor.name, own.customer, cursor, mark)
    page = _PAGES.get(key, now)
    if page is not None:
        return page
    try:
        page = await own.vendor.list_invoices(own.customer, cursor=cursor)
    except VendorRejected as error:
        if error.reason is RejectReason.NOT_FOUND and cursor:
            raise NotYours(cursor) from error
        return None
    except VendorError:
        return None
    _PAGES.put(key, page, now)
    return page


def _mark(connection: Connection, account_id: str) -> str:
    return f"{account_mark(connection, account_id)} {versions_mark(connection, account_id)}"


_PAGES = InvoicePages()
