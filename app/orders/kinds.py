"""What an order is for. All but a first order and plain packs change a subscription that is there already."""

FIRST_ORDER = "first_order"
ADD_SEATS = "add_seats"
PLAN_CHANGE = "plan_change"
PACKS = "packs"
ADD_PACKS = "add_packs"

CHANGES = frozenset({ADD_SEATS, PLAN_CHANGE, ADD_PACKS})
"""Asked of the vendor as a change of ``subscription_ref``, and charged to the default card."""
OF_PACKS = frozenset({PACKS, ADD_PACKS})
