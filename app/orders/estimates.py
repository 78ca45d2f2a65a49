"""Orders whose total was an estimate when it was confirmed: what was charged is known from the vendor alone."""

from app.orders.packing import unpack
from app.vendor_adapters.types import Fidelity, Quote


def is_estimate(quote: str) -> bool:
    """Whether an order's packed quote said that the vendor could only estimate what it would charge."""
    return unpack(Quote, quote).fidelity is Fidelity.ESTIMATED
