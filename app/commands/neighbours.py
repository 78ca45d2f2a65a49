"""The store's neighbours for the time of one command."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.config import Config
from app.flows.deps import Deps
from app.main import build_deps


@asynccontextmanager
async def neighbours(config: Config) -> AsyncIterator[Deps]:
    """Yield what every flow is handed, and give the connections up at the end."""
    deps = build_deps(config)
    try:
        yield deps
    finally:
        for vendor in deps.vendors.values():
            await vendor.close()
        deps.db.close()
