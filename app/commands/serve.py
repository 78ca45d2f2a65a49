"""``kassa serve`` and ``kassa worker``: the store and its worker, each in a process of its own."""

import sys

from app import worker
from app.config import Config
from app.main import build_deps, create_app
from app.servers import PortTaken, bind, serve_all, stop_on_signals
from app.web.log import configure_logs


async def serve(config: Config) -> int:
    """Serve until SIGTERM; neighbours that are down make single pages fail, never the process."""
    deps = build_deps(config)
    configure_logs(deps.clock)
    host = "127.0.0.1" if config.is_demo else "0.0.0.0"  # noqa: S104 (a production store is reached from outside)
    try:
        listener = bind(host, config.port, "PORT")
    except PortTaken as error:
        sys.stderr.write(f"{error}\n")
        return 1
    await serve_all([(create_app(deps), listener)], stop_on_signals())
    return 0


async def work(config: Config) -> int:
    """Work until SIGTERM."""
    deps = build_deps(config)
    configure_logs(deps.clock)
    await worker.run(deps, stop_on_signals())
    return 0
