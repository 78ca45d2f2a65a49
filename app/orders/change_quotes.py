"""What a page showed of a change: the vendor's quote to the letter, so that exactly it is asked for later."""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select

from app.core.ids import new_order_id
from app.db.schema.orders import change_quotes
from app.db.sql import insert_new
from app.orders.packing import pack, unpack
from app.vendor_adapters.types import Change, DiscountRef, Quote


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptChange:
    """A quote of a change that stood on a page.

    Attributes:
        change: packed. reference: what stands at the vendor for a change that is no order of ours.
    """

    quote_id: str
    change: str
    quote: Quote
    reference: str

    @property
    def discounts(self) -> tuple[DiscountRef, ...]:
        """The vendor's discounts that it was priced with."""
        return tuple(DiscountRef(ref) for ref in json.loads(self.change).get("discounts", ()))

    def is_but_for_discounts(self, change: Change) -> bool:
        """Whether it is ``change``, whatever either is priced with."""
        mine, other = json.loads(self.change), json.loads(pack(change))
        return {**mine, "discounts": []} == {**other, "discounts": []}


def keep_change(
    connection: Connection, quote_id: str, *, subscription_id: str, change: Change, quote: Quote
) -> KeptChange:
    """Remember what is shown under ``quote_id`` and return it; what was kept under that id before stands."""
    values = {
        "quote_id": quote_id,
        "subscription_id": subscription_id,
        "change": pack(change),
        "quote": pack(quote),
        "reference": new_order_id(),
        "expires_at": quote.expires_at,
    }
    insert_new(connection, change_quotes, values)
    kept = kept_change(connection, quote_id, subscription_id)
    if kept is None:
        raise LookupError("a quote was kept for another subscription under the same id")
    return kept


def kept_change(connection: Connection, quote_id: str, subscription_id: str) -> KeptChange | None:
    """Return what was shown for this subscription; None for anything else that a form may send."""
    row = connection.execute(
        select(change_quotes).where(
            change_quotes.c.quote_id == quote_id, change_quotes.c.subscription_id == subscription_id
        )
    ).first()
    if row is None:
        return None
    return KeptChange(quote_id=row.quote_id, change=row.change, quote=unpack(Quote, row.quote), reference=row.reference)


def forget_changes(connection: Connection, *, before: datetime) -> None:
    """Delete quotes that expired before ``before`` (business time)."""
    connection.execute(delete(change_quotes).where(change_quotes.c.expires_at < before))
