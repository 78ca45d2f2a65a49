"""The product's own pages: the groups of somebody, one group, and making one."""

from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from sqlalchemy import Connection
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from app.config import ROOT
from app.demo.browser import current_session, form_field, page, see_other
from app.demo.model import Membership, Session
from app.demo.store.grants import is_order_granted
from app.demo.store.groups import create_group, groups_of, membership, owners_of
from app.demo.store.people import confirm_email
from app.demo.views import (
    GroupForm,
    GroupView,
    OrderNote,
    group_id_for,
    group_view,
    home_view,
    is_order_id,
    order_note,
)
from app.demo.world import World

_RESERVED = {"new"}
_NAME_PROBLEM = "Enter a group name of 2 to 60 characters with at least two letters or digits, like Blue Team"


class Pages:
    """The handlers of the pages."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.routes = [
            Route("/", self.home),
            Route("/groups", self.create, methods=["POST"]),
            Route("/groups/new", self.new_group),
            Route("/groups/{group_id}", self.group),
            Route("/email-confirmation", self.confirm_email, methods=["POST"]),
            Route("/static/demo.css", _stylesheet),
            Route("/static/demo.svg", _icon),
        ]

    async def home(self, request: Request) -> Response:
        """Show somebody's groups, or the way to sign in."""
        session = await current_session(self.world, request)
        if session is None:
            return page(self.world, None, "welcome.html")
        return await self._home(session, GroupForm())

    async def new_group(self, request: Request) -> Response:
        """Show the form that makes a group, for somebody whom the store sent here to make one."""
        session = await current_session(self.world, request)
        if session is None:
            return see_other(f"/sign-in?{urlencode({'next': _own_address(request)})}")
        form = GroupForm(return_to=self._store_address(request.query_params.get("return_to", "")))
        return page(self.world, session, "new_group.html", view=form)

    async def create(self, request: Request) -> Response:
        """Make a group that the person owns, then go on to its page or back to the store."""
        session = await self._signed_in(request)
        name, return_to = await form_field(request, "name"), await form_field(request, "return_to")
        return_to, group_id = self._store_address(return_to), group_id_for(name)
        problem = await self._create(session, group_id, name)
        if problem:
            form = GroupForm(name=name, problem=problem, return_to=return_to)
            return page(self.world, session, "new_group.html", view=form, status=422)
        return see_other(_with_group(return_to, group_id) if return_to else f"/groups/{group_id}")

    async def group(self, request: Request) -> Response:
        """Show one group to somebody who is in it; for everybody else it is not there."""
        session = await current_session(self.world, request)
        if session is None:
            return see_other(f"/sign-in?{urlencode({'next': _own_address(request)})}")
        view = await self._group_view(request, session)
        if view is None:
            raise HTTPException(404)
        return page(self.world, session, "group.html", view=view)

    async def confirm_email(self, request: Request) -> Response:
        """Take the person's e-mail address as confirmed: the demonstration sends no mail for it."""
        session = await self._signed_in(request)
        await self.world.db.write(lambda c: confirm_email(c, session.person.sub))
        return see_other("/")

    async def _signed_in(self, request: Request) -> Session:
        session = await current_session(self.world, request)
        if session is None:
            raise HTTPException(303, headers={"Location": "/sign-in"})
        return session

    async def _home(self, session: Session, form: GroupForm) -> Response:
        groups = await self.world.db.read(lambda c: groups_of(c, session.person.sub))
        return page(
            self.world, session, "home.html", view=home_view(session.person, groups, form, self.world.clock.now())
        )

    async def _create(self, session: Session, group_id: str, name: str) -> str:
        if not 2 <= len(name) <= 60 or len(group_id) < 2:
            return _NAME_PROBLEM
        is_free = group_id not in _RESERVED and await self.world.db.write(
            lambda c: create_group(c, group_id, name, session.person.sub)
        )
        return "" if is_free else f"There is a group with the short name {group_id}. Choose another name"

    async def _group_view(self, request: Request, session: Session) -> GroupView | None:
        group_id, order_id = request.path_params["group_id"], _order_told(request)

        def body(connection: Connection) -> tuple[Membership, tuple[str, ...], OrderNote | None] | None:
            seen = membership(connection, group_id, session.person.sub)
            if seen is None:
                return None
            is_active = bool(order_id) and is_order_granted(connection, group_id, order_id)
            note = order_note(group_id, order_id, is_active=is_active) if order_id else None
            return seen, owners_of(connection, group_id), note

        found = await self.world.db.read(body)
        if found is None:
            return None
        seen, owners, note = found
        return group_view(self.world, seen, owners=owners, order=note, now=self.world.clock.now())

    def _store_address(self, address: str) -> str:
        """Return ``address`` when it is the store's, else nothing: this product sends people nowhere else."""
        is_plain = address.isprintable() and "\\" not in address and " " not in address
        return address if is_plain and address.startswith(f"{self.world.store_url}/") else ""


def _order_told(request: Request) -> str:
    """Return the order that the store sent along; it only says what to look up, never how the order stands."""
    order_id = request.query_params.get("order", "")
    return order_id if request.query_params.get("status") == "paid" and is_order_id(order_id) else ""


def _own_address(request: Request) -> str:
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{quote(request.scope['path'])}{query}"


def _with_group(address: str, group_id: str) -> str:
    parts = urlsplit(address)
    query = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != "group"]
    return urlunsplit(parts._replace(query=urlencode([*query, ("group", group_id)])))


def _stylesheet(_request: Request) -> Response:
    return FileResponse(ROOT / "static" / "demo.css", headers={"Cache-Control": "public, max-age=300"})


def _icon(_request: Request) -> Response:
    return FileResponse(ROOT / "static" / "demo.svg", headers={"Cache-Control": "public, max-age=300"})
