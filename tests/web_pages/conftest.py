"""The shop window for each test of a page."""

from collections.abc import Iterator

import pytest

from app.config import Config
from app.core.clock import FrozenClock
from app.db.engine import Database
from tests.support.storefront import Storefront, open_storefront


@pytest.fixture
def front(config: Config, database: Database, clock: FrozenClock) -> Iterator[Storefront]:
    """The store over a fresh database, with both clocks standing."""
    with open_storefront(config, database, clock) as front:
        yield front
