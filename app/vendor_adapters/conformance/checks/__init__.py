"""The checks, one class for each Protocol of the port and for what goes across them."""

from app.vendor_adapters.conformance.checks.billing import BillingChecks
from app.vendor_adapters.conformance.checks.carts import CartChecks
from app.vendor_adapters.conformance.checks.catalog import CatalogChecks
from app.vendor_adapters.conformance.checks.contract import ContractChecks
from app.vendor_adapters.conformance.checks.discounts import DiscountChecks
from app.vendor_adapters.conformance.checks.keys import KeyChecks
from app.vendor_adapters.conformance.checks.notifications import NotificationChecks
from app.vendor_adapters.conformance.checks.payments import PaymentChecks
from app.vendor_adapters.conformance.checks.prices import PriceChecks
from app.vendor_adapters.conformance.checks.rules import RuleChecks
from app.vendor_adapters.conformance.checks.script import ScriptChecks
from app.vendor_adapters.conformance.checks.subscriptions import SubscriptionChecks

__all__ = ["AdapterConformance"]


class AdapterConformance(
    ContractChecks,
    CatalogChecks,
    PriceChecks,
    CartChecks,
    PaymentChecks,
    DiscountChecks,
    SubscriptionChecks,
    BillingChecks,
    NotificationChecks,
    KeyChecks,
    RuleChecks,
    ScriptChecks,
):
    """All of them. Subclass it under a name that begins with ``Test`` and give it a fixture ``harness``."""
