"""Every table of the store, by room. Importing this package fills ``metadata``."""

from app.db.schema import entitlements, events, funnel, identity, marketing, orders, promotions, store, usage
from app.db.schema.base import metadata

__all__ = [
    "entitlements",
    "events",
    "funnel",
    "identity",
    "marketing",
    "metadata",
    "orders",
    "promotions",
    "store",
    "usage",
]
