"""``GET /programs/{name}``: where the mail of an approved programme leads; no page of the store links here."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.flows import start
from app.flows.campaigns.programmes import take_up
from app.flows.wording import checkout_path
from app.web.deps import deps_of
from app.web.forms import one
from app.web.render import link, see_other
from app.web.session import ensure_visitor


async def open_programme(request: Request) -> Response:
    """Go on to the checkout with the code filled in, by way of sign-in; what is no programme leads to the plans."""
    deps, actor = deps_of(request), await ensure_visitor(request)
    currency = await start.account_currency(deps, actor) or deps.catalog.default_currency
    name, code = request.path_params["name"], one(request.query_params, "code").strip()
    intent_id = await take_up(deps, actor, name, code, currency)
    if intent_id is None:
        return see_other(request, link("/plans", link_="unknown"))
    path = checkout_path(intent_id)
    answer = see_other(request, path if actor.person else link("/login", next=path))
    answer.headers["Referrer-Policy"] = "no-referrer"  # the code stands in this address
    answer.headers["Cache-Control"] = "private"
    return answer


routes = [Route("/programs/{name}", open_programme, methods=["GET"])]
