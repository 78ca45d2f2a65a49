"""The answer to what a route did not handle: one page that says what happened, whether money moved, and the next step.

For htmx the same problem comes as a part for ``#problem``, and the page that the buyer is on stays as it is.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import HTTPExceptionHandler

from app.core.problems import NotYours, Problem, ProblemId, Refused, SignInNeeded, problem
from app.db.errors import BAD_VALUE, DATABASE_AWAY
from app.entitlements.product import ProductError, ProductRefused
from app.vendor_adapters.errors import OutcomeUnknown, VendorError, VendorUnavailable
from app.web.addresses import HOME, safe_path
from app.web.render import link, page, see_other
from app.web.request_id import request_id_of

NOTHING_CHARGED = "Nothing was charged."
_log = structlog.get_logger()
_BUSY_RETRY = 2  # seconds: a lock or a restart
_AWAY_RETRY = 30  # seconds: a neighbour that is down

_HEADINGS = {
    ProblemId.E_GONE: "There is no such page",
    ProblemId.E_RATE: "Too many tries",
    ProblemId.E_CARD_RATE: "Too many tries",
    ProblemId.E_OWNER: "This link is for somebody else",
    ProblemId.E_EMAIL: "Confirm your e-mail address",
    ProblemId.E_STATE: "Sign-in was interrupted",
    ProblemId.E_IDP: "Sign-in is not available right now",
    ProblemId.E_VENDOR: "We cannot take orders right now",
    ProblemId.E_PRODUCT: "We cannot take orders right now",
    ProblemId.E_BUSY: "The store is busy",
    ProblemId.E_SERVER: "Something went wrong",
}
_Handler = Callable[[Request, Exception], Awaitable[Response]]
_SAYS_ITSELF = ("charged", "Paid", "changed", "kept")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemPage:
    """The one problem page: ``step_label`` and ``step_path`` are the way on."""

    heading: str
    problems: tuple[Problem, ...]
    money_note: str
    step_label: str
    step_path: str
    request_id: str


def problem_page(
    request: Request,
    *problems: Problem,
    status: int = 0,
    step: tuple[str, str] = ("", ""),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Answer with the problem page.

    Args:
        status: the first problem's own when 0. step: (label, path) of the way on; back to where the buyer was, or to
            the plans, when not given.
    """
    label, path = step if step[0] else _way_on(request, problems[0])
    view = ProblemPage(
        heading=_HEADINGS.get(problems[0].id, "That did not work"),
        problems=problems,
        money_note=money_note(problems),
        step_label=label,
        step_path=path,
        request_id=request_id_of(request),
    )
    return _shown(request, view, status or problems[0].id.status, headers)


def money_note(problems: tuple[Problem, ...]) -> str:
    """Return "Nothing was charged." unless one of the texts says already what became of money or order."""
    is_said = any(word in found.text for found in problems for word in _SAYS_ITSELF)
    return "" if is_said or not problems else NOTHING_CHARGED


async def _refused(request: Request, error: Exception) -> Response:
    problems = error.problems if isinstance(error, Refused) else ()
    return problem_page(request, *(problems or (problem(ProblemId.E_SERVER),)))


async def _gone(request: Request, error: Exception) -> Response:
    return problem_page(request, problem(ProblemId.E_GONE))


async def _nameless(request: Request, error: Exception) -> Response:
    """The address names what no column can hold, as with a NUL byte on PostgreSQL: nothing here is called so."""
    _log.warning("nothing can be called so", error=type(error).__name__)
    return await _gone(request, error)


async def _sign_in(request: Request, error: Exception) -> Response:
    """Come back to the page that was asked for, or to the one that a form was sent from."""
    back = _here(request) if request.method in ("GET", "HEAD") else _came_from(request)
    return see_other(request, link("/login", next=back))


async def _http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        return await _unexpected(request, error)
    if error.status_code in (404, 405):
        return problem_page(
            request, problem(ProblemId.E_GONE), status=error.status_code, headers=_headers(error.headers)
        )
    text = "The store could not read what was sent. Go back and try again."
    found = problem(ProblemId.E_INPUT, text=text)
    return problem_page(request, found, status=error.status_code, headers=_headers(error.headers))


async def _busy(request: Request, error: Exception) -> Response:
    return problem_page(request, problem(ProblemId.E_BUSY), headers={"Retry-After": str(_BUSY_RETRY)})


async def _vendor(request: Request, error: Exception) -> Response:
    if isinstance(error, OutcomeUnknown):
        # money may have moved, so the page must not say that it did not
        return problem_page(request, problem(ProblemId.E_SERVER), status=503, headers=_retry(_AWAY_RETRY))
    wait = error.retry_after if isinstance(error, VendorUnavailable) and error.retry_after else _AWAY_RETRY
    return problem_page(request, problem(ProblemId.E_VENDOR), headers=_retry(wait))


async def _product(request: Request, error: Exception) -> Response:
    if isinstance(error, ProductRefused):
        _log.warning("the product refused", error=str(error))  # it would again: people must look
    return problem_page(request, problem(ProblemId.E_PRODUCT), headers=_retry(_AWAY_RETRY))


async def _unexpected(request: Request, error: Exception) -> Response:
    """What nobody foresaw, and what was raised outside of the routes (a session that could not be read)."""
    for kind, handler in _HANDLERS.items():
        if isinstance(error, kind):
            return await handler(request, error)
    return problem_page(request, problem(ProblemId.E_SERVER))


_HANDLERS: dict[type[Exception], _Handler] = {
    Refused: _refused,
    NotYours: _gone,
    SignInNeeded: _sign_in,
    HTTPException: _http,
    BAD_VALUE: _nameless,
    **dict.fromkeys(DATABASE_AWAY, _busy),
    VendorError: _vendor,
    ProductError: _product,
}
exception_handlers: dict[int | type[Exception], HTTPExceptionHandler] = {Exception: _unexpected}
"""For ``Starlette(exception_handlers=…)``."""
for _kind, _handler in _HANDLERS.items():
    exception_handlers[_kind] = _handler


def _shown(request: Request, view: ProblemPage, status: int, headers: Mapping[str, str] | None) -> Response:
    return page(request, "problem.html", view, status=status, headers=headers, fragment="nothing")


def _way_on(request: Request, found: Problem) -> tuple[str, str]:
    if found.id in (ProblemId.E_GONE, ProblemId.E_COUNTRY):
        return "See the plans", "/plans"
    return ("Try again", _here(request)) if request.method in ("GET", "HEAD") else ("Go back", _came_from(request))


def _here(request: Request) -> str:
    query = request.scope["query_string"].decode("latin-1")
    return safe_path(f"{request.scope['path']}?{query}" if query else request.scope["path"])


def _came_from(request: Request) -> str:
    """Return the page of ours whose form was sent, by the browser's word; home when it does not say."""
    base = f"{request.app.state.deps.config.base_url}/"
    referer = request.headers.get("referer", "")
    return safe_path(referer.removeprefix(base[:-1])) if referer.startswith(base) else HOME


def _headers(given: Mapping[str, str] | None) -> Mapping[str, str]:
    return given or {}


def _retry(seconds: float) -> Mapping[str, str]:
    return {"Retry-After": str(max(1, round(seconds)))}
