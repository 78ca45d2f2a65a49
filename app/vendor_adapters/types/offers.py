"""Prices as the vendor holds them."""

from dataclasses import dataclass
from enum import Enum

from app.core.money import Money
from app.vendor_adapters.types.refs import OfferKey


class Interval(Enum):
    """How often a price is charged."""

    YEAR = "P1Y"
    ONCE = "once"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One price of one plan or add-on as the vendor holds it.

    Attributes:
        key: our price row. item: the plan's or add-on's key. deployment: ``hosted`` or ``self_hosted``.
        unit_price: per seat or pack and interval, before tax. is_offered: False for a retired price, which is still
            billed to those who have it and never sold.
    """

    key: OfferKey
    item: str
    deployment: str
    unit_price: Money
    interval: Interval
    is_offered: bool
