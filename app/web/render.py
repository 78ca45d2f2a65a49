"""Turning a template and a view model into an answer: the whole page, or the one block of it that htmx asked for.

A view model is a frozen dataclass and stands in templates as ``page``. Four attributes, where it has them, are shown by
the frame of every page: ``alerts`` (what runs out, above the page's own content) and, with every fragment too,
``problems`` (the error summary and the "Error: " before the title), ``money_note`` (one sentence below the summary,
such as "Nothing was charged.") and ``announcement`` (the status region that screen readers hear).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Protocol, runtime_checkable
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from app import formats
from app.config import ROOT, Config
from app.core.problems import Problem
from app.identity.actor import Actor
from app.web.deps import deps_of
from app.web.session import current_actor

STORE_NAME = "Kassa"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What every page may say about the store."""

    name: str
    base_url: str
    product_home: str
    is_demo: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertLine:
    """Something that runs out: the fact, the purchase, what takes a POST to put it aside, the way back."""

    text: str
    label: str
    path: str
    dismiss_path: str
    back_path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What stands around a page's own content: who is signed in, the way to sign in, what runs out, problems and
    announcements. ``roles`` are the person's own; each has pages of its own.
    """

    signed_in_as: str
    roles: frozenset[str]
    sign_in_path: str
    alerts: tuple[AlertLine, ...]
    problems: tuple[Problem, ...]
    money_note: str
    announcement: str


@runtime_checkable
class HasProblems(Protocol):
    """A view model with an error summary."""

    @property
    def problems(self) -> tuple[Problem, ...]: ...


@runtime_checkable
class HasAlerts(Protocol):
    """A view model of a page that tells what runs out."""

    @property
    def alerts(self) -> tuple[AlertLine, ...]: ...


@runtime_checkable
class HasMoneyNote(Protocol):
    """A view model that says below its error summary whether money moved."""

    @property
    def money_note(self) -> str: ...


@runtime_checkable
class HasAnnouncement(Protocol):
    """A view model with something for the status region."""

    @property
    def announcement(self) -> str: ...


def page(
    request: Request,
    template: str,
    view: object,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    fragment: str = "",
) -> Response:
    """Render ``template`` with ``view`` as ``page``.

    Args:
        fragment: the block to answer with when htmx asks; the whole page otherwise, and when it restores its history.
            A block cannot see what its template imports or sets outside of it; the macros of _forms.html are there as
            ``ui`` anyway. The title, the error summary and the status region come along.
    """
    actor = current_actor(request)
    site = _site(deps_of(request).config)
    context = {"page": view, "actor": actor, "site": site, "frame": _frame(request, view, actor)}
    body = _fragment(template, fragment, context) if fragment and is_partial(request) else _whole(template, context)
    return HTMLResponse(body, status_code=status, headers={**_wait(view), **(headers or {}), "Vary": "HX-Request"})


def see_other(request: Request, path: str) -> Response:
    """Send the browser on after a POST: 303, or for htmx 204 with HX-Redirect, which makes it load a whole page."""
    if is_partial(request):
        return Response(status_code=204, headers={"HX-Redirect": path, "Vary": "HX-Request"})
    return Response(status_code=303, headers={"Location": path, "Vary": "HX-Request"})


def is_partial(request: Request) -> bool:
    """Whether htmx asked for a part of a page."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-History-Restore-Request") != "true"


def link(path: str, **query: str | int) -> str:
    """Return ``path`` with those of ``query`` that are not empty; a trailing underscore of a name is dropped."""
    given = {name.rstrip("_"): value for name, value in query.items() if value != ""}
    return f"{path}?{urlencode(given)}" if given else path


@cache
def asset(name: str) -> str:
    """Return the address of a static file, with its fingerprint so that browsers may keep it."""
    return f"/static/{name}?v={sha256((ROOT / 'static' / name).read_bytes()).hexdigest()[:12]}"


@cache
def environment() -> Environment:
    """Return the one template environment; it is built once and holds the macros of _forms.html as ``ui``."""
    made = Environment(
        loader=FileSystemLoader(ROOT / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    for shown in (
        formats.money,
        formats.figure,
        formats.currency_code,
        formats.date,
        formats.until,
        formats.number,
        formats.percent,
    ):
        made.filters[shown.__name__] = shown
    made.globals.update(link=link, asset=asset, counted=formats.counted, window=formats.window)
    made.globals["ui"] = made.get_template("_forms.html").module
    return made


def _whole(template: str, context: Mapping[str, object]) -> str:
    return environment().get_template(template).render(context)


def _fragment(template: str, block: str, context: Mapping[str, object]) -> str:
    """The block, then what of the frame changes with it (templates/_fragment.html)."""
    title = Markup(_block(template, "title", context))  # noqa: S704 a block comes out escaped
    return _block(template, block, context) + _whole("_fragment.html", {**context, "title": title})


def _block(template: str, block: str, context: Mapping[str, object]) -> str:
    found = environment().get_template(template)
    return "".join(found.blocks[block](found.new_context(dict(context))))


def _wait(view: object) -> dict[str, str]:
    """Tell programs too when what is wrong will be over by itself."""
    wait = max((found.wait for found in view.problems), default=0) if isinstance(view, HasProblems) else 0
    return {"Retry-After": str(wait)} if wait else {}


def _site(config: Config) -> Site:
    return Site(name=STORE_NAME, base_url=config.base_url, product_home=config.product_home, is_demo=config.is_demo)


def _frame(request: Request, view: object, actor: Actor) -> Frame:
    person = actor.person
    return Frame(
        signed_in_as=(person.username or person.name or person.email) if person else "",
        roles=person.roles if person else frozenset(),
        sign_in_path=_sign_in_path(request),
        alerts=view.alerts if isinstance(view, HasAlerts) else (),
        problems=view.problems if isinstance(view, HasProblems) else (),
        money_note=view.money_note if isinstance(view, HasMoneyNote) else "",
        announcement=view.announcement if isinstance(view, HasAnnouncement) else "",
    )


def _sign_in_path(request: Request) -> str:
    """Return the way to sign in and back to this page, so that nothing chosen is lost."""
    path = request.scope["path"]
    if path.startswith("/login"):
        return "/login"
    query = request.scope["query_string"].decode("latin-1")
    return link("/login", next=f"{path}?{query}" if query else path)
