"""An adapter without capabilities passes the kit: what it lacks is skipped, printed and counted."""

from collections.abc import AsyncIterator

import pytest

from app.vendor_adapters.conformance import AdapterConformance, Harness
from tests.adapters.minimal.harness import open_minimal


class TestMinimal(AdapterConformance):
    """What every vendor must be able to do, and nothing beyond."""

    @pytest.fixture
    async def harness(self) -> AsyncIterator[Harness]:
        async with open_minimal() as harness:
            yield harness
