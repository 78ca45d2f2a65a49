"""What an order is for. All but a first order and plain packs change a subscription that is there already."""

FIRST_ORDER = "first_order"
ADD_SEATS = "add_seats"
PLAN_CHANGE = "plan_change"
RENEWAL = "renewal"
PACKS = "packs"
ADD_PACKS = "add_packs"

CHANGES = frozenset({ADD_SEATS, PLAN_CHANGE, RENEWAL, ADD_PACKS})
"""Asked of the vendor as a change of ``subscription_ref``, and charged to the default card."""
OF_PLANS = frozenset({ADD_SEATS, PLAN_CHANGE, RENEWAL})
"""Changes of a plan's own subscription: its seats, its plan, or its next term."""
OF_PACKS = frozenset({PACKS, ADD_PACKS})
