"""The twin as an application: Stripe's API and its pages on one origin, in process or under a server."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.stripe_twin.api import Api
from tests.stripe_twin.desk import Desk
from tests.stripe_twin.guard import form
from tests.stripe_twin.pages import routes


def create_app(api: Api, desk: Desk) -> Starlette:
    """Return the application."""

    async def answer(request: Request) -> Response:
        encoded = request.url.query if request.method != "POST" else (await request.body()).decode()
        found = api.handle(request.method.lower(), request.url.path, form(encoded), dict(request.headers))
        return JSONResponse(found.body, status_code=found.status, headers=found.headers)

    methods = ["GET", "POST", "DELETE"]
    return Starlette(routes=[Route("/v1/{rest:path}", answer, methods=methods), *routes(desk)])
