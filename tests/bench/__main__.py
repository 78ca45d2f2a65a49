"""Prints how long each page takes, as a multiple of the smallest answer of the same run, then the engine's times."""

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles

from app.config import Config
from app.core.clock import FrozenClock
from app.db.engine import Database
from app.db.migrate import migrate
from app.http import Response
from app.web.log import configure_logs
from tests.bench.big import bench_big
from tests.bench.promotions import report_decisions, report_secrets
from tests.promotions.till import Till
from tests.promotions.world import NOW
from tests.support.journeys import at_checkout, pay, settled, to_payment
from tests.support.shop import Shop, open_shop

ROUNDS = 60
Page = Callable[[], Awaitable[Response]]


async def bench() -> None:
    """Time each page against the process's own heartbeat, then those of a small account against those of a big one."""
    with tempfile.TemporaryDirectory() as folder, open(Path(folder) / "log", "w") as log:  # noqa: ASYNC230 (set-up)
        config = Config.from_env({"KASSA_VAR": folder}, remember_ports=False)
        database = Database(config.database_url)
        migrate(database)
        clock = FrozenClock(datetime(2026, 11, 23, 12, tzinfo=UTC))
        configure_logs(clock, log)
        async with open_shop(config, database, clock) as shop:
            await _report(await _pages(shop))
            await bench_big(shop)
        database.close()
        _bench_engine(Path(folder))


def _bench_engine(folder: Path) -> None:
    for name, report in (("many", report_decisions), ("secrets", report_secrets)):
        database = Database(f"sqlite:///{folder}/{name}.db")
        migrate(database)
        report(Till(database, FrozenClock(NOW)))
        database.close()


async def _pages(shop: Shop) -> dict[str, Page]:
    buyer = await at_checkout(shop)
    await to_payment(buyer)
    await pay(buyer)
    await settled(shop)
    order = buyer.url
    other = await at_checkout(shop, "/buy?plan=team&group=zen&seats=20")
    checkout = other.url
    visitor = shop.browser()
    return {
        "GET /healthz": lambda: visitor.open("/healthz"),
        "GET /plans": lambda: visitor.open("/plans?seats=10"),
        "GET /buy, signed in": lambda: other.open("/buy?plan=team&group=zen&seats=20"),
        "GET /checkouts/{id}": lambda: other.open(checkout),
        "GET /orders/{id}": lambda: buyer.open(order),
        "GET /orders": lambda: buyer.open("/orders"),
    }


async def _report(pages: dict[str, Page]) -> None:
    samples: dict[str, list[float]] = {name: [] for name in pages}
    for _ in range(ROUNDS):  # in turn, so that a slow moment of the machine strikes all alike
        for name, page in pages.items():
            started = time.perf_counter()
            answer = await page()
            samples[name].append((time.perf_counter() - started) * 1000)
            if answer.status_code != 200:
                sys.exit(f"{name} answered {answer.status_code}")
    base = median(samples["GET /healthz"])
    sys.stdout.write(f"{'page':<24}{'median ms':>10}{'p95 ms':>10}{'x healthz':>11}\n")
    for name, taken in samples.items():
        worst = quantiles(taken, n=20)[-1]
        sys.stdout.write(f"{name:<24}{median(taken):>10.1f}{worst:>10.1f}{median(taken) / base:>11.1f}\n")


if __name__ == "__main__":
    asyncio.run(bench())
