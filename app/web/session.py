"""The browser's session: a row in the database, found by a random id that is all that the signed cookie holds.

A request without a cookie reads nothing, and unless something is written no row and no cookie come into being.
"""

import hashlib
from collections.abc import Sequence
from datetime import timedelta

import structlog
from itsdangerous import BadSignature, Signer
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.config import Config
from app.core.clock import Clock
from app.core.problems import ProblemId
from app.db.engine import Database
from app.db.errors import DATABASE_AWAY
from app.flows.deps import Deps
from app.identity.actor import Actor
from app.identity.sessions import SEEN_EVERY, Session, delete_session, find_session, mark_seen, open_session
from app.web.bare import bare_page

NOBODY = Actor(visitor_id="", person=None)
# Answered for everybody alike, and while the database is away.
WITHOUT_SESSION = ("/static/", "/healthz", "/readyz", "/metrics", "/webhooks/")
_KEY = "kassa.session"
_SALT = "kassa.session-cookie"
_log = structlog.get_logger()


def current_actor(request: Request) -> Actor:
    """Return who acts; the visitor's id is empty when the browser has no session that lives."""
    held: _Held | None = request.scope.get(_KEY)
    return held.session.actor if held and held.session else NOBODY


async def ensure_visitor(request: Request) -> Actor:
    """Return who acts, making a visitor's session (a row and a cookie) when there is none."""
    held = _held(request)
    if held.session is None:
        await held.open(person_id=None)
    return current_actor(request)


async def start_session(request: Request, person_id: str, id_token: str = "", *, by_mail: bool = False) -> Actor:
    """Sign a person in: a new session id, the old session's row deleted.

    The visitor's id stays, so that what was chosen before is still there, unless somebody else was signed in.

    Args:
        id_token: what the issuer will ask for at sign-out.
        by_mail: the person came by a one-time link; staff roles then stay out of this session.
    """
    await _held(request).open(person_id=person_id, id_token=id_token, by_mail=by_mail)
    return current_actor(request)


async def end_session(request: Request) -> str:
    """Sign out: delete the row, take the cookie back; return the ID token for the issuer's sign-out, if any."""
    return await _held(request).close()


class ServerSession:
    """Loads the session before the view and sends the cookie after it.

    Answers that a session went into are never stored by a browser or a proxy, unless the view says otherwise.

    Args:
        unavailable: answers (503) when the session cannot be read because the database is away.
    """

    def __init__(self, app: ASGIApp, deps: Deps, unavailable: ASGIApp | None = None) -> None:
        self.app = app
        self.unavailable = unavailable or _plain_unavailable
        self._db = deps.db
        self._clock = deps.clock
        self._cookie = SessionCookie(deps.config)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(WITHOUT_SESSION):
            await self.app(scope, receive, send)
            return
        held = _Held(self._db, self._clock, self._cookie)
        scope[_KEY] = held
        try:
            await held.load(Request(scope))
        except DATABASE_AWAY as error:
            _log.warning("session not read", error=type(error).__name__)
            await self.unavailable(scope, receive, send)
            return

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                held.finish(MutableHeaders(scope=message))
            await send(message)

        await self.app(scope, receive, send_with_cookie)


class SessionCookie:
    """The cookie's name, signature and attributes. The newest key signs, every key verifies."""

    def __init__(self, config: Config) -> None:
        self.name = "__Host-kassa" if config.is_https else "kassa"
        self._attributes = "Path=/; HttpOnly; SameSite=Lax" + ("; Secure" if config.is_https else "")
        self._signer = _signer(config.secret_keys)

    def read(self, value: str) -> str:
        """Return the session's token, empty when no key of ours signed it."""
        try:
            return self._signer.unsign(value).decode("ascii")
        except (BadSignature, ValueError):
            return ""

    def given(self, token: str, seconds: int) -> str:
        """Return the Set-Cookie header that hands a token out for ``seconds``."""
        return f"{self.name}={self._signer.sign(token).decode('ascii')}; Max-Age={seconds}; {self._attributes}"

    def taken_back(self) -> str:
        """Return the Set-Cookie header that removes the cookie."""
        return f"{self.name}=; Max-Age=0; {self._attributes}"


class _Held:
    """One request's hold on its session."""

    def __init__(self, db: Database, clock: Clock, cookie: SessionCookie) -> None:
        self.session: Session | None = None
        self._db = db
        self._clock = clock
        self._cookie = cookie
        self._set_cookie = ""
        self._is_personal = False

    async def load(self, request: Request) -> None:
        token = self._cookie.read(request.cookies.get(self._cookie.name, ""))
        if not token:
            return
        now = self._clock.wall()
        self.session = await self._db.read(lambda connection: find_session(connection, token, now))
        # An unknown id does not take the cookie back: this may be a request that was under way while another one
        # signed in, and the browser would lose its new cookie.
        if self.session:
            self._is_personal = True
            await self._note_use(self.session)

    async def open(self, *, person_id: str | None, id_token: str = "", by_mail: bool = False) -> None:
        now, replaced = self._clock.wall(), self.session
        token, opened = await self._db.write(
            lambda connection: open_session(
                connection,
                replaced=replaced,
                person_id=person_id,
                id_token=id_token,
                by_mail=by_mail,
                now=now,
            )
        )
        self.session = opened
        self._set_cookie = self._cookie.given(token, (opened.expires_at - now) // timedelta(seconds=1))

    async def close(self) -> str:
        ended, self.session = self.session, None
        self._set_cookie = self._cookie.taken_back()
        if ended is None:
            return ""
        await self._db.write(lambda connection: delete_session(connection, ended.session_hash))
        return ended.id_token

    def finish(self, headers: MutableHeaders) -> None:
        headers.add_vary_header("Cookie")
        if self._set_cookie:
            headers.append("Set-Cookie", self._set_cookie)
        if self._is_personal or self._set_cookie:
            headers.setdefault("Cache-Control", "no-store")

    async def _note_use(self, session: Session) -> None:
        now = self._clock.wall()
        if now - session.seen_at < SEEN_EVERY:
            return
        try:
            await self._db.write(lambda connection: mark_seen(connection, session.session_hash, now))
        except DATABASE_AWAY as error:  # reading goes on when writing fails, as with a full disk
            _log.warning("session not marked as seen", error=type(error).__name__)


def _held(request: Request) -> _Held:
    held: _Held = request.scope[_KEY]
    return held


def _signer(keys: Sequence[str]) -> Signer:
    # itsdangerous signs with the last key of the list; settings have the newest first
    return Signer(list(reversed(keys)), salt=_SALT, key_derivation="hmac", digest_method=hashlib.sha256)


async def _plain_unavailable(scope: Scope, receive: Receive, send: Send) -> None:
    answer = bare_page(ProblemId.E_BUSY, headers={"Retry-After": "2", "Cache-Control": "no-store"})
    await answer(scope, receive, send)
