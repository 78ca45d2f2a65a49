"""Where a card must be on file before a change: at a vendor that makes a change which nobody has paid yet."""

from collections.abc import Sequence

from app.core.money import Money
from app.core.problems import Problem, ProblemId, problem
from app.vendor_adapters.capabilities import Capability
from app.vendor_adapters.port import VendorAdapter
from app.vendor_adapters.types import PaymentMethodSummary

NO_CARD = Problem(ProblemId.E_INPUT, "There is no card on file to charge. Add one first.")


def card_problem(vendor: VendorAdapter, due: Money, cards: Sequence[PaymentMethodSummary] | None) -> Problem | None:
    """Return why a change that costs ``due`` now cannot be made; None when it can.

    Without the capability an unpaid change would give what was not paid for, so that it needs a card.

    Args:
        cards: those on file; None while the vendor does not tell.
    """
    if due.is_zero or cards or Capability.CHANGE_WAITS_FOR_PAYMENT in vendor.capabilities:
        return None
    return problem(ProblemId.E_VENDOR) if cards is None else NO_CARD
