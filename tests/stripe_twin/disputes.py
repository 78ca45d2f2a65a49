"""Complaints of card holders: opened, won, lost."""

from app.vendor_adapters.world import DisputeState
from tests.stripe_twin.books import Books, Obj

_EVENTS = {
    DisputeState.OPENED: "charge.dispute.created",
    DisputeState.WON: "charge.dispute.closed",
    DisputeState.LOST: "charge.dispute.closed",
}
_STATUS = {DisputeState.OPENED: "needs_response", DisputeState.WON: "won", DisputeState.LOST: "lost"}


def move(books: Books, payment: Obj, state: DisputeState) -> None:
    """Let the complaint about a payment be so far, and tell it."""
    charge = books.tables["charge"][payment["latest_charge"]]
    charge |= {"disputed": True, "_dispute": state.value}
    held = books.all("dispute", payment_intent=payment["id"])
    dispute = held[0] if held else _opened(books, payment, charge)
    dispute["status"] = _STATUS[state]
    books.tell(_EVENTS[state], dispute)


def _opened(books: Books, payment: Obj, charge: Obj) -> Obj:
    return books.new(
        "dispute",
        amount=charge["amount"],
        balance_transactions=[],
        charge=charge["id"],
        currency=charge["currency"],
        enhanced_eligibility_types=[],
        evidence={"enhanced_evidence": {}},
        evidence_details={
            "due_by": None,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        is_charge_refundable=False,
        metadata={},
        payment_intent=payment["id"],
        reason="fraudulent",
        status="needs_response",
    )
