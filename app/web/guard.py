"""What a request must be before anything reads it: meant for this host, sent from our own pages, small, and in time."""

import asyncio
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

WEBHOOKS = "/webhooks/"
PAGE_BODY_BYTES = 256 * 1024
WEBHOOK_BODY_BYTES = 1024 * 1024
BODY_SECONDS = 10.0
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class CrossOriginGuard:
    """Refuses (403) a request with an effect that another site made the browser send. No tokens, no JavaScript needed.

    Browsers say where a request comes from in Sec-Fetch-Site, older ones in Origin; a client that sends neither is no
    browser and carries nobody's cookies. Webhooks are exempt: their signature says who sent them.
    """

    def __init__(self, app: ASGIApp, *, exempt: Iterable[str] = (WEBHOOKS,)) -> None:
        self.app = app
        self.exempt = tuple(exempt)
        if "" in self.exempt:
            raise ValueError("an empty prefix would exempt every path")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._is_guarded(scope) and not _is_own(scope):
            await PlainTextResponse("cross-origin request refused", 403)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _is_guarded(self, scope: Scope) -> bool:
        return scope["method"] not in _READING and not scope["path"].startswith(self.exempt)


class BodyLimit:
    """Answers 413 to a body that is larger than any form of ours; webhooks may be larger than forms."""

    def __init__(
        self, app: ASGIApp, *, page_bytes: int = PAGE_BODY_BYTES, webhook_bytes: int = WEBHOOK_BODY_BYTES
    ) -> None:
        self.for_pages = RequestBodyLimitMiddleware(app, page_bytes)
        self.for_webhooks = RequestBodyLimitMiddleware(app, webhook_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_webhook = scope["type"] == "http" and scope["path"].startswith(WEBHOOKS)
        await (self.for_webhooks if is_webhook else self.for_pages)(scope, receive, send)


class BodyDeadline:
    """Answers 408 when a body has not arrived in time, so that slow senders cannot hold our places.

    Args:
        seconds: for the whole body, from the first time somebody asks for it.
    """

    def __init__(self, app: ASGIApp, *, seconds: float = BODY_SECONDS) -> None:
        self.app = app
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = _TimedBody(receive, self.seconds)
        has_started = False

        async def send_noting_start(message: Message) -> None:
            nonlocal has_started
            has_started = True
            await send(message)

        try:
            await self.app(scope, body.receive, send_noting_start)
        except BodyTooSlow:
            if has_started:
                raise
            await PlainTextResponse("Request Timeout", 408, {"Connection": "close"})(scope, receive, send)


class BodyTooSlow(HTTPException):
    """The body did not arrive in time; an application that handles HTTP errors may answer with its own page."""

    def __init__(self) -> None:
        super().__init__(408, headers={"Connection": "close"})


class _TimedBody:
    def __init__(self, receive: Receive, seconds: float) -> None:
        self._receive = receive
        self._seconds = seconds
        self._ends_at: float | None = None
        self._is_complete = False

    async def receive(self) -> Message:
        if self._is_complete:
            return await self._receive()  # waiting for the browser to go away may take as long as the answer does
        if self._ends_at is None:
            self._ends_at = asyncio.get_running_loop().time() + self._seconds
        try:
            async with asyncio.timeout_at(self._ends_at):
                message = await self._receive()
        except TimeoutError:
            raise BodyTooSlow from None
        self._is_complete = message["type"] != "http.request" or not message.get("more_body", False)
        return message


def _is_own(scope: Scope) -> bool:
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    site, origin = headers.get(b"sec-fetch-site"), headers.get(b"origin")
    if site:
        return site in ("same-origin", "none")
    return origin is None or _host_of(origin) == headers.get(b"host")


def _host_of(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""
