"""A whole shop for each test of a journey."""

from collections.abc import AsyncIterator

import pytest

from app.config import Config
from app.core.clock import FrozenClock
from app.db.engine import Database
from tests.support.shop import Shop, open_shop


@pytest.fixture
async def shop(config: Config, database: Database, clock: FrozenClock) -> AsyncIterator[Shop]:
    """The demonstration over a fresh database, seeded, with both clocks standing."""
    async with open_shop(config, database, clock) as opened:
        yield opened
