"""The pages of the sign-in: who to go on as, cancelling, and signing out."""

import re
from datetime import timedelta
from urllib.parse import urlencode

from sqlalchemy import Connection
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.demo.browser import (
    current_session,
    drop_session,
    form_field,
    keep_session,
    page,
    see_other,
    session_token,
)
from app.demo.model import AuthorizationRequest, PendingSignIn, Session
from app.demo.sign_in.requests import (
    Asked,
    RefusedRequest,
    UntrustedRequest,
    answer_address,
    read_authorization,
)
from app.demo.sign_in.signing import hinted_subject
from app.demo.store.groups import groups_of
from app.demo.store.people import all_people, find_person
from app.demo.store.sessions import begin_sign_in, end_session, find_session, open_session, pending_sign_in
from app.demo.store.tokens import issue_code
from app.demo.views import sign_in_view
from app.demo.world import World

# no second slash and no backslash at the start: a browser would read another host there
_OWN_PATH = re.compile(r"/([A-Za-z0-9][^\\\s]*)?")
_UNFITTING = "The address to go back to after signing out is not the one that Forge has for this program."


class SignInPages:
    """The provider's human side."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.routes = [
            Route("/authorize", self.authorize, methods=["GET", "POST"]),
            Route("/sign-in", self.start),
            Route("/sign-in/{sign_in_id}", self.continue_as, methods=["POST"]),
            Route("/sign-in/{sign_in_id}/cancellation", self.cancel, methods=["POST"]),
            Route("/sign-out", self.sign_out, methods=["POST"]),
            Route("/logout", self.logout, methods=["GET", "POST"]),
        ]

    async def authorize(self, request: Request) -> Response:
        """Answer a client: with a code when somebody is signed in, with the sign-in page, or with an error."""
        try:
            asked = read_authorization(await _pairs(request), self.world)
        except UntrustedRequest as untrusted:
            return page(self.world, None, "refused.html", view=str(untrusted), status=400)
        except RefusedRequest as refused:
            answer = {"error": refused.error, "error_description": refused.description}
            return see_other(answer_address(self.world, answer, state=refused.state))
        session = await current_session(self.world, request)
        if session and not self._must_ask(asked, session):
            return await self._answer_with_code(asked.request, session)
        if "none" in asked.prompt:
            return see_other(self._error_address(asked.request, "login_required"))
        return await self._ask(PendingSignIn(request=asked.request, next_path=""))

    async def start(self, request: Request) -> Response:
        """Show the sign-in page for the product itself; ``next`` is the page to go on to."""
        next_path = request.query_params.get("next", "/")
        next_path = next_path if _OWN_PATH.fullmatch(next_path) else "/"
        if await current_session(self.world, request):
            return see_other(next_path)
        return await self._ask(PendingSignIn(request=None, next_path=next_path))

    async def continue_as(self, request: Request) -> Response:
        """Sign somebody in, under a new session, and go on to what was asked for."""
        sign_in_id, username = request.path_params["sign_in_id"], await form_field(request, "person")
        pending = await self._pending(sign_in_id)
        token, session = await self._open_session(username, session_token(self.world, request))
        if session is None:
            return await self._show(sign_in_id, pending, problem="Choose who to go on as", status=422)
        if pending.request:
            response = await self._answer_with_code(pending.request, session)
        else:
            response = see_other(pending.next_path)
        keep_session(self.world, response, token)
        return response

    async def cancel(self, request: Request) -> Response:
        """Go back without signing in; a client is told ``access_denied``."""
        pending = await self._pending(request.path_params["sign_in_id"])
        return see_other(self._error_address(pending.request, "access_denied") if pending.request else "/")

    async def sign_out(self, request: Request) -> Response:
        """End the session, so that the next sign-in asks again who somebody is."""
        return await self._end_session(request, "/")

    async def logout(self, request: Request) -> Response:
        """Sign out for a client, which shows an identity token of ours to prove that it means this person."""
        given = dict(await _pairs(request))
        back = given.get("post_logout_redirect_uri", "")
        if back and back != self.world.post_logout_redirect_uri:
            return page(self.world, None, "refused.html", view=_UNFITTING, status=400)
        subject = await hinted_subject(self.world, given.get("id_token_hint", ""))
        session = await current_session(self.world, request)
        if not subject or (session and session.person.sub != subject):
            return page(self.world, session, "sign_out.html") if session else see_other("/")
        state = given.get("state", "")
        query = f"?{urlencode({'state': state})}" if state else ""
        return await self._end_session(request, f"{back}{query}" if back else "/")

    def _must_ask(self, asked: Asked, session: Session) -> bool:
        if asked.prompt & {"login", "select_account"}:
            return True
        age = self.world.clock.wall() - session.auth_time
        return asked.max_age is not None and age >= timedelta(seconds=asked.max_age)

    async def _ask(self, pending: PendingSignIn) -> Response:
        wall = self.world.clock.wall()
        sign_in_id = await self.world.db.write(lambda c: begin_sign_in(c, pending, wall))
        return await self._show(sign_in_id, pending)

    async def _show(self, sign_in_id: str, pending: PendingSignIn, problem: str = "", status: int = 200) -> Response:
        entries = await self.world.db.read(
            lambda c: tuple((person, groups_of(c, person.sub)) for person in all_people(c))
        )
        view = sign_in_view(f"/sign-in/{sign_in_id}", entries, for_store=pending.request is not None, problem=problem)
        return page(self.world, None, "sign_in.html", view=view, status=status)

    async def _pending(self, sign_in_id: str) -> PendingSignIn:
        wall = self.world.clock.wall()
        pending = await self.world.db.read(lambda c: pending_sign_in(c, sign_in_id, wall))
        if pending is None:
            raise HTTPException(404)
        return pending

    async def _open_session(self, username: str, former_token: str) -> tuple[str, Session | None]:
        wall = self.world.clock.wall()

        def body(connection: Connection) -> tuple[str, Session | None]:
            person = find_person(connection, username)
            if person is None:
                return "", None
            end_session(connection, former_token)
            token = open_session(connection, person.sub, wall)
            return token, find_session(connection, token, wall)

        return await self.world.db.write(body)

    async def _end_session(self, request: Request, address: str) -> Response:
        token = session_token(self.world, request)
        await self.world.db.write(lambda c: end_session(c, token))
        response = see_other(address)
        drop_session(self.world, response)
        return response

    async def _answer_with_code(self, request: AuthorizationRequest, session: Session) -> Response:
        wall = self.world.clock.wall()
        code = await self.world.db.write(lambda c: issue_code(c, request, session, wall))
        return see_other(answer_address(self.world, {"code": code}, state=request.state))

    def _error_address(self, request: AuthorizationRequest, error: str) -> str:
        return answer_address(self.world, {"error": error}, state=request.state)


async def _pairs(request: Request) -> list[tuple[str, str]]:
    if request.method == "GET":
        return list(request.query_params.multi_items())
    return [(name, value) for name, value in (await request.form()).multi_items() if isinstance(value, str)]
