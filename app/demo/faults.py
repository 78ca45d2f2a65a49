"""Faults as a client would meet them over real HTTP: no answer, half an answer, a refusal, a slow answer."""

import asyncio
import contextlib

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.demo.model import Fault
from app.demo.store.faults import has_fault, take_fault
from app.demo.world import World

PRODUCT_OPS = frozenset({"grant", "usage", "owners", "any"})
IDP_OPS = frozenset({"discovery", "token", "jwks", "any"})
KINDS = frozenset({"timeout_before", "timeout_after", "hang", "reset_after", "error_500", "rate_limit", "slow", "down"})
_ANSWERS = {
    "error_500": (500, "server_error", {}),
    "rate_limit": (429, "rate_limited", {"Retry-After": "1"}),
    "down": (503, "unavailable", {}),
}
_SIGN_IN_PATHS = {
    "/.well-known/openid-configuration": "discovery",
    "/token": "token",
    "/jwks": "jwks",
    # struck by "any" alone
    "/authorize": "authorize",
    "/userinfo": "userinfo",
    "/logout": "logout",
}


class BadFault(ValueError):
    """A fault that there is none of."""


def check_faults(faults: tuple[Fault, ...], ops: frozenset[str]) -> None:
    """Raise BadFault unless each fault names an operation of ``ops``, a known kind and 0 times or more."""
    for fault in faults:
        if fault.op not in ops:
            raise BadFault(f"op is {fault.op!r}; it must be one of {', '.join(sorted(ops))}.")
        if fault.kind not in KINDS:
            raise BadFault(f"fault is {fault.kind!r}; it must be one of {', '.join(sorted(KINDS))}.")
        if fault.times < 0:
            raise BadFault(f"times is {fault.times}; it must be 0 (until cleared) or more.")


class Faults:
    """Has the faults that the demo controls ordered, instead of or around the real answer."""

    def __init__(self, app: ASGIApp, world: World) -> None:
        self.app = app
        self.world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = await self._take(scope["path"]) if scope["type"] == "http" else ""
        if not kind:
            await self.app(scope, receive, send)
        elif kind in _ANSWERS:
            status, error, headers = _ANSWERS[kind]
            await JSONResponse({"error": error, "detail": "An ordered fault."}, status, headers)(scope, receive, send)
        elif kind == "slow":
            await asyncio.sleep(self.world.delays.slow)
            await self.app(scope, receive, send)
        else:
            await self._break(kind, scope, receive, send)

    async def _take(self, path: str) -> str:
        channel, op = _place(path)
        if not op or not await self.world.db.read(lambda c: has_fault(c, channel, op)):
            return ""
        return await self.world.db.write(lambda c: take_fault(c, channel, op))

    async def _break(self, kind: str, scope: Scope, receive: Receive, send: Send) -> None:
        answer: list[Message] = []

        async def keep(message: Message) -> None:
            answer.append(message)

        if kind in ("timeout_after", "reset_after"):
            await self.app(scope, receive, keep)
        if kind == "reset_after":
            await _send_half(answer, send)
        else:
            await self._say_nothing(scope, receive, send)

    async def _say_nothing(self, scope: Scope, receive: Receive, send: Send) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.world.delays.hang):
                while (await receive())["type"] != "http.disconnect":
                    pass
                return
        await JSONResponse({"error": "unavailable", "detail": "An ordered fault."}, 504)(scope, receive, send)


def _place(path: str) -> tuple[str, str]:
    if path.startswith("/api/"):
        last = path.rsplit("/", 1)[-1]
        return "product", {"grants": "grant", "usage": "usage"}.get(last, "owners")
    return "idp", _SIGN_IN_PATHS.get(path, "")


async def _send_half(answer: list[Message], send: Send) -> None:
    """Send a body that ends before its announced length: the server then drops the connection."""
    body = b"".join(message.get("body", b"") for message in answer[1:])
    headers = [(name, value) for name, value in answer[0]["headers"] if name != b"content-length"]
    announced = (b"content-length", str(len(body) + 64).encode())
    await send({"type": "http.response.start", "status": answer[0]["status"], "headers": [*headers, announced]})
    await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
