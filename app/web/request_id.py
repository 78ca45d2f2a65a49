"""An id for every request, in its answer, in every log line, and on error pages; and the access log."""

from datetime import datetime, timedelta

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.clock import Clock
from app.core.ids import new_id
from app.core.problems import ProblemId
from app.web.bare import bare_page

_KEY = "kassa.request_id"
_UNLOGGED = ("/static/", "/healthz")
_log = structlog.get_logger()


def request_id_of(request: Request) -> str:
    """Return the id that support can find the request's log lines by."""
    found: str = request.scope.get(_KEY, "")
    return found


class RequestId:
    """Gives each request an id of ours (one sent from outside is ignored) and writes one line when it is answered.

    Stands outside of the application, so that a failure in it is logged once, as JSON, with its id, and is answered
    even where no handler was reached.
    """

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self.app = app
        self.clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = scope[_KEY] = new_id("req")
        started_at = self.clock.wall()
        answer = _Answer(send, request_id)
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self.app(scope, receive, answer.send)
            except Exception:
                _log.exception("request failed", **_place(scope))
                if not answer.status:
                    page = bare_page(ProblemId.E_SERVER, title="Something went wrong", request_id=request_id)
                    await page(scope, receive, answer.send)
            finally:
                if not scope["path"].startswith(_UNLOGGED):
                    _log.info("request", **_place(scope), status=answer.status, ms=_ms(started_at, self.clock.wall()))


class _Answer:
    def __init__(self, send: Send, request_id: str) -> None:
        self.status = 0
        self._send = send
        self._request_id = request_id

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            MutableHeaders(scope=message)["X-Request-Id"] = self._request_id
        await self._send(message)


def _place(scope: Scope) -> dict[str, str]:
    """Say where a request went without what a link or a buyer put there: the route's pattern, and ids of ours.

    Queries, tokens, slugs and codes stay out; so does a path that no route knows, which may be a mistyped link.
    """
    route = getattr(scope.get("route"), "path", "(unknown)")
    ids = {name: str(value) for name, value in scope.get("path_params", {}).items() if name.endswith("id")}
    return {"method": scope["method"], "route": route, **ids}


def _ms(start: datetime, end: datetime) -> int:
    return (end - start) // timedelta(milliseconds=1)
