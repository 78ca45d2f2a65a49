"""Running ASGI applications: one server each, all ended together and drained."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Iterator, Sequence

import uvicorn
from starlette.types import ASGIApp

DRAIN_SECONDS = 10  # what is being answered at SIGTERM has this long
BACKLOG = 2048


class PortTaken(Exception):
    """Another program listens there; the message names the port and the setting that moves it."""


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to ``serve_all``: each server would else take them for itself alone."""
        yield


def bind(host: str, port: int, setting: str) -> socket.socket:
    """Return a listening socket; PortTaken when the port is not free."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise PortTaken(f"port {port} is taken: end what listens there, or choose another with {setting}=") from error
    listener.listen(BACKLOG)
    return listener


def bind_free(host: str, port: int, tries: int = 100) -> socket.socket:
    """Return a listening socket on ``port``, or on the next one that is free."""
    for number in range(port, port + tries):
        try:
            return bind(host, number, "")
        except PortTaken:
            continue
    raise PortTaken(f"no port from {port} to {port + tries - 1} is free")


def stop_on_signals() -> asyncio.Event:
    """Return an event that Ctrl-C and SIGTERM set."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stop.set)
    return stop


async def serve_all(applications: Sequence[tuple[ASGIApp, socket.socket]], stop: asyncio.Event) -> None:
    """Serve each application on its socket until ``stop`` is set, then let what is under way end."""
    servers = [(_Server(_config(application)), listener) for application, listener in applications]
    running = [asyncio.create_task(server.serve(sockets=[listener])) for server, listener in servers]
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([stopping, *running], return_when=asyncio.FIRST_COMPLETED)
    for server, _listener in servers:
        server.should_exit = True
    stop.set()
    await asyncio.gather(stopping, *running)


def _config(application: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        limit_concurrency=1000,
    )
