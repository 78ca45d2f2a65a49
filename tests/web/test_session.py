"""The session's cookie and row: made when something is written, changed at sign-in, worthless after sign-out."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import func, select
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from app.config import Config
from app.core.clock import FrozenClock
from app.db.engine import Database
from app.db.schema.identity import sessions
from app.identity.claims import Claims
from app.identity.sessions import IDLE_LIMIT, SEEN_EVERY, VISITOR_LIMIT
from app.web.session import ServerSession, current_actor, end_session, ensure_visitor, start_session
from tests.support.asgi import asgi_client
from tests.support.people import written
from tests.support.store import edge_deps

pytestmark = pytest.mark.engines("sqlite")
OLD_KEY, NEW_KEY = "o" * 40, "n" * 40


async def who(request: Request) -> Response:
    actor = current_actor(request)
    return JSONResponse({"visitor": actor.visitor_id, "person": actor.person.subject if actor.person else ""})


async def visit(request: Request) -> Response:
    await ensure_visitor(request)
    return await who(request)


async def enter(request: Request) -> Response:
    await start_session(request, request.path_params["person_id"], "an ID token")
    return await who(request)


async def leave(request: Request) -> Response:
    return PlainTextResponse(await end_session(request))


async def cacheable(request: Request) -> Response:
    return PlainTextResponse("", headers={"Cache-Control": "private, max-age=60"})


async def static(request: Request) -> Response:
    return PlainTextResponse("")


class Store:
    """An application of a few routes behind the session, and the database behind that."""

    def __init__(self, config: Config, database: Database, clock: FrozenClock) -> None:
        self.config = config
        self.database = database
        self.clock = clock
        self.person_id = written(database, clock, Claims(issuer="https://id.example", subject="u-1")).person_id
        self.other_id = written(database, clock, Claims(issuer="https://id.example", subject="u-2")).person_id

    def app(self, config: Config | None = None) -> ASGIApp:
        inner = Starlette(
            routes=[
                Route("/who", who),
                Route("/visit", visit, methods=["POST"]),
                Route("/enter/{person_id}", enter, methods=["POST"]),
                Route("/leave", leave, methods=["POST"]),
                Route("/cacheable", cacheable),
                Route("/static/x", static),
            ]
        )
        return ServerSession(inner, edge_deps(config or self.config, self.database, self.clock))

    def with_keys(self, *keys: str) -> ASGIApp:
        return self.app(replace(self.config, secret_keys=keys))

    def rows(self) -> int:
        return self.database.read_now(lambda c: c.execute(select(func.count()).select_from(sessions)).scalar_one())


@pytest.fixture
def store(config: Config, database: Database, clock: FrozenClock) -> Store:
    return Store(config, database, clock)


async def test_reading_makes_no_row_and_no_cookie(store: Store) -> None:
    async with asgi_client(store.app()) as client:
        answer = await client.get("/who")
    assert answer.json() == {"visitor": "", "person": ""}
    assert "set-cookie" not in answer.headers
    assert "cache-control" not in answer.headers
    assert "Cookie" in answer.headers["vary"]
    assert store.rows() == 0


async def test_a_visitor_is_known_again(store: Store) -> None:
    async with asgi_client(store.app()) as client:
        made = await client.post("/visit")
        again = await client.post("/visit")
    assert made.json()["visitor"]
    assert again.json() == made.json()
    assert store.rows() == 1
    cookie = made.headers["set-cookie"]
    assert cookie.startswith("kassa=")
    assert cookie.endswith(f"; Max-Age={VISITOR_LIMIT // timedelta(seconds=1)}; Path=/; HttpOnly; SameSite=Lax")
    assert "set-cookie" not in again.headers
    assert [made.headers["cache-control"], again.headers["cache-control"]] == ["no-store", "no-store"]


async def test_on_https_the_cookie_is_secure_and_bound_to_the_host(store: Store) -> None:
    async with asgi_client(
        store.app(replace(store.config, base_url="https://store.example")), base_url="https://store.example"
    ) as client:
        cookie = (await client.post("/visit")).headers["set-cookie"]
        assert (await client.get("/who")).json()["visitor"]
    assert cookie.startswith("__Host-kassa=")
    assert cookie.endswith("; Path=/; HttpOnly; SameSite=Lax; Secure")
    assert "Domain" not in cookie


async def test_signing_in_gives_a_new_cookie_and_kills_the_old_one(store: Store) -> None:
    async with asgi_client(store.app()) as client:
        visitor = (await client.post("/visit")).json()["visitor"]
        planted = client.cookies["kassa"]
        entered = await client.post(f"/enter/{store.person_id}")
        assert entered.json() == {"visitor": visitor, "person": "u-1"}
        assert client.cookies["kassa"] != planted
    async with asgi_client(store.app()) as thief:
        carry(thief, planted)
        assert (await thief.get("/who")).json() == {"visitor": "", "person": ""}


async def test_somebody_else_gets_another_visitor(store: Store) -> None:
    async with asgi_client(store.app()) as client:
        first = (await client.post(f"/enter/{store.person_id}")).json()
        second = (await client.post(f"/enter/{store.other_id}")).json()
    assert second["person"] == "u-2"
    assert second["visitor"] not in ("", first["visitor"])


async def test_a_cookie_kept_from_before_signing_out_opens_nothing(store: Store) -> None:
    async with asgi_client(store.app()) as client:
        await client.post(f"/enter/{store.person_id}")
        kept = client.cookies["kassa"]
        left = await client.post("/leave")
        assert left.text == "an ID token"
        assert "kassa=; Max-Age=0; Path=/" in left.headers["set-cookie"]
        assert not client.cookies
        carry(client, kept)
        assert (await client.get("/who")).json() == {"visitor": "", "person": ""}
        assert (await client.post("/leave")).text == ""


@pytest.mark.parametrize("value", ["", "x", "a.b", "\u00e9.x", "kassa.x" * 500])
async def test_a_forged_cookie_is_no_cookie(store: Store, value: str) -> None:
    async with asgi_client(store.app()) as client:
        answer = await client.get("/who", headers={b"Cookie": f"kassa={value}".encode()})
    assert answer.json() == {"visitor": "", "person": ""}


async def test_keys_are_rotated_without_signing_anybody_out(store: Store) -> None:
    async with asgi_client(store.with_keys(OLD_KEY)) as client:
        visitor = (await client.post("/visit")).json()["visitor"]
        old = client.cookies["kassa"]
    async with asgi_client(store.with_keys(NEW_KEY, OLD_KEY)) as client:
        carry(client, old)
        assert (await client.get("/who")).json()["visitor"] == visitor
        await client.post(f"/enter/{store.person_id}")
        new = client.cookies["kassa"]
    for key, person in ((NEW_KEY, "u-1"), (OLD_KEY, "")):
        async with asgi_client(store.with_keys(key)) as client:
            carry(client, new)
            assert (await client.get("/who")).json()["person"] == person


async def test_use_is_noted_now_and_then_and_keeps_the_session_alive(store: Store) -> None:
    async with asgi_client(store.app()) as client:
        await client.post(f"/enter/{store.person_id}")
        store.clock.advance(SEEN_EVERY - timedelta(seconds=1))
        await client.get("/who")
        store.clock.advance(IDLE_LIMIT - SEEN_EVERY)
        assert (await client.get("/who")).json()["person"] == "u-1"
        store.clock.advance(IDLE_LIMIT - timedelta(seconds=1))
        assert (await client.get("/who")).json()["person"] == "u-1"
        store.clock.advance(IDLE_LIMIT)
        late = await client.get("/who")
    assert late.json() == {"visitor": "", "person": ""}
    # a request that another one's sign-in overtook must not take the new cookie away
    assert "set-cookie" not in late.headers


async def test_use_is_not_written_at_every_request(store: Store) -> None:
    async with asgi_client(store.app()) as client:
        await client.post("/visit")
        seen = await _seen_at(store, client, timedelta(seconds=0))
        assert await _seen_at(store, client, SEEN_EVERY - timedelta(seconds=1)) == seen
        assert await _seen_at(store, client, timedelta(seconds=1)) == store.clock.wall()


async def test_a_view_may_say_itself_what_may_be_kept(store: Store) -> None:
    async with asgi_client(store.app()) as client:
        await client.post("/visit")
        assert (await client.get("/cacheable")).headers["cache-control"] == "private, max-age=60"


async def test_while_the_database_is_away(store: Store, tmp_path: Path) -> None:
    async with asgi_client(store.app()) as client:
        await client.post("/visit")
        cookie = client.cookies["kassa"]
    without_tables = Database(f"sqlite:///{tmp_path}/empty.db")
    store.database = without_tables
    async with asgi_client(store.app()) as client:
        assert (await client.get("/who")).status_code == 200
        carry(client, cookie)
        away = await client.get("/who")
        assert (await client.get("/static/x")).status_code == 200
    without_tables.close()
    assert (away.status_code, away.headers["retry-after"]) == (503, "2")
    assert "E-BUSY" in away.text


def carry(client: httpx2.AsyncClient, cookie: str) -> None:
    client.cookies.set("kassa", cookie, domain="localhost.local")  # what the cookie jar makes of localhost


async def _seen_at(store: Store, client: httpx2.AsyncClient, later: timedelta) -> datetime:
    store.clock.advance(later)
    await client.get("/who")
    seen: datetime = store.database.read_now(lambda c: c.execute(select(sessions.c.seen_at)).scalar_one())
    return seen
