"""A fresh twin with its adapter for each test; whatever went over the wire is compared with the contract."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from app.core.clock import FrozenClock
from tests.adapters.stripe.shop import CATALOG, Shop
from tests.stripe_twin.twin import StripeTwin

MARCH = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
async def twin() -> AsyncIterator[StripeTwin]:
    """A twin of the demonstration's catalog at midnight of 1 March 2026."""
    twin = StripeTwin(CATALOG, FrozenClock(MARCH))
    yield twin
    await twin.adapter.close()
    assert twin.api.guard.problems == []


@pytest.fixture
def shop(twin: StripeTwin) -> Shop:
    """Short words for what tests buy."""
    return Shop(twin)
