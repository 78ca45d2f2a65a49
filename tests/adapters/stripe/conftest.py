"""A fresh twin with its adapter for each test; whatever went over the wire is compared with the contract."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from app.core.clock import FrozenClock
from tests.adapters.stripe.shop import CATALOG, Shop
from tests.stripe_twin.twin import StripeTwin

DRAWN = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""A key as the library draws one for a request that brings none; the repetition of a lost write would lose it."""
READS = ("post /v1/invoices/create_preview",)
MARCH = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
async def twin() -> AsyncIterator[StripeTwin]:
    """A twin of the demonstration's catalog at midnight of 1 March 2026."""
    twin = StripeTwin(CATALOG, FrozenClock(MARCH))
    yield twin
    await twin.adapter.close()
    assert twin.api.guard.problems == []
    made = zip(reversed(twin.network.sent), reversed(twin.network.keys), strict=False)  # a test may have cleared one
    assert [sent for sent, key in made if DRAWN.fullmatch(key) and sent not in READS] == [], "a write without our key"


@pytest.fixture
def shop(twin: StripeTwin) -> Shop:
    """Short words for what tests buy."""
    return Shop(twin)
