"""``GET /buy``: a link becomes an intent, and the buyer lands on its checkout with everything filled."""

import json
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.flows import start
from app.flows.deps import Deps
from app.flows.mixed_cart import sold_along
from app.flows.wording import checkout_path
from app.orders.intents import Choice
from app.promotions.model import LandingFlow
from app.web.addresses import allowed_return
from app.web.deps import deps_of
from app.web.forms import clean_text, one, whole_number
from app.web.render import link, see_other
from app.web.session import ensure_visitor
from app.web.visits import visit_mark

HOSTED = "hosted"
DEPLOYMENTS = (HOSTED, "self_hosted")
_MOST_TEXT = 200
_UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")


async def buy(request: Request) -> Response:
    """Normalise the link, keep it, and go on to the checkout, by way of sign-in for somebody who is not signed in.

    A plan that does not exist leads to the plan page, which says so; seats out of bounds are put right and told.
    """
    deps = deps_of(request)
    plan = deps.catalog.plan(one(request.query_params, "plan"))
    if plan is None or not plan.sellable:
        return see_other(request, link("/plans", **_kept(request)))
    actor = await ensure_visitor(request)
    seats, is_clamped = _count(request, "seats", deps.catalog.rules.seats.self_serve_max)
    currency = await start.account_currency(deps, actor) or _currency(request, deps)
    choice = _choice(request, deps, plan.key, seats, currency)
    packs, is_packs_clamped = _along(request, deps, choice.deployment)
    choice, is_clamped = replace(choice, packs=packs), is_clamped or is_packs_clamped
    mark = visit_mark(request)
    intent_id = await start.start_intent(deps, actor, choice, promo=_promo(request), flow=LandingFlow.PLANS, mark=mark)
    path = checkout_path(intent_id)
    path = link(path, notice="seats" if is_clamped else "")
    return see_other(request, path if actor.person else link("/login", next=path))


async def buy_packs(request: Request) -> Response:
    """The same for packs; an add-on that does not exist leads to the page of all of them."""
    deps = deps_of(request)
    addon = deps.catalog.addon(one(request.query_params, "addon"))
    if addon is None or HOSTED not in addon.deployments:
        return see_other(request, link("/packs", group=_text(request, "group")))
    actor = await ensure_visitor(request)
    packs, is_clamped = _count(request, "packs", addon.max_packs)
    currency = await start.account_currency(deps, actor) or _currency(request, deps)
    choice = _choice(request, deps, addon.key, packs, currency)
    choice = replace(choice, deployment=HOSTED)
    mark = visit_mark(request)
    intent_id = await start.start_intent(deps, actor, choice, promo=_promo(request), flow=LandingFlow.PACKS, mark=mark)
    path = checkout_path(intent_id)
    path = link(path, notice="seats" if is_clamped else "")
    return see_other(request, path if actor.person else link("/login", next=path))


def _choice(request: Request, deps: Deps, plan: str, seats: int | None, currency: str) -> Choice:
    query = request.query_params
    deployment = _text(request, "deployment")
    deployment = deployment if deployment in DEPLOYMENTS else HOSTED
    group_id = _text(request, "group") if deployment == HOSTED else ""
    return Choice(
        plan=plan,
        deployment=deployment,
        currency=currency,
        group_id=group_id,
        group_given=bool(group_id),
        seats=seats,
        campaign=_text(request, "campaign"),
        origin=_text(request, "from")[:60],
        return_to=allowed_return(one(query, "return_to"), deps.config.return_to),
        utm=utm_of(request),
    )


def _along(request: Request, deps: Deps, deployment: str) -> tuple[int, bool]:
    """Return the packs that go along with the plan, and whether they had to be put right."""
    addon = sold_along(deps.catalog, deployment)
    packs, is_clamped = _count(request, "packs", addon.max_packs, least=0) if addon else (0, False)
    return packs or 0, is_clamped


def utm_of(request: Request) -> str:
    """Return the utm_* fields of a link as JSON, empty when it has none."""
    found = {name: _text(request, name) for name in _UTM if name in request.query_params}
    return json.dumps(found) if found else ""


def _promo(request: Request) -> str:
    return one(request.query_params, "promo").strip()


def _count(request: Request, name: str, most: int, *, least: int = 1) -> tuple[int | None, bool]:
    """Return a number of the link within bounds, and whether it had to be put right; None when it names none."""
    typed = one(request.query_params, name).strip()
    if not typed:
        return None, False
    seats = whole_number(typed)
    if seats is None:
        return None, True
    return min(max(seats, least), most), not least <= seats <= most


def _currency(request: Request, deps: Deps) -> str:
    currency = one(request.query_params, "currency").lower()
    return currency if currency in deps.catalog.currencies else deps.catalog.default_currency


def _text(request: Request, name: str) -> str:
    return (clean_text(one(request.query_params, name)) or "")[:_MOST_TEXT]


def _kept(request: Request) -> dict[str, str]:
    return {name: _text(request, name) for name in ("plan", "deployment", "seats", "currency")}


routes = [
    Route("/buy", buy, methods=["GET"]),
    Route("/buy/packs", buy_packs, methods=["GET"]),
]
