"""``kassa reconcile``: every open order and every stale subscription, read at the vendor again."""

import asyncio
import sys
from typing import cast

from app import worker
from app.config import Config
from app.core.clock import SystemClock
from app.db.clock_store import follow
from app.main import build_deps

EVERY = 300.0  # seconds between two rounds


async def reconcile(config: Config, *, once: bool) -> int:
    """Run one round, or one every few minutes until Ctrl-C; a second run changes nothing."""
    deps = build_deps(config)
    while True:
        if config.is_demo:
            await follow(deps.db, cast(SystemClock, deps.clock))
        counts = await worker.drain(deps)
        subscriptions = await worker.sweep(deps)
        sys.stdout.write(
            f"orders settled: {counts.orders}, messages: {counts.inbox}, jobs: {counts.outbox}, "
            f"subscriptions read: {subscriptions}\n"
        )
        if once:
            return 0
        await asyncio.sleep(EVERY)
