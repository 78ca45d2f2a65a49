"""Faults of the network, played by the side that answers: for a twin behind a real socket."""

import asyncio

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.stripe_twin.api import Api
from tests.stripe_twin.controls import PREFIX
from tests.stripe_twin.network import KINDS, SLOW_SECONDS

LONG = 3600.0


class Disturbed:
    """Passes requests on to ``app``, or does not, as the faults of ``api`` want it."""

    def __init__(self, app: ASGIApp, api: Api) -> None:
        self._app = app
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        match self._api.take_fault(KINDS, scope["method"].lower(), scope["path"]):
            case "refused" | "proxy_page":
                await PlainTextResponse("Bad gateway", status_code=502)(scope, receive, send)
            case "lost_request":
                await _cut(send)
            case "lost_answer":
                await self._app(scope, receive, _nowhere)
                await _cut(send)
            case "silent":
                await asyncio.sleep(LONG)
            case "slow":
                await asyncio.sleep(SLOW_SECONDS)
                await self._app(scope, receive, send)
            case _:
                await self._app(scope, receive, send)


async def _nowhere(message: Message) -> None:
    """Let an answer be lost."""


async def _cut(send: Send) -> None:
    """Begin an answer and never end it: the server closes the connection."""
    headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"{", "more_body": True})
