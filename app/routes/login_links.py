"""Signing in without the product's identity provider: a one-time link by mail."""

from dataclasses import dataclass
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.core.problems import Problem, ProblemId, problem
from app.flows import sign_in
from app.web.addresses import safe_path
from app.web.deps import deps_of
from app.web.forms import Reader, one
from app.web.render import page, see_other
from app.web.session import ensure_visitor, start_session

_ENTER_EMAIL = "Enter your e-mail address, like name@example.com."
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskPage:
    """The form that asks for an address; ``is_sent`` shows instead what happens next."""

    is_sent: bool
    email: str
    next_path: str
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UsePage:
    """The button that signs in; ``masked_email`` is empty, with a problem, when the link does not work."""

    action: str
    masked_email: str
    problems: tuple[Problem, ...] = ()


async def ask(request: Request) -> Response:
    """Show the form, or after sending that a mail may be on its way."""
    query = request.query_params
    view = AskPage(is_sent=one(query, "sent") == "yes", email="", next_path=safe_path(one(query, "next")))
    return page(request, "login/link.html", view)


async def send(request: Request) -> Response:
    """Mail a link; the answer is the same for every address."""
    reader = Reader(await request.form())
    next_path = safe_path(reader.typed("next"))
    email = reader.email("email", missing=_ENTER_EMAIL)
    if reader.problems:
        view = AskPage(is_sent=False, email=reader.typed("email"), next_path=next_path, problems=reader.problems)
        return page(request, "login/link.html", view, status=422)
    visitor = await ensure_visitor(request)
    wait = await sign_in.send_sign_in_link(
        deps_of(request),
        email=email,
        next_path=next_path,
        visitor_id=visitor.visitor_id,
        network=request.client.host if request.client else "",
    )
    return see_other(request, "/login/link?sent=yes") if wait is None else _too_many(request, email, next_path, wait)


async def look(request: Request) -> Response:
    """Show the button that signs in; opening a link uses nothing up, because mail scanners open them first."""
    found = await sign_in.read_link(deps_of(request), request.path_params["token"])
    if found is None:
        return _dead_link(request)
    view = UsePage(action=f"/login/link/{request.path_params['token']}", masked_email=found.masked_email)
    return page(request, "login/link_use.html", view)


async def use(request: Request) -> Response:
    """Sign in with a link and use it up."""
    outcome = await sign_in.use_link(deps_of(request), request.path_params["token"])
    if outcome is None:
        return _dead_link(request)
    await start_session(request, outcome.person_id, by_mail=True)
    return see_other(request, outcome.next_path)


def _too_many(request: Request, email: str, next_path: str, wait: timedelta) -> Response:
    minutes = -(-wait // _MINUTE)
    view = AskPage(
        is_sent=False,
        email=email,
        next_path=next_path,
        problems=(problem(ProblemId.E_RATE, "email", minutes=str(minutes)),),
    )
    headers = {"Retry-After": str(minutes * 60)}
    return page(request, "login/link.html", view, status=ProblemId.E_RATE.status, headers=headers)


def _dead_link(request: Request) -> Response:
    view = UsePage(action="", masked_email="", problems=(problem(ProblemId.E_STATE),))
    return page(request, "login/link_use.html", view, status=ProblemId.E_STATE.status)


routes: list[Route] = [
    Route("/login/link", ask),
    Route("/login/link", send, methods=["POST"]),
    Route("/login/link/{token}", look),
    Route("/login/link/{token}", use, methods=["POST"]),
]
