"""Who may see marketing's pages: for all others they are not there, as somebody else's order is not."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from app.core.ids import new_id
from app.core.problems import NotYours
from app.routes.signed_in import sign_in
from app.web.forms import Reader
from app.web.render import link, see_other
from app.web.session import current_actor

ROLE = "marketing"
PATH = "/marketing"
View = Callable[[Request], Awaitable[Response]]


def for_marketing(view: View) -> View:
    """Return ``view`` for people with the role alone: 404 for others, the way to sign in for who is not signed in."""

    async def guarded(request: Request) -> Response:
        person = current_actor(request).person
        if person is None:
            if request.method in ("GET", "HEAD"):
                return sign_in(request)
            return see_other(request, link("/login", next=PATH))  # a form's address is no page to come back to
        if ROLE not in person.roles:
            raise NotYours(request.url.path)
        return await view(request)

    return guarded


def campaign_path(slug: str) -> str:
    """Return the path of a campaign's page."""
    return f"{PATH}/campaigns/{slug}"


def slug_of(request: Request) -> str:
    """Return the campaign that an address names."""
    return str(request.path_params["slug"])


def attempt_of(form: Reader) -> str:
    """Return the id that the form was minted with; a press without one is a new one."""
    return form.text("attempt", most=40) or new_id("att")
