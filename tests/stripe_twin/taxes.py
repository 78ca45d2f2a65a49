"""Tax by the demonstration's test rates, so that figures equal those of the embedded vendor."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.vendor_adapters.embedded.tax import BadAddress, assess, id_status
from app.vendor_adapters.types import Address, TaxId, TaxIdStatus, TaxTreatment
from tests.stripe_twin.refusals import Refusal, invalid

REASONS = {
    TaxTreatment.STANDARD: "standard_rated",
    TaxTreatment.REVERSE_CHARGE: "reverse_charge",
    TaxTreatment.NOT_COLLECTED: "not_collecting",
}
VERIFICATIONS = {
    TaxIdStatus.VALID: "verified",
    TaxIdStatus.PENDING: "pending",
    TaxIdStatus.REFUSED: "unverified",
    TaxIdStatus.NONE: "unavailable",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """How a bill is taxed; without a place it cannot be said yet."""

    rate_ppm: int
    reason: str
    status: str = "complete"


def rule_at(address: Mapping[str, Any] | None, tax_ids: Iterable[Mapping[str, Any]]) -> Rule:
    """Return the rule for a place and the numbers of a customer."""
    held = next(iter(tax_ids), None)
    tax_id = TaxId(kind=held["type"], value=held["value"]) if held else None
    try:
        found = assess(_address(address), tax_id)
    except BadAddress:
        return Rule(0, "not_available", "requires_location_inputs")
    return Rule(found.rate_ppm, REASONS[found.treatment])


def verification(kind: str, value: str) -> dict[str, Any]:
    """Return what Stripe finds out about a number; a wrong one is refused at once."""
    status = id_status(TaxId(kind=kind, value=value))
    if status is TaxIdStatus.REFUSED:
        raise bad_tax_id()
    return {"status": VERIFICATIONS[status], "verified_address": None, "verified_name": None}


def bad_tax_id() -> Refusal:
    """Return the refusal of a number."""
    return invalid("Invalid value for the tax ID.", param="value", code="tax_id_invalid")


def bad_place() -> Refusal:
    """Return the refusal of a place that cannot be taxed."""
    return invalid(
        "The customer's location isn't recognized. Set a valid customer address.",
        param="automatic_tax",
        code="customer_tax_location_invalid",
    )


def _address(held: Mapping[str, Any] | None) -> Address:
    given = held or {}
    return Address(country=given.get("country") or "", region=given.get("state") or "")
