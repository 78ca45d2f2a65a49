"""The demo product as one ASGI app."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from app.demo.api import Api
from app.demo.browser import current_session, page
from app.demo.faults import Faults
from app.demo.group_actions import GroupActions
from app.demo.guard import CrossOriginGuard, OneHost, SecurityHeaders
from app.demo.pages import Pages
from app.demo.sign_in.endpoints import Endpoints
from app.demo.sign_in.pages import SignInPages
from app.demo.world import World

_LARGEST_BODY = 262_144


def create_product(world: World) -> ASGIApp:
    """Return the app: pages, sign-in and API under one origin, with ordered faults around them."""
    inner = Starlette(
        routes=[
            *GroupActions(world).routes,
            *Pages(world).routes,
            *SignInPages(world).routes,
            *Endpoints(world).routes,
            *Api(world).routes,
        ],
        middleware=[Middleware(OneHost, world.origin), Middleware(Faults, world), Middleware(CrossOriginGuard)],
        exception_handlers={HTTPException: _Problems(world).answer},
        max_body_size=_LARGEST_BODY,
    )
    return SecurityHeaders(inner, (world.store_url,))


class _Problems:
    def __init__(self, world: World) -> None:
        self.world = world

    async def answer(self, request: Request, problem: Exception) -> Response:
        status = problem.status_code if isinstance(problem, HTTPException) else 500
        headers = problem.headers if isinstance(problem, HTTPException) else None
        if status == 303:
            return Response(status_code=303, headers=headers)
        if request.url.path.startswith("/api/"):
            return JSONResponse({"error": "not_found" if status == 404 else "bad_request"}, status, headers)
        session = await current_session(self.world, request)
        answer = page(self.world, session, "problem.html", status=status)
        answer.headers.update(headers or {})
        return answer
