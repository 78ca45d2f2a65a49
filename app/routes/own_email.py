"""Confirming one's own address by a mail: asked for here, opened where the same person is signed in."""

from dataclasses import dataclass
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.core.problems import Problem, ProblemId, problem
from app.flows import own_email
from app.routes.signed_in import person_of, sign_in
from app.web.addresses import safe_path
from app.web.deps import deps_of
from app.web.forms import one
from app.web.render import link, page, see_other
from app.web.session import current_actor

TEMPLATE = "account/email.html"
PATH = "/account/email"
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailPage:
    """``state`` is ask, sent, open (a link was followed), dead (it does not work here) or done."""

    state: str
    email: str
    person: str
    action: str
    next_path: str
    product_home: str
    problems: tuple[Problem, ...] = ()


async def ask(request: Request) -> Response:
    """Say which address it is and offer the mail; or that it is confirmed already."""
    if current_actor(request).person is None:
        return sign_in(request)
    found = await own_email.own_email(deps_of(request), person_of(request))
    is_sent = one(request.query_params, "sent") == "yes"
    state = "done" if found.is_confirmed else "sent" if is_sent else "ask"
    return page(request, TEMPLATE, _view(request, state, next_path=one(request.query_params, "next")))


async def send(request: Request) -> Response:
    """Mail the link to the address of whoever is signed in; no other can be given."""
    person, next_path = person_of(request), safe_path(one(await request.form(), "next"))
    if not person.email:
        return page(request, TEMPLATE, _view(request, "ask", next_path=next_path), status=422)
    wait = await own_email.send_confirmation(deps_of(request), person, next_path=next_path)
    if wait is None:
        return see_other(request, link(PATH, sent="yes", next=next_path))
    minutes = -(-wait // _MINUTE)
    refused = (problem(ProblemId.E_RATE, minutes=str(minutes)),)
    view = _view(request, "ask", next_path=next_path, problems=refused)
    return page(request, TEMPLATE, view, status=ProblemId.E_RATE.status, headers={"Retry-After": str(minutes * 60)})


async def look(request: Request) -> Response:
    """Show the button that confirms; opening uses nothing up, because mail scanners open links too."""
    if current_actor(request).person is None:
        return sign_in(request)
    return page(request, TEMPLATE, _view(request, "open", action=f"{PATH}/{request.path_params['token']}"))


async def use(request: Request) -> Response:
    """Confirm, and go on to where the order was left."""
    person = person_of(request)
    next_path = await own_email.confirm_email(deps_of(request), person, request.path_params["token"])
    if next_path is not None:
        return see_other(request, safe_path(next_path))
    view = _view(request, "dead", problems=(problem(ProblemId.E_GONE),))
    return page(request, TEMPLATE, view, status=ProblemId.E_GONE.status)


def _view(
    request: Request, state: str, *, next_path: str = "", action: str = "", problems: tuple[Problem, ...] = ()
) -> EmailPage:
    person = person_of(request)
    return EmailPage(
        state=state,
        email=person.email,
        person=person.username or person.email,
        action=action,
        next_path=safe_path(next_path),
        product_home=deps_of(request).config.product_home,
        problems=problems,
    )


routes = [
    Route(PATH, ask, methods=["GET"]),
    Route(PATH, send, methods=["POST"]),
    Route(f"{PATH}/{{token}}", look, methods=["GET"]),
    Route(f"{PATH}/{{token}}", use, methods=["POST"]),
]
