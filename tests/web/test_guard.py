"""What is not sent by our own pages, too large or too slow is refused before anything reads it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.guard import PAGE_BODY_BYTES, WEBHOOK_BODY_BYTES, BodyDeadline, BodyLimit, CrossOriginGuard
from tests.support.asgi import asgi_client

OWN = "http://localhost:8000"


async def length(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


async def unread(request: Request) -> Response:
    return PlainTextResponse("not read")


def application() -> Starlette:
    methods = ["GET", "POST", "PUT", "DELETE"]
    return Starlette(
        routes=[
            Route("/page", length, methods=methods),
            Route("/unread", unread, methods=methods),
            Route("/webhooks/embedded", length, methods=methods),
        ]
    )


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": OWN},
        {"Origin": "http://evil.example"},
        {"Origin": "http://localhost:8001"},
        {"Origin": "null"},
        {"Origin": "http://[::1"},
        {"Origin": ""},
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_what_another_site_makes_the_browser_send_is_refused(method: str, headers: dict[str, str]) -> None:
    async with asgi_client(CrossOriginGuard(application())) as client:
        assert (await client.request(method, "/page", headers=headers)).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "same-origin", "Origin": OWN}, {"Sec-Fetch-Site": "none"}, {"Origin": OWN}, {}],
)
async def test_our_own_forms_and_programs_pass(headers: dict[str, str]) -> None:
    async with asgi_client(CrossOriginGuard(application())) as client:
        assert (await client.post("/page", headers=headers)).status_code == 200


async def test_links_from_elsewhere_and_webhooks_pass() -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": "http://evil.example"}
    async with asgi_client(CrossOriginGuard(application())) as client:
        assert (await client.get("/page", headers=headers)).status_code == 200
        assert (await client.post("/webhooks/embedded", headers=headers)).status_code == 200
        assert (await client.post("/page?x=/webhooks/", headers=headers)).status_code == 403


def test_an_exemption_for_everything_is_refused() -> None:
    with pytest.raises(ValueError, match="every path"):
        CrossOriginGuard(application(), exempt=("",))


@pytest.mark.parametrize(("path", "most"), [("/page", PAGE_BODY_BYTES), ("/webhooks/embedded", WEBHOOK_BODY_BYTES)])
async def test_a_body_has_a_largest_size(path: str, most: int) -> None:
    async with asgi_client(BodyLimit(application())) as client:
        assert (await client.post(path, content=b"x" * most)).text == str(most)
        assert (await client.post(path, content=b"x" * (most + 1))).status_code == 413


async def test_a_body_that_does_not_say_its_size_is_counted() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(PAGE_BODY_BYTES // 1024 + 1):
            yield b"x" * 1024

    async with asgi_client(BodyLimit(application())) as client:
        assert (await client.post("/page", content=chunks())).status_code == 413


class Slow:
    """A sender whose body stops in the middle."""

    def __init__(self, *parts: Message) -> None:
        self.parts = list(parts)
        self.sent: list[Message] = []

    async def receive(self) -> Message:
        if not self.parts:
            await asyncio.Event().wait()  # for ever
        return self.parts.pop(0)

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    async def post(self, app: ASGIApp, path: str) -> int:
        scope = {"type": "http", "method": "POST", "path": path, "headers": [], "query_string": b"", "root_path": ""}
        await app(scope, self.receive, self.send)
        status: int = self.sent[0]["status"]
        return status


PART: Message = {"type": "http.request", "body": b"x", "more_body": True}
END: Message = {"type": "http.request", "body": b"x", "more_body": False}


@pytest.mark.parametrize("parts", [(), (PART,)])
async def test_a_body_has_to_arrive_in_time(parts: tuple[Message, ...]) -> None:
    assert await Slow(*parts).post(BodyDeadline(application(), seconds=0.01), "/page") == 408


async def test_a_body_in_time_passes_and_one_that_nobody_reads_is_not_waited_for() -> None:
    assert await Slow(PART, END).post(BodyDeadline(application(), seconds=5), "/page") == 200
    assert await Slow().post(BodyDeadline(application(), seconds=0.01), "/unread") == 200


async def test_once_the_body_is_there_the_answer_may_take_its_time() -> None:
    async def until_the_browser_goes(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await receive()
        await PlainTextResponse("")(scope, receive, send)

    assert await Slow(END).post(BodyDeadline(until_the_browser_goes, seconds=0.01), "/page") == 200
