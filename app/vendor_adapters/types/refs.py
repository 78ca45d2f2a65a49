"""The vendor's ids, opaque, and our own names that cross the seam."""

from typing import NewType

OfferKey = NewType("OfferKey", str)
"""Our name of one price row of the catalog, such as ``team-hosted-usd-y-1``."""
CustomerRef = NewType("CustomerRef", str)
CheckoutRef = NewType("CheckoutRef", str)
SubscriptionRef = NewType("SubscriptionRef", str)
InvoiceRef = NewType("InvoiceRef", str)
ChargeRef = NewType("ChargeRef", str)
PaymentMethodRef = NewType("PaymentMethodRef", str)
DiscountRef = NewType("DiscountRef", str)
RefundRef = NewType("RefundRef", str)
OrderId = NewType("OrderId", str)
"""Our order's id; it stands in the vendor's metadata, so that either side is found from the other."""
IdempotencyKey = NewType("IdempotencyKey", str)
"""``order:<order id>:<operation>:<attempt>``, or ``<kind>:<our id>:<operation>:<n>`` for writes without an order."""
