"""The plan page: the shop window."""

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.flows.choose_plan import Asked, show_plans
from app.flows.visits import note_plans_viewed
from app.promotions.links import LONGEST as LONGEST_TOKEN
from app.web.deps import deps_of
from app.web.forms import clean_text, one
from app.web.render import is_partial, page
from app.web.session import current_actor
from app.web.visits import is_machine, visit_keys

_LONGEST = 60


async def plans(request: Request) -> Response:
    """Show the plans; the seats field asks for the same page and gets the form alone.

    The funnel hears of the whole page after it was sent.
    """
    query = request.query_params
    asked = Asked(
        deployment=one(query, "deployment"),
        plan=one(query, "plan"),
        seats=one(query, "seats"),
        currency=one(query, "currency"),
        campaign=(clean_text(one(query, "campaign")) or "")[:_LONGEST],
        preview=one(query, "preview")[:LONGEST_TOKEN],
        fault=one(query, "link"),
        again=one(query, "again") != "",
    )
    view = await show_plans(deps_of(request), current_actor(request), asked)
    shown = page(request, "plans.html", view, fragment="offer")
    if not is_partial(request) and not is_machine(request):
        keys = visit_keys(request)
        shown.background = BackgroundTask(note_plans_viewed, deps_of(request), keys, asked.campaign)
    return shown


routes = [Route("/", plans), Route("/plans", plans)]
