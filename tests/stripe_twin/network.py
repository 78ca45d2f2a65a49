"""The network between the adapter and the twin in one process: no socket, and whatever can go wrong on request."""

import asyncio

import httpx2
from starlette.types import ASGIApp

from app.http import ASGITransport, AsyncBaseTransport, Request, Response
from tests.stripe_twin.api import Api

KINDS = ("refused", "lost_request", "lost_answer", "silent", "slow", "proxy_page")
SLOW_SECONDS = 0.2


class Network(AsyncBaseTransport):
    """Leads requests to the twin; keeps what was sent, as ``verb path``.

    Args:
        silence: seconds after which a request that gets no answer is given up, None for as long as the adapter waits.
    """

    def __init__(self, api: Api, app: ASGIApp, *, silence: float | None = None) -> None:
        self._api = api
        self._silence = silence
        self._to = ASGITransport(app)
        self.sent: list[str] = []
        self.keys: list[str] = []

    async def handle_async_request(self, request: Request) -> Response:
        verb, path = request.method.lower(), request.url.path
        self.sent.append(f"{verb} {path}")
        self.keys.append(request.headers.get("idempotency-key", ""))
        match self._api.take_fault(KINDS, verb, path):
            case "refused":
                raise httpx2.ConnectError("refused", request=request)
            case "lost_request":
                raise httpx2.ReadTimeout("no answer", request=request)
            case "lost_answer":
                await self._to.handle_async_request(request)
                raise httpx2.ReadError("reset", request=request)
            case "silent":
                await asyncio.sleep(self._silence or request.extensions["timeout"]["read"])
                raise httpx2.ReadTimeout("no answer", request=request)
            case "slow":
                await asyncio.sleep(SLOW_SECONDS)
            case "proxy_page":
                return httpx2.Response(502, html="<html>Bad gateway</html>", request=request)
        return await self._to.handle_async_request(request)


async def at_once(seconds: float) -> None:
    """Wait for nothing."""
    await asyncio.sleep(0)
