"""Talking to an application in this process, without a socket."""

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from starlette.types import ASGIApp, Message, Receive, Scope, Send


@asynccontextmanager
async def asgi_client(
    app: ASGIApp, *, base_url: str = "http://localhost:8000", raise_app_exceptions: bool = True
) -> AsyncIterator[httpx2.AsyncClient]:
    """Start ``app`` as a server does (its lifespan runs), yield a client that talks to it, and stop it.

    Args:
        base_url: what the client's requests are sent to; with ``https`` it sends Secure cookies back.
        raise_app_exceptions: False where the page that answers an unexpected error is meant.
    """
    async with _lifespan(app) as state:

        async def with_state(scope: Scope, receive: Receive, send: Send) -> None:
            scope["state"] = dict(state)
            await app(scope, receive, send)

        transport = httpx2.ASGITransport(app=with_state, raise_app_exceptions=raise_app_exceptions)
        async with httpx2.AsyncClient(transport=transport, base_url=base_url) as client:
            yield client


@asynccontextmanager
async def _lifespan(app: ASGIApp) -> AsyncIterator[MutableMapping[str, Any]]:
    """Run the lifespan protocol over ``app`` and yield the state that it keeps for its requests."""
    state: dict[str, Any] = {}
    asked: asyncio.Queue[Message] = asyncio.Queue()
    answered: asyncio.Queue[Message] = asyncio.Queue()
    scope: Scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": state}
    running = asyncio.ensure_future(_run(app, scope, asked.get, answered.put))
    await _ask(running, asked, answered, "startup")
    try:
        yield state
    finally:
        await _ask(running, asked, answered, "shutdown")
        await running


async def _run(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await app(scope, receive, send)


async def _ask(
    running: "asyncio.Future[None]", asked: asyncio.Queue[Message], answered: asyncio.Queue[Message], what: str
) -> None:
    await asked.put({"type": f"lifespan.{what}"})
    answer = asyncio.ensure_future(answered.get())
    either: list[asyncio.Future[Any]] = [running, answer]
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    if answer.done() and answer.result()["type"] == f"lifespan.{what}.complete":
        return
    answer.cancel()
    await running  # its exception says why
    raise RuntimeError(f"the application ended before its {what} was complete")
