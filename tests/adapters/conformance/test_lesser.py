"""An adapter that changes subscriptions and declares little about it passes the kit, as the flow tests sell with it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.vendor_adapters.conformance import AdapterConformance, Harness
from tests.adapters.conformance.embedded_harness import open_embedded
from tests.adapters.lesser import LesserVendor


class TestLesser(AdapterConformance):
    """What the embedded vendor still owes its callers where it does less."""

    @pytest.fixture
    async def harness(self, template: Path, tmp_path: Path) -> AsyncIterator[Harness]:
        async with open_embedded(template, tmp_path, LesserVendor) as harness:
            yield harness
