"""Pages of one's own: who is signed in, and the way to sign in and back."""

from starlette.requests import Request
from starlette.responses import Response

from app.core.problems import SignInNeeded
from app.identity.actor import Person
from app.web.render import link, see_other
from app.web.session import current_actor


def person_of(request: Request) -> Person:
    """Return who is signed in; SignInNeeded, which leads to signing in and back, when nobody is."""
    person = current_actor(request).person
    if person is None:
        raise SignInNeeded(request.url.path)
    return person


def sign_in(request: Request) -> Response:
    """Send somebody to sign in and back to this very page."""
    path, query = request.url.path, request.url.query
    return see_other(request, link("/login", next=f"{path}?{query}" if query else path))


def is_live(request: Request) -> bool:
    """Whether htmx asks."""
    return request.headers.get("HX-Request") == "true"
