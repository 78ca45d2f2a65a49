"""A fresh embedded vendor for each test, with its clock standing still."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.core.clock import FrozenClock
from app.vendor_adapters.embedded import EmbeddedVendor, EmbeddedWorld
from tests.adapters.embedded.shop import Shop, open_vendor


@pytest.fixture(scope="session")
def vendor_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty vendor's database, to be copied."""
    path = tmp_path_factory.mktemp("vendor") / "template.db"
    vendor = open_vendor(path, FrozenClock(datetime(2026, 11, 23, tzinfo=UTC)))
    vendor.prepare()
    vendor.calls.database.close()
    return path


@pytest.fixture
def vendor(vendor_file: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[EmbeddedVendor]:
    """The vendor at the clock's instant."""
    path = tmp_path / "vendor.db"
    shutil.copyfile(vendor_file, path)
    vendor = open_vendor(path, clock)
    yield vendor
    vendor.calls.database.close()


@pytest.fixture
def world(vendor: EmbeddedVendor) -> EmbeddedWorld:
    """The demonstration's hand on the vendor."""
    return EmbeddedWorld(vendor)


@pytest.fixture
def shop(vendor: EmbeddedVendor, world: EmbeddedWorld, clock: FrozenClock) -> Shop:
    """Short words for what tests buy."""
    return Shop(vendor, world, clock)
