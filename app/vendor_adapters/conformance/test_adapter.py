"""The whole kit for one adapter: ``pytest --pyargs app.vendor_adapters.conformance --conformance-harness …``."""

import pytest

from app.vendor_adapters.conformance import AdapterConformance, Harness


class TestAdapter(AdapterConformance):
    """The adapter that the command line names."""

    @pytest.fixture
    def harness(self, named_harness: Harness) -> Harness:
        return named_harness
