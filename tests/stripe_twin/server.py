"""The twin as a process of its own, for a store that reaches it over a real socket and for browsers.

    python -m tests.stripe_twin.server --port 9000 --store http://localhost:8000

It prints one line when it answers, and runs until it is told to end.
"""

import argparse
import asyncio
import sys
from collections.abc import Mapping
from datetime import datetime

from starlette.applications import Starlette
from starlette.types import ASGIApp

from app.catalog.load import load_catalog
from app.config import ROOT
from app.core.clock import SystemClock
from app.http import AsyncClient, HTTPError
from app.servers import bind, serve_all, stop_on_signals
from tests.stripe_twin.account import Account
from tests.stripe_twin.controls import routes
from tests.stripe_twin.disturbed import Disturbed
from tests.stripe_twin.signing import WEBHOOK_SECRET
from tests.stripe_twin.world import TwinWorld

HOST = "127.0.0.1"
TICK = 0.2  # seconds between two looks at what is to be sent


class Server:
    """An account, what answers for it, and the post that leaves it."""

    def __init__(self, port: int, store: str, http: AsyncClient) -> None:
        clock = SystemClock()
        origin = f"http://{HOST}:{port}"
        self.account = Account(
            load_catalog(ROOT / "data" / "catalog.toml"),
            clock,
            origin=origin,
            webhook_url=f"{store}/webhooks/stripe",
            secret=WEBHOOK_SECRET,
        )
        self._world = TwinWorld(self.account, clock)
        self._http = http

    def app(self) -> ASGIApp:
        """Return what answers: API, pages and controls."""
        app = self.account.app
        controls = routes(self.account, self._world, self._post)
        return Disturbed(Starlette(routes=[*controls, *app.routes]), self.account.api)

    async def live(self, stop: asyncio.Event) -> None:
        """Do what falls due and send what is to be sent, until ``stop`` is set."""
        while not stop.is_set():
            now: datetime = self.account.books.clock.now()
            await self._world.run_due(now)
            await self._world.deliver_due(self._post, self.account.books.clock.wall())
            await asyncio.sleep(TICK)

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        try:
            return (await self._http.post(url, headers=headers, content=body)).status_code
        except HTTPError:
            return 503


async def serve(port: int, store: str) -> None:
    """Serve a fresh twin until SIGINT or SIGTERM."""
    async with AsyncClient(timeout=5) as http:
        server = Server(port, store, http)
        stop = stop_on_signals()
        living = asyncio.create_task(server.live(stop))
        listener = bind(HOST, port, "--port")
        sys.stdout.write(f"Twin on http://{HOST}:{port}\n")
        sys.stdout.flush()
        await serve_all([(server.app(), listener)], stop)
        await living


def _main() -> None:
    parser = argparse.ArgumentParser(description="A stateful counterpart of Stripe for tests: no money moves.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--store", required=True, help="where the store is, such as http://localhost:8000")
    options = parser.parse_args()
    asyncio.run(serve(options.port, options.store))


if __name__ == "__main__":
    _main()
