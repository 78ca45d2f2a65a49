"""The checks against a published contract, with a small guard in place of a vendor's."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from app.vendor_adapters.conformance import AdapterConformance, Facility, Planted, Reading
from app.vendor_adapters.conformance.offers import START
from app.vendor_adapters.errors import RejectReason, VendorRejected
from app.vendor_adapters.types import InvoiceStatus, Notification, NotificationKind, OrderId
from tests.adapters.minimal.harness import MinimalHarness

CHECKS = AdapterConformance()
SEEN = Notification(id="evt_1", kind=NotificationKind.CUSTOMER, subject="cus_1", order=OrderId(""), occurred_at=START)


class Guard:
    """A guard that says what a test has it say; it counts the orders of the vendor as requests."""

    def __init__(
        self,
        harness: MinimalHarness,
        problems: Sequence[str] = (),
        planted: Sequence[Planted] = (),
        readings: Sequence[Reading] = (),
    ) -> None:
        self._harness = harness
        self._problems = problems
        self._planted = planted
        self._readings = readings

    def sent(self) -> int:
        return len(self._harness.vendor.sessions)

    def problems(self) -> Sequence[str]:
        return self._problems

    def planted(self) -> Sequence[Planted]:
        return self._planted

    def readings(self) -> Sequence[Reading]:
        return self._readings

    def unheard_of(self) -> Sequence[Reading]:
        return self._readings


@pytest.fixture
def harness() -> MinimalHarness:
    harness = MinimalHarness()
    harness.lacks = {Facility.CHALLENGES: "none", Facility.MESSAGES: "none"}
    return harness


async def test_valid_requests_pass(harness: MinimalHarness) -> None:
    harness.wire = Guard(harness)
    await CHECKS.test_01_every_request_is_valid(harness)


async def test_a_refused_request_fails(harness: MinimalHarness) -> None:
    harness.wire = Guard(harness, problems=["POST /sessions: custmer is no parameter"])
    with pytest.raises(AssertionError):
        await CHECKS.test_01_every_request_is_valid(harness)


async def test_a_mistake_that_nobody_notices_fails(harness: MinimalHarness) -> None:
    caught = Planted(name="misspelt", complaint="custmer is no parameter")
    harness.wire = Guard(harness, planted=[caught])
    await CHECKS.test_01_planted_mistakes_are_caught(harness)
    harness.wire = Guard(harness, planted=[caught, Planted(name="mistyped", complaint="")])
    with pytest.raises(AssertionError):
        await CHECKS.test_01_planted_mistakes_are_caught(harness)


async def test_bodies_become_our_types_and_errors(harness: MinimalHarness) -> None:
    harness.wire = Guard(
        harness, readings=[_reading(SEEN), _reading((SEEN, "cus_1")), Reading(name="no", read=_refuse)]
    )
    await CHECKS.test_02_every_body_is_translated(harness)


async def test_a_body_that_crashes_or_stays_a_dictionary_fails(harness: MinimalHarness) -> None:
    for reading in (Reading(name="crash", read=_crash), _reading({"id": 1}), _reading((SEEN, None))):
        harness.wire = Guard(harness, readings=[reading])
        with pytest.raises((AssertionError, KeyError)):
            await CHECKS.test_02_every_body_is_translated(harness)


async def test_an_unheard_of_value_must_be_unknown(harness: MinimalHarness) -> None:
    ignored = replace(SEEN, kind=NotificationKind.IGNORED)
    harness.wire = Guard(harness, readings=[_reading((SEEN, ignored)), _reading(InvoiceStatus.UNKNOWN)])
    await CHECKS.test_03_unheard_of_values_are_unknown(harness)
    harness.wire = Guard(harness, readings=[_reading(SEEN)])
    with pytest.raises(AssertionError):
        await CHECKS.test_03_unheard_of_values_are_unknown(harness)


def _reading(answer: object) -> Reading:
    return Reading(name=type(answer).__name__, read=lambda: answer)


def _crash() -> object:
    return {"object": "invoice"}["id"]


def _refuse() -> object:
    raise VendorRejected(vendor="minimal", operation="get_checkout", reason=RejectReason.NOT_FOUND)
