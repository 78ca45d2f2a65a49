"""The Stripe adapter passes the kit, over the twin."""

from collections.abc import AsyncIterator

import pytest

from app.vendor_adapters.conformance import AdapterConformance, Harness
from tests.stripe_twin.harness import open_stripe


class TestStripe(AdapterConformance):
    """Everything that the adapter declares."""

    @pytest.fixture
    async def harness(self) -> AsyncIterator[Harness]:
        async with open_stripe() as harness:
            yield harness
            assert harness.twin.api.guard.problems == []
