"""Every answer carries the security headers and a request id of ours, and every request leaves one line in the log."""

import io
import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from app.config import Config
from app.core.clock import FrozenClock
from app.db.engine import Database
from app.web.edge import guarded
from app.web.headers import SecurityHeaders, content_security_policy
from app.web.log import configure_logs
from app.web.request_id import request_id_of
from app.web.session import ensure_visitor
from tests.support.asgi import asgi_client
from tests.support.store import edge_deps

pytestmark = pytest.mark.engines("sqlite")
ALWAYS = (
    "content-security-policy",
    "x-content-type-options",
    "referrer-policy",
    "permissions-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "x-request-id",
)


async def fine(request: Request) -> Response:
    return PlainTextResponse(request_id_of(request))


async def personal(request: Request) -> Response:
    await ensure_visitor(request)
    return PlainTextResponse("")


async def broken(request: Request) -> Response:
    raise RuntimeError("nobody foresaw this")


async def body(request: Request) -> Response:
    await request.body()
    return PlainTextResponse("")


async def teapot(request: Request) -> Response:
    raise HTTPException(418)


ROUTES = [
    Route("/fine", fine),
    Route("/personal", personal),
    Route("/broken", broken),
    Route("/body", body, methods=["POST"]),
    Route("/teapot", teapot),
    Route("/invites/{token}", fine),
    Route("/orders/{order_id}", fine),
]


@pytest.fixture
def log(clock: FrozenClock) -> Iterator[io.StringIO]:
    stream = io.StringIO()
    configure_logs(clock, stream)
    yield stream
    structlog.reset_defaults()


@pytest.fixture
def app(config: Config, database: Database, clock: FrozenClock) -> SecurityHeaders:
    made = guarded(Starlette(routes=ROUTES), edge_deps(config, database, clock))
    assert isinstance(made, SecurityHeaders)
    return made


def lines(log: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/fine", {}, 200),
        ("GET", "/personal", {}, 200),
        ("GET", "/nowhere", {}, 404),
        ("POST", "/fine", {}, 405),
        ("GET", "/teapot", {}, 418),
        ("GET", "/broken", {}, 500),
        ("GET", "/fine", {"Host": "evil.example"}, 400),
        ("POST", "/body", {"Sec-Fetch-Site": "cross-site"}, 403),
        ("POST", "/body", {"Content-Length": "9999999"}, 413),
        ("GET", "/static/nothing.css", {}, 404),
    ],
)
async def test_every_answer_has_headers_and_an_id(
    app: SecurityHeaders, log: io.StringIO, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    async with asgi_client(app) as client:
        answer = await client.request(method, path, headers=headers)
    assert answer.status_code == status
    assert [name for name in ALWAYS if name not in answer.headers] == []


async def test_hsts_is_for_https_only(config: Config, database: Database, clock: FrozenClock) -> None:
    secure = replace(config, base_url="https://localhost:8000")
    for settings, has_it in ((config, False), (secure, True)):
        async with asgi_client(guarded(Starlette(routes=ROUTES), edge_deps(settings, database, clock))) as client:
            assert ("strict-transport-security" in (await client.get("/fine")).headers) is has_it


async def test_forms_may_lead_to_the_issuer_and_back_to_the_product(app: SecurityHeaders) -> None:
    async with asgi_client(app) as client:
        policy = (await client.get("/fine")).headers["content-security-policy"]
    assert "form-action 'self' http://127.0.0.1:8001;" in policy
    assert "frame-src 'none';" in policy


def test_the_policy_names_the_vendor_where_it_is_needed_and_nothing_inline() -> None:
    policy = content_security_policy(("https://pay.example",), ("https://id.example", "https://pay.example"))
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == "'self'"
    assert rules["frame-src"] == "https://pay.example"
    assert rules["connect-src"] == "'self' https://pay.example"
    assert rules["form-action"] == "'self' https://pay.example https://id.example"
    assert rules["frame-ancestors"] == "'none'"
    assert "unsafe" not in policy


async def test_a_view_keeps_its_own_headers() -> None:
    async def view(request: Request) -> Response:
        return PlainTextResponse("", headers={"Referrer-Policy": "no-referrer"})

    async with asgi_client(SecurityHeaders(Starlette(routes=[Route("/", view)]))) as client:
        assert (await client.get("/")).headers["referrer-policy"] == "no-referrer"


async def test_the_id_is_ours_and_new_each_time(app: SecurityHeaders, log: io.StringIO) -> None:
    async with asgi_client(app) as client:
        answers = [await client.get("/fine", headers={"X-Request-Id": "forged"}) for _ in range(2)]
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert [answer.text for answer in answers] == ids
    assert len({*ids, "forged"}) == 3
    assert [line["request_id"] for line in lines(log)] == ids


async def test_the_log_says_where_and_how_but_not_what_was_in_the_address(
    app: SecurityHeaders, log: io.StringIO
) -> None:
    async with asgi_client(app) as client:
        await client.get("/orders/O-1?code=SECRET")
        await client.get("/invites/SECRET")
        await client.get("/SECRET/path")
        await client.get("/broken?SECRET")
        await client.get("/static/x.css")
    logged = lines(log)
    assert "SECRET" not in log.getvalue()
    assert [(line["route"], line["status"]) for line in logged if line["event"] == "request"] == [
        ("/orders/{order_id}", 200),
        ("/invites/{token}", 200),
        ("(unknown)", 404),
        ("/broken", 500),
    ]
    assert logged[0]["order_id"] == "O-1"
    assert logged[0]["at"] == "2026-11-23T12:00:00.000+00:00"
    failed = next(line for line in logged if line["event"] == "request failed")
    assert "nobody foresaw this" in str(failed["exception"])
    assert failed["request_id"] == logged[-1]["request_id"]


def test_secrets_that_are_logged_by_mistake_are_hidden(log: io.StringIO) -> None:
    structlog.get_logger().info("sent", email="ann@example.com", token="t", status=200)
    line = lines(log)[0]
    assert (line["email"], line["token"], line["status"]) == ("(hidden)", "(hidden)", 200)
