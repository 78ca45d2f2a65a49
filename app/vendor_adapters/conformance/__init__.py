"""The conformance kit: one suite that every adapter must pass. docs/writing-an-adapter.md says how to use it.

It needs pytest, and Hypothesis for ``differential``; the store itself never imports it.
"""

import pytest

# before they are imported: a failing assert in a check shows its values
pytest.register_assert_rewrite(*(f"{__name__}.{name}" for name in ("checks", "buyer", "writes", "differential")))

from app.vendor_adapters.conformance.checks import AdapterConformance  # noqa: E402 - after the line above
from app.vendor_adapters.conformance.harness import (  # noqa: E402
    Card,
    Facility,
    FacilityLacking,
    Fault,
    Harness,
    NotProvided,
    Payment,
    SignedMessage,
    VendorCharge,
)
from app.vendor_adapters.conformance.offers import START, kit_catalog  # noqa: E402
from app.vendor_adapters.conformance.wire import Planted, Reading, Wire  # noqa: E402

__all__ = [
    "START",
    "AdapterConformance",
    "Card",
    "Facility",
    "FacilityLacking",
    "Fault",
    "Harness",
    "NotProvided",
    "Payment",
    "Planted",
    "Reading",
    "SignedMessage",
    "VendorCharge",
    "Wire",
    "kit_catalog",
]
