"""What the operations need to know beside their arguments."""

from dataclasses import dataclass
from datetime import timedelta

from app.catalog.model import Catalog


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """Settings of the adapter.

    Attributes:
        is_taxed: whether Stripe works taxes out. secret: what quotes are signed with.
    """

    catalog: Catalog
    is_taxed: bool
    quote_ttl: timedelta
    secret: str
