"""The browser's side of a session: the cookie, the fields of a form, and a page out of a template."""

from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.config import ROOT
from app.demo.model import Session
from app.demo.store.sessions import find_session
from app.demo.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Chrome:
    """What stands around every page; ``person`` is empty when nobody is signed in."""

    person: str
    store_url: str


async def current_session(world: World, request: Request) -> Session | None:
    """Return the session that the browser's cookie names."""
    token, wall = session_token(world, request), world.clock.wall()
    return await world.db.read(lambda c: find_session(c, token, wall)) if token else None


def session_token(world: World, request: Request) -> str:
    """Return the session's token, empty without one."""
    return request.cookies.get(_cookie_name(world), "")


def keep_session(world: World, response: Response, token: str) -> None:
    """Give the browser a session that ends with it."""
    response.set_cookie(_cookie_name(world), token, secure=_is_https(world), httponly=True, samesite="lax")


def drop_session(world: World, response: Response) -> None:
    """Take the session from the browser."""
    response.delete_cookie(_cookie_name(world), secure=_is_https(world), httponly=True, samesite="lax")


async def form_field(request: Request, name: str) -> str:
    """Return one text field of a form, without blanks around it; empty when it is missing."""
    value = (await request.form()).get(name)
    return value.strip() if isinstance(value, str) else ""


def page(world: World, session: Session | None, template: str, *, view: object = None, status: int = 200) -> Response:
    """Render ``demo/<template>`` with ``view`` and the chrome around it."""
    chrome = Chrome(person=session.person.username if session else "", store_url=world.store_url)
    return HTMLResponse(_templates().get_template(f"demo/{template}").render(chrome=chrome, view=view), status)


def see_other(address: str) -> Response:
    """Send the browser on."""
    return RedirectResponse(address, 303)


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(ROOT / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def _cookie_name(world: World) -> str:
    # not the store's name: two servers on one host share cookies, whatever their ports
    return "__Host-forge_session" if _is_https(world) else "forge_session"


def _is_https(world: World) -> bool:
    return world.origin.startswith("https://")
