"""The minimal vendor's payment page: one button, which pays."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from tests.adapters.minimal.vendor import Vendor

_PAGE = "<!doctype html><title>{0}</title><h1>{0}</h1><p>A vendor for tests: no money moves.</p>{1}"
_FORM = '<form method="post"><button>Pay {} cents</button></form>'


def minimal_pages(vendor: Vendor) -> ASGIApp:
    """Return the application that serves the pages of ``vendor``."""

    async def pay(request: Request) -> Response:
        session = vendor.sessions.get(request.path_params["ref"])
        if session is None:
            return HTMLResponse(_PAGE.format("There is no such page", ""), status_code=404)
        if request.method == "POST":
            vendor.pay(session, is_declined=False)
        form = _FORM.format(session.amount) if session.state == "open" else ""
        return HTMLResponse(_PAGE.format("Payment" if form else "This is paid", form))

    return Starlette(
        routes=[
            Route("/{rest:path}/{ref}", pay, methods=["GET", "POST"]),
            Route("/{ref}", pay, methods=["GET", "POST"]),
        ]
    )
