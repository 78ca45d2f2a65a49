"""What goes over the wire, compared with the contract that the vendor publishes."""

import dataclasses
from datetime import datetime, timedelta

import structlog

from app.core.money import Money
from app.vendor_adapters import types
from app.vendor_adapters.conformance.checks.base import Checks
from app.vendor_adapters.conformance.harness import Facility, FacilityLacking, Harness, NotProvided
from app.vendor_adapters.conformance.journeys import JOURNEYS, Journey, traced
from app.vendor_adapters.conformance.scenario import check, unmet
from app.vendor_adapters.conformance.wire import Reading, Wire
from app.vendor_adapters.errors import VendorError

log = structlog.get_logger()
_UNKNOWN = frozenset({"unknown", "ignored"})


class ContractChecks(Checks):
    """Requests, answers and enums against the published contract."""

    @check(1, Facility.WIRE)
    async def test_01_every_request_is_valid(self, harness: Harness) -> None:
        """Every request of the twenty journeys is valid against the contract."""
        wire = wire_of(harness)
        before = wire.sent()
        for journey in JOURNEYS:
            if not unmet(harness, journey.needs):
                await _played(harness, journey)
        assert wire.sent() > before
        assert list(wire.problems()) == []

    @check(1, Facility.WIRE)
    async def test_01_planted_mistakes_are_caught(self, harness: Harness) -> None:
        """Misspelt, mistyped, missing and unknown parameters are caught."""
        planted = wire_of(harness).planted()
        assert planted
        assert [mistake.name for mistake in planted if not mistake.complaint] == []

    @check(2, Facility.WIRE)
    async def test_02_every_body_is_translated(self, harness: Harness) -> None:
        """Every success and error body becomes one of our types or errors."""
        readings = wire_of(harness).readings()
        assert readings
        assert [reading.name for reading in readings if not _is_ours(_answer(reading))] == []

    @check(3, Facility.WIRE)
    async def test_03_unheard_of_values_are_unknown(self, harness: Harness) -> None:
        """An enum value that is not in the contract is UNKNOWN and crashes nothing."""
        readings = wire_of(harness).unheard_of()
        assert readings
        assert [reading.name for reading in readings if not _says_unknown(_answer(reading))] == []


async def _played(harness: Harness, journey: Journey) -> None:
    """Play a journey for its requests; a refused one may end it, and what it comes to is the affair of check 26."""
    try:
        await traced(harness, journey)
    except FacilityLacking:
        raise
    except Exception as error:
        log.info("a journey ended early", journey=journey.name, error=type(error).__name__)


def wire_of(harness: Harness) -> Wire:
    """Return the harness's guard; NotProvided where it declares none to lack and has none."""
    if harness.wire is None:
        raise NotProvided("wire")
    return harness.wire


def _answer(reading: Reading) -> object:
    """Return what the adapter makes of a body; anything that it raises beside our errors is a crash."""
    try:
        return reading.read()
    except VendorError as error:
        return error


def _is_ours(answer: object) -> bool:
    """Whether an answer is made of our types through and through, with nothing of the vendor's left in it."""
    if isinstance(answer, tuple):
        return all(_is_ours(one) for one in answer)
    if isinstance(answer, Money):
        return True
    if not type(answer).__module__.startswith(types.__name__):
        return isinstance(answer, VendorError) or type(answer) is str
    fields = dataclasses.fields(answer) if dataclasses.is_dataclass(answer) else ()
    return all(_is_plain(getattr(answer, field.name)) for field in fields)


def _is_plain(value: object) -> bool:
    """Whether a field's value is one of ours, or an instant, a count, a flag or nothing."""
    if isinstance(value, datetime):
        return value.utcoffset() == timedelta(0)
    if isinstance(value, tuple):
        return all(_is_plain(one) for one in value)
    return value is None or type(value) in (bool, int) or _is_ours(value)


def _says_unknown(answer: object) -> bool:
    if isinstance(answer, tuple):
        return any(_says_unknown(one) for one in answer)
    if not dataclasses.is_dataclass(answer) or isinstance(answer, type):
        return getattr(answer, "value", None) in _UNKNOWN
    return any(_says_unknown(getattr(answer, field.name)) for field in dataclasses.fields(answer))
