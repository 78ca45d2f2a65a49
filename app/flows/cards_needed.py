"""Where a card must be on file before a change: at a vendor that makes a change which nobody has paid yet."""

from collections.abc import Sequence

from app.core.money import Money
from app.core.problems import Problem, ProblemId, problem
from app.vendor_adapters.capabilities import Capability
from app.vendor_adapters.port import VendorAdapter
from app.vendor_adapters.types import PaymentMethodSummary

NO_CARD = problem(ProblemId.E_NOCARD, then=". Add one first")
NO_CARD_PAGE = problem(ProblemId.E_NOCARD, then=", and none can be added here: our sales team changes this")


def card_problem(vendor: VendorAdapter, due: Money, cards: Sequence[PaymentMethodSummary] | None) -> Problem | None:
    """Return why a change that costs ``due`` now cannot be made; None when it can.

    Without the capability an unpaid change would give what was not paid for, so that it needs a card.

    Args:
        cards: those on file; None while the vendor does not tell.
    """
    if due.is_zero or cards or Capability.CHANGE_WAITS_FOR_PAYMENT in vendor.capabilities:
        return None
    if cards is None:
        return problem(ProblemId.E_VENDOR)
    return NO_CARD if Capability.PORTAL_PAYMENT_METHODS in vendor.capabilities else NO_CARD_PAGE
