"""A browser at a small store: signing in step by step, by the identity provider and by mail."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import httpx2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.config import Config, OidcConfig
from app.core.clock import FrozenClock
from app.db.engine import Database
from app.emails.transports import kept_letters
from app.events.outbox import claim_due
from app.flows.deps import Deps
from app.flows.post import send_mail
from app.http import ASGITransport
from app.identity.sso import IdentityProvider
from app.routes import login
from app.web.edge import guarded
from app.web.errors import exception_handlers
from app.web.session import current_actor
from tests.support.asgi import asgi_client
from tests.support.ok_provider import CLIENT_ID, CLIENT_SECRET, ISSUER, Provider
from tests.support.store import edge_deps


@dataclass
class Browser:
    """One browser at a store whose people sign in at ``provider``."""

    client: httpx2.AsyncClient
    provider: Provider
    deps: Deps

    async def start(self, path: str) -> dict[str, str]:
        """Press "Sign in"; return the query that the issuer will send back."""
        sent = await self.client.get("/login", params={"next": path})
        assert sent.status_code == 303, sent.text
        return self.provider.authorize(sent.headers["location"])

    async def back(self, query: dict[str, str]) -> httpx2.Response:
        """Come back from the issuer."""
        return await self.client.get("/login/callback", params=query)

    async def sign_in(self, path: str = "/plans") -> httpx2.Response:
        """Press "Sign in", agree at the issuer, come back."""
        return await self.back(await self.start(path))

    async def who(self) -> dict[str, object]:
        """Return who the store takes this browser for."""
        found: dict[str, object] = (await self.client.get("/who")).json()
        return found

    async def subject(self) -> object:
        """Return the subject of who is signed in, empty when nobody is."""
        return (await self.who())["subject"]

    async def ask_for_link(self, email: str, path: str = "/orders") -> httpx2.Response:
        """Send the form that asks for a one-time link."""
        return await self.client.post("/login/link", data={"email": email, "next": path})

    async def mails(self) -> list[dict[str, str]]:
        """Send what waits in the outbox, and return all mails, newest first."""
        now = self.deps.clock.wall()
        for job in await self.deps.db.write(lambda connection: claim_due(connection, now=now, everything=True)):
            await send_mail(self.deps, job)
        return await self.deps.db.read(kept_letters)

    async def mailed_link(self) -> str:
        """Return the path of the link in the newest mail."""
        text = (await self.mails())[0]["text"]
        return "/login/link/" + text.partition(f"{self.deps.config.base_url}/login/link/")[2].split()[0]


@asynccontextmanager
async def identity_of(provider: Provider, clock: FrozenClock) -> AsyncIterator[IdentityProvider]:
    """Yield the store's side of ``provider``."""
    oidc = OidcConfig(issuer=ISSUER, client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
    identity = IdentityProvider(oidc, provider.redirect_uri, clock, transport=ASGITransport(provider.app))
    try:
        yield identity
    finally:
        await identity.close()


def login_deps(config: Config, database: Database, clock: FrozenClock, identity: IdentityProvider | None) -> Deps:
    """Return a store's neighbours with the issuer of the tests, and with ``identity`` as the way to it."""
    oidc = OidcConfig(issuer=ISSUER, client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
    return edge_deps(replace(config, oidc=oidc), database, clock, identity)


@asynccontextmanager
async def opened_browser(deps: Deps, provider: Provider) -> AsyncIterator[Browser]:
    """Yield a browser without cookies, at a store that has the sign-in pages and ``/who``."""
    app = Starlette(
        routes=[*login.routes, Route("/", _home), Route("/who", _who)], exception_handlers=exception_handlers
    )
    app.state.deps = deps
    async with asgi_client(guarded(app, deps), base_url=deps.config.base_url) as client:
        yield Browser(client, provider, deps)


async def _home(request: Request) -> Response:
    return Response("home")


async def _who(request: Request) -> Response:
    actor = current_actor(request)
    person = actor.person
    told = {"issuer": person.issuer, "subject": person.subject, "roles": sorted(person.roles)} if person else {}
    return JSONResponse({"visitor": actor.visitor_id, "issuer": "", "subject": "", "roles": [], **told})
