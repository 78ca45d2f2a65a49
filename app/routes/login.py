"""Signing in through the product's identity provider, coming back, signing out, and switching to another account."""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match, Route
from starlette.types import Scope

from app.core.problems import Problem, ProblemId, problem
from app.flows import sign_in
from app.flows.sign_in import NotSignedIn
from app.identity.sso import Answer
from app.routes import login_links
from app.web.addresses import HOME, safe_path
from app.web.deps import deps_of
from app.web.forms import one
from app.web.render import link, page, see_other
from app.web.request_id import request_id_of
from app.web.session import current_actor, end_session, ensure_visitor, start_session

_MOST_HINT = 254
_RETRY_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSignedInPage:
    """Why nobody is signed in now, and the ways on: once more, by a one-time link, or back to the plans."""

    heading: str
    problems: tuple[Problem, ...]
    retry_path: str
    link_path: str
    request_id: str


async def login(request: Request) -> Response:
    """Send the browser to the issuer; somebody who is signed in goes straight on to ``next``."""
    next_path = safe_path(one(request.query_params, "next"))
    if current_actor(request).person:
        return _go(next_path)
    visitor = await ensure_visitor(request)
    address = await sign_in.begin_sign_in(
        deps_of(request),
        visitor_id=visitor.visitor_id,
        next_path=next_path,
        login_hint=one(request.query_params, "login_hint")[:_MOST_HINT],
        prompt="select_account" if one(request.query_params, "prompt") == "select_account" else "",
    )
    return _go(address) if address else _not_signed_in(request, ProblemId.E_IDP, next_path)


async def callback(request: Request) -> Response:
    """Take the issuer's answer and go on to where the sign-in was started for."""
    query = request.query_params
    outcome = await sign_in.finish_sign_in(
        deps_of(request),
        visitor_id=current_actor(request).visitor_id,
        state=one(query, "state"),
        answer=Answer(code=one(query, "code"), error=one(query, "error"), iss=one(query, "iss")),
    )
    if isinstance(outcome, NotSignedIn):
        return _not_signed_in(request, outcome.problem, outcome.next_path)
    await start_session(request, outcome.person_id, outcome.id_token)
    return _go(outcome.next_path)


async def logout(request: Request) -> Response:
    """Sign out here, and then at the issuer, so that the next sign-in asks who it is."""
    id_token = await end_session(request)
    return see_other(request, await sign_in.sign_out_address(deps_of(request), id_token) or HOME)


async def switch(request: Request) -> Response:
    """Sign out here and at the issuer, and come back to sign in as somebody else and go on to ``next``.

    What the visitor chose before stays with the person who is signed out: ``next`` has to name it (a /buy link).
    """
    next_path = safe_path(one(await request.form(), "next"))
    id_token = await end_session(request)
    address = await sign_in.switch_address(deps_of(request), id_token, next_path)
    return see_other(request, address or link("/login", next=next_path, prompt="select_account"))


async def back_from_issuer(request: Request) -> Response:
    """Go on after the issuer's sign-out to signing in again, when it was for switching; else to the home page."""
    next_path = sign_in.path_after_switch(deps_of(request), one(request.query_params, "state"))
    return _go(link("/login", next=safe_path(next_path)) if next_path else HOME)


class BackFromIssuer(Route):
    """The home page with a ``state``: the issuer leads back after signing out to no other address."""

    def matches(self, scope: Scope) -> tuple[Match, dict[str, Any]]:
        match, child = super().matches(scope)
        has_state = match is not Match.NONE and one(Request(scope).query_params, "state") != ""
        return (match, dict(child)) if has_state else (Match.NONE, {})


def _not_signed_in(request: Request, which: ProblemId, next_path: str) -> Response:
    is_down = which is ProblemId.E_IDP
    view = NotSignedInPage(
        heading="Sign-in is not available right now" if is_down else "Sign-in was interrupted",
        problems=(problem(which),),
        retry_path=link("/login", next=next_path),
        link_path=link("/login/link", next=next_path),
        request_id=request_id_of(request),
    )
    headers = {"Retry-After": str(_RETRY_SECONDS)} if is_down else {}
    return page(request, "login/not_signed_in.html", view, status=which.status, headers=headers)


def _go(address: str) -> Response:
    return RedirectResponse(address, status_code=303)


routes: list[Route] = [
    BackFromIssuer("/", back_from_issuer),
    Route("/login", login),
    Route("/login/callback", callback),
    *login_links.routes,
    Route("/login/switch", switch, methods=["POST"]),
    Route("/logout", logout, methods=["POST"]),
]
"""``BackFromIssuer`` has to stand before the home page's own route."""
