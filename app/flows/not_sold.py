"""What buyers are told where a vendor does not sell what a page could ask it for."""

from app import formats
from app.core.problems import Problem, ProblemId
from app.subscriptions.store import Subscription
from app.vendor_adapters.errors import RejectReason, VendorError, VendorRejected

TOO_LITTLE = Problem(ProblemId.E_INPUT, "This is too little to be charged to a card. Choose more.")


def not_sold(error: VendorError, subscription: Subscription | None) -> Problem | None:
    """Return why; None where the vendor refuses for another reason, or does not answer.

    Args:
        subscription: what would be changed, None for what stands by itself.
    """
    if not isinstance(error, VendorRejected) or error.reason is not RejectReason.NOT_SOLD:
        return None
    if error.field == "amount":
        return TOO_LITTLE
    if error.field == "period" and subscription:
        # a term whose money went back is not billed again, nor beside it, before the one that runs ends
        end = formats.date(subscription.ends_at)
        text = f"The next term was paid back. It can be paid from {end} on. Until then nothing can be changed."
        return Problem(ProblemId.E_INPUT, text)
    return None
