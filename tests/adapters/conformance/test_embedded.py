"""The embedded vendor passes the kit."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.vendor_adapters.conformance import AdapterConformance, Harness
from tests.adapters.conformance.embedded_harness import open_embedded


class TestEmbedded(AdapterConformance):
    """Everything that the default vendor declares, which is everything."""

    @pytest.fixture
    async def harness(self, template: Path, tmp_path: Path) -> AsyncIterator[Harness]:
        async with open_embedded(template, tmp_path) as harness:
            yield harness
