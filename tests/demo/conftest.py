"""A fresh demo product for each test, and a browser in front of it."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.core.clock import FrozenClock
from app.demo.product import DemoProduct
from app.http import AsyncClient
from tests.demo.forge import open_product
from tests.support.asgi import asgi_client


@pytest.fixture(scope="session")
def prepared_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A seeded database, to be copied: making a signing key takes longer than most tests."""
    path = tmp_path_factory.mktemp("forge") / "template.db"
    product = open_product(path, FrozenClock(datetime(2026, 11, 23, tzinfo=UTC)))
    asyncio.run(product.prepare())
    product.close()
    return path


@pytest.fixture
def forge(prepared_file: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[DemoProduct]:
    """The demo product with its seed, at the clock's instant."""
    path = tmp_path / "product.db"
    shutil.copyfile(prepared_file, path)
    product = open_product(path, clock)
    yield product
    product.close()


@pytest.fixture
async def browser(forge: DemoProduct) -> AsyncIterator[AsyncClient]:
    """Somebody's browser, with its cookies; it follows no redirect by itself."""
    async with asgi_client(forge.app, base_url=forge.world.origin) as client:
        yield client
