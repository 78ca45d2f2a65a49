"""The script of twenty customers: the same trace on every adapter."""

import pytest

from app.vendor_adapters.conformance.checks.base import Checks
from app.vendor_adapters.conformance.harness import Facility, Harness
from app.vendor_adapters.conformance.journeys import JOURNEYS, Journey, expected, traced
from app.vendor_adapters.conformance.scenario import check


class ScriptChecks(Checks):
    """What each customer comes to."""

    @check(26, Facility.CALENDAR)
    @pytest.mark.parametrize("journey", JOURNEYS, ids=lambda journey: journey.name)
    async def test_26_the_trace_is_the_same(self, harness: Harness, journey: Journey) -> None:
        """A customer's journey has the same canonical trace."""
        assert await traced(harness, journey) == expected()[journey.name]
