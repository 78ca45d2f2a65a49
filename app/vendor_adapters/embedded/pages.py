"""The vendor's hosted pages, served on an origin of their own: paying, the bank's check, invoices, stored cards."""

from collections.abc import Awaitable, Callable

from sqlalchemy.exc import OperationalError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from app.config import ROOT
from app.vendor_adapters.embedded import faults, views
from app.vendor_adapters.embedded.adapter import EmbeddedVendor
from app.vendor_adapters.embedded.page_frame import PageFrame
from app.vendor_adapters.embedded.pay_pages import PayPages
from app.vendor_adapters.embedded.portal_pages import PortalPages
from app.vendor_adapters.embedded.rendering import Renderer
from app.vendor_adapters.errors import RejectReason, VendorRejected

MAX_BODY_BYTES = 64 * 1024
_STATIC = ("vendor.css", "vendor.svg")
_RETRY = {"Retry-After": "5"}

Handler = Callable[[Request, Exception], Awaitable[Response]]


def create_pages(vendor: EmbeddedVendor) -> ASGIApp:
    """Return the application that serves ``vendor``'s pages at its origin."""
    renderer = Renderer(vendor.settings.store_origin)
    app = Starlette(
        routes=[
            *PayPages(vendor, renderer).routes(),
            *PortalPages(vendor, renderer).routes(),
            *_OpenPages(vendor, renderer).routes(),
        ],
        exception_handlers=_problems(renderer),
        max_body_size=MAX_BODY_BYTES,
    )
    settings = vendor.settings
    return PageFrame(_DownOnRequest(app, vendor, renderer), origin=settings.origin, store_origin=settings.store_origin)


class _OpenPages:
    """What needs no secret address, and the invoices, whose address is one."""

    def __init__(self, vendor: EmbeddedVendor, renderer: Renderer) -> None:
        self._calls = vendor.calls
        self._renderer = renderer

    def routes(self) -> list[Route]:
        return [
            Route("/", self.home, methods=["GET"]),
            Route("/invoices/{ref}", self.invoice, methods=["GET"]),
            Route("/static/{name}", self.static, methods=["GET"]),
            Route("/healthz", self.health, methods=["GET"]),
        ]

    async def home(self, request: Request) -> Response:
        return self._renderer.page("home", views.demo_cards())

    async def invoice(self, request: Request) -> Response:
        ref = request.path_params["ref"]
        page = await self._calls.own_read(lambda desk: views.invoice_page(desk, ref))
        return self._renderer.page("invoice", page)

    async def static(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in _STATIC:
            raise HTTPException(404)
        return FileResponse(ROOT / "static" / name, headers={"Cache-Control": "public, max-age=300"})

    async def health(self, request: Request) -> Response:
        return PlainTextResponse("ok")


class _DownOnRequest:
    """Answers 503 while a fault says that the vendor is down, or while its database is away."""

    def __init__(self, app: ASGIApp, vendor: EmbeddedVendor, renderer: Renderer) -> None:
        self._app = app
        self._calls = vendor.calls
        self._renderer = renderer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope["path"].startswith("/static/") and await self._is_down():
            await _away(self._renderer)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _is_down(self) -> bool:
        try:
            return await self._calls.own_read(faults.is_down)
        except OperationalError:
            return True


def _problems(renderer: Renderer) -> dict[type[Exception], Handler]:
    async def http(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        if status == 404:
            return renderer.problem("Page not found", "Open it again from the store: addresses here end.", 404)
        return renderer.problem("This did not work", "Nothing was charged. Go back to the store and try again.", status)

    async def rejected(request: Request, error: Exception) -> Response:
        if isinstance(error, VendorRejected) and error.reason is RejectReason.NOT_FOUND:
            return await http(request, HTTPException(404))
        return await http(request, HTTPException(400))

    async def away(request: Request, error: Exception) -> Response:
        return _away(renderer)

    async def unexpected(request: Request, error: Exception) -> Response:
        return renderer.problem(
            "Something went wrong here", "Go back to the store: it knows whether the payment went through.", 500
        )

    return {HTTPException: http, VendorRejected: rejected, OperationalError: away, Exception: unexpected}


def _away(renderer: Renderer) -> Response:
    answer = renderer.problem("We cannot take payments right now", "Nothing was charged. Try again in a moment.", 503)
    answer.headers.update(_RETRY)
    return answer
