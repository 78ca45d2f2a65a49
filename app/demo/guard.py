"""What stands around the demo product's pages: no form from elsewhere, and strict headers on every answer."""

import hmac
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SAFE = {"GET", "HEAD", "OPTIONS"}
# these are called by programs with their own credentials, or (authorize) have no effect of their own
_OPEN = ("/api/", "/token", "/userinfo", "/authorize", "/logout")


class CrossOriginGuard:
    """Refuses a form that another site sends in somebody's name."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in _SAFE and not scope["path"].startswith(_OPEN):
            headers = Headers(scope=scope)
            if not _is_own(headers):
                await PlainTextResponse("This form was sent from another site.", 403)(scope, receive, send)
                return
        await self.app(scope, receive, send)


class OneHost:
    """Sends whoever came by another name of this machine to the one address: a session holds for one name only."""

    def __init__(self, app: ASGIApp, origin: str) -> None:
        self.app = app
        self.origin = origin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._is_asked_for(Headers(scope=scope)):
            await self.app(scope, receive, send)
            return
        query = f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
        await RedirectResponse(f"{self.origin}{scope['path']}{query}", 307)(scope, receive, send)

    def _is_asked_for(self, headers: Headers) -> bool:
        return urlsplit(f"//{headers.get('host', '')}").hostname == urlsplit(self.origin).hostname


class SecurityHeaders:
    """Sets the headers on every answer, errors included. ``form_targets`` are origins that a form may lead on to."""

    def __init__(self, app: ASGIApp, form_targets: tuple[str, ...]) -> None:
        self.app = app
        self.headers = {
            "Content-Security-Policy": (
                "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
                "form-action " + " ".join(("'self'", *form_targets))
            ),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "strict-origin-when-cross-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self.headers)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


def is_secret(given: str, expected: str) -> bool:
    """Whether two secrets are the same, in a time that tells nothing; an unset one is never matched."""
    return bool(expected) and hmac.compare_digest(given.encode(), expected.encode())


def _is_own(headers: Headers) -> bool:
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site:
        return site in ("same-origin", "none")
    return origin is None or urlsplit(origin).netloc == headers.get("host")
