"""A store with campaigns in it."""

import pytest

from app.core.clock import FrozenClock
from app.db.engine import Database
from tests.promotions.till import Till
from tests.promotions.world import NOW


@pytest.fixture
def till(database: Database, clock: FrozenClock) -> Till:
    """A till over a fresh database, in the middle of the tests' window."""
    clock.advance(NOW - clock.now())
    return Till(database, clock)
