"""What a page showed: each quote with its total, so that nothing else is ever charged."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from app.core.ids import new_id
from app.core.money import Money
from app.db.schema.orders import quotes


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownQuote:
    """A quote that stood on a page; instants are business time."""

    quote_id: str
    total: Money
    catalog_version: str
    made_at: datetime
    expires_at: datetime


def keep_quote(
    connection: Connection, intent_id: str, total: Money, *, catalog_version: str, now: datetime, expires_at: datetime
) -> str:
    """Remember that ``total`` was shown, and return the id that the page sends back."""
    quote_id = new_id("quo")
    connection.execute(
        insert(quotes).values(
            quote_id=quote_id,
            intent_id=intent_id,
            total=total.minor,
            currency=total.currency,
            catalog_version=catalog_version,
            made_at=now,
            expires_at=expires_at,
        )
    )
    return quote_id


def shown_quote(connection: Connection, intent_id: str, quote_id: str) -> ShownQuote | None:
    """Return a quote that was shown for this intent; None for anything else that a form may send."""
    row = connection.execute(
        select(quotes).where(quotes.c.quote_id == quote_id, quotes.c.intent_id == intent_id)
    ).first()
    if row is None:
        return None
    return ShownQuote(
        quote_id=row.quote_id,
        total=Money(row.total, row.currency),
        catalog_version=row.catalog_version,
        made_at=row.made_at,
        expires_at=row.expires_at,
    )


def forget_quotes(connection: Connection, *, before: datetime) -> None:
    """Delete quotes that expired before ``before`` (business time)."""
    connection.execute(delete(quotes).where(quotes.c.expires_at < before))
