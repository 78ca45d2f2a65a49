"""``GET /c/{name}``: a campaign's link leads to a clean address, with everything filled in."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from app.flows.campaigns.links import Landed, open_link
from app.promotions.links import LinkFault
from app.promotions.model import LandingFlow
from app.routes.buy import utm_of
from app.web.deps import deps_of
from app.web.forms import clean_text
from app.web.render import link
from app.web.session import ensure_visitor
from app.web.visits import is_machine

_LONGEST_SLUG = 60
# the token must not travel on to whoever the next page links to, and no cache between may keep where it led
_HEADERS = {"Referrer-Policy": "no-referrer", "Cache-Control": "private"}


async def open_campaign(request: Request) -> Response:
    """Note who came by what and go on; whatever is wrong with the link, the next page says it in one line."""
    actor = await ensure_visitor(request)
    name, utm = request.path_params["name"], utm_of(request)
    landed = await open_link(deps_of(request), actor, name, utm, is_machine=is_machine(request))
    return RedirectResponse(_path(landed), status_code=303, headers=_HEADERS)


def _path(landed: Landed) -> str:
    slug = (clean_text(landed.slug) or "")[:_LONGEST_SLUG]
    if landed.landing is None:
        fault = landed.fault or (None if slug else LinkFault.UNKNOWN)
        return link("/plans", campaign=slug, link_=fault.value if fault else "")
    landing = landed.landing
    if landed.preview:
        return link("/plans", plan=landing.plan, seats=landing.seats or "", preview=landed.preview)
    match landing.flow:
        case LandingFlow.PACKS:
            return link("/buy/packs", addon=landing.addon, packs=landing.packs or "", campaign=slug)
        case LandingFlow.ADD_SEATS:
            return link("/buy/seats", add=landing.seats or "", campaign=slug)
        case LandingFlow.PLANS:
            return link("/plans", plan=landing.plan, seats=landing.seats or "", campaign=slug)


routes = [Route("/c/{name}", open_campaign, methods=["GET"])]
