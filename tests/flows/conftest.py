"""A whole shop for each test of a journey, over the vendors that the test names."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from app.config import Config
from app.core.clock import FrozenClock
from app.db.engine import Database
from tests.stripe_twin.speaking import selling_with_stripe
from tests.support.shop import Shop, open_shop


@pytest.fixture
def shop_config(config: Config, vendor_name: str) -> Config:
    """The demo's settings for a store that sells with the vendor of this run."""
    return selling_with_stripe(config) if vendor_name == "stripe" else replace(config, vendors=(vendor_name,))


@pytest.fixture
async def shop(shop_config: Config, database: Database, clock: FrozenClock) -> AsyncIterator[Shop]:
    """The demonstration over a fresh database, seeded, with both clocks standing."""
    async with open_shop(shop_config, database, clock) as opened:
        yield opened
