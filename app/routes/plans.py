"""The plan page: the shop window."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.flows.choose_plan import Asked, show_plans
from app.web.deps import deps_of
from app.web.forms import one
from app.web.render import page
from app.web.session import current_actor


async def plans(request: Request) -> Response:
    """Show the plans; the seats field asks for the same page and gets the form alone."""
    query = request.query_params
    asked = Asked(
        deployment=one(query, "deployment"),
        plan=one(query, "plan"),
        seats=one(query, "seats"),
        currency=one(query, "currency"),
        campaign=one(query, "campaign"),
        again=one(query, "again") != "",
    )
    view = await show_plans(deps_of(request), current_actor(request), asked)
    return page(request, "plans.html", view, fragment="offer")


routes = [Route("/", plans), Route("/plans", plans)]
