"""What stands around every hosted page: security headers, and the guard against other sites."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class PageFrame:
    """Stands outside everything, so that errors carry the headers too.

    Args:
        origin: where the pages are reached. store_origin: where forms may send the browser back to; Chromium applies
            form-action to redirects as well.
    """

    def __init__(self, app: ASGIApp, *, origin: str, store_origin: str) -> None:
        self.app = app
        self.headers = page_headers(origin, store_origin)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
            await send(message)

        if is_from_elsewhere(scope["method"], Headers(scope=scope)):
            refused = HTMLResponse("This form was sent from another site. Nothing was done.", status_code=403)
            await refused(scope, receive, send_with_headers)
            return
        await self.app(scope, receive, send_with_headers)


def is_from_elsewhere(method: str, headers: Headers) -> bool:
    """Return whether a browser was made to send this by another site; a client that says nothing is no browser."""
    if method in _READING:
        return False
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        return site not in ("same-origin", "none")
    return origin is not None and urlsplit(origin).netloc != headers.get("host")


def page_headers(origin: str, store_origin: str) -> dict[str, str]:
    """Return the headers of every answer: nothing inline, nothing from elsewhere, no frames, nothing kept."""
    rules = {
        "default-src": "'none'",
        "style-src": "'self'",
        "img-src": "'self'",
        "form-action": f"'self' {store_origin}",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    headers = {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in rules.items()),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        # an address here is a secret: it is told to nobody else
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(self), usb=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
    if origin.startswith("https://"):
        headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
    return headers
