"""An order's life as data: state x action -> next state. What is not in the table cannot happen."""

from enum import Enum


class State(Enum):
    """Where an order stands; each has a page of its own."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    ACTION_REQUIRED = "action_required"
    CONFIRMING = "confirming"
    PAID = "paid"
    GRANT_RETRY = "grant_retry"
    GRANTED = "granted"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


class Action(Enum):
    """What happens to an order."""

    OPEN = "open"  # the vendor's payment page stands ready
    CHALLENGE = "challenge"  # the bank wants to hear from the buyer
    AWAIT = "await"  # the bank or the vendor has not answered yet
    PAY = "pay"
    DECLINE = "decline"
    EXPIRE = "expire"
    CANCEL = "cancel"
    GRANT = "grant"
    DELAY = "delay"  # the product could not be told yet
    REFUND = "refund"


_UNPAID = (State.DRAFT, State.SUBMITTED, State.ACTION_REQUIRED, State.CONFIRMING)

TRANSITIONS: dict[tuple[State, Action], State] = {
    **{(state, Action.OPEN): State.SUBMITTED for state in _UNPAID},
    **{(state, Action.CHALLENGE): State.ACTION_REQUIRED for state in _UNPAID},
    **{(state, Action.AWAIT): State.CONFIRMING for state in _UNPAID},
    **{(state, Action.DECLINE): State.FAILED for state in _UNPAID},
    **{(state, Action.EXPIRE): State.EXPIRED for state in _UNPAID},
    **{(state, Action.CANCEL): State.CANCELLED for state in _UNPAID},
    # the vendor's word is final: money that came after all is an order that was paid after all
    **{(state, Action.PAY): State.PAID for state in (*_UNPAID, State.FAILED, State.EXPIRED, State.CANCELLED)},
    (State.PAID, Action.GRANT): State.GRANTED,
    (State.GRANT_RETRY, Action.GRANT): State.GRANTED,
    (State.PAID, Action.DELAY): State.GRANT_RETRY,
    (State.PAID, Action.REFUND): State.REFUNDED,
    (State.GRANT_RETRY, Action.REFUND): State.REFUNDED,
    (State.GRANTED, Action.REFUND): State.REFUNDED,
}

UNPAID = frozenset(_UNPAID)
"""Money may still move: the sweep looks at these until the vendor has spoken."""
PAID = frozenset({State.PAID, State.GRANT_RETRY, State.GRANTED})
KEPT = frozenset({*PAID, State.REFUNDED, State.CONFIRMING})
"""Money moved or may have: the checkout behind such an order leads to it and sells nothing more."""


def next_state(state: State, action: Action) -> State | None:
    """Return the state after ``action``, None when it cannot happen in ``state``."""
    return TRANSITIONS.get((state, action))
