"""``kassa reconcile``: what no message told, every open order and stale subscription, read at the vendor again."""

import asyncio
import sys
from typing import cast

from app import worker
from app.commands.database import require_schema
from app.commands.neighbours import neighbours
from app.config import Config
from app.core.clock import SystemClock
from app.db.clock_store import follow
from app.flows.deps import Deps
from app.flows.missed_changes import find_missed_changes

EVERY = 300.0  # seconds between two rounds


async def reconcile(config: Config, *, once: bool) -> int:
    """Run one round, or one every few minutes until Ctrl-C; a second run changes nothing. Raises NotReady."""
    async with neighbours(config) as deps:
        await require_schema(deps.db)
        while True:
            sys.stdout.write(await _round(deps))
            if once:
                return 0
            await asyncio.sleep(EVERY)


async def _round(deps: Deps) -> str:
    if deps.config.is_demo:
        await follow(deps.db, cast(SystemClock, deps.clock))
    await find_missed_changes(deps)
    counts = await worker.drain(deps)
    subscriptions = await worker.sweep(deps)
    return (
        f"orders settled: {counts.orders}, messages: {counts.inbox}, jobs: {counts.outbox}, "
        f"subscriptions read: {subscriptions}\n"
    )
