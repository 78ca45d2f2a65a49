"""``GET /packs``: what can be bought beside a plan, for any group."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.catalog.model import Addon
from app.core.money import Money
from app.flows import start, wording
from app.flows.deps import Deps
from app.flows.offers import OffersView, current_offers
from app.flows.usage.page import alerts_of_group
from app.routes.alert_lines import alert_lines
from app.web.deps import deps_of
from app.web.forms import clean_text, one
from app.web.render import AlertLine, link, page
from app.web.session import current_actor

_HOSTED = "hosted"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackCard:
    """One add-on; ``price`` is None while it cannot be bought."""

    name: str
    gives: str
    price: Money | None
    per: str
    notes: tuple[str, ...]
    buy_path: str
    button: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PacksPage:
    """The page of all packs; ``group_name`` is that of the group it was opened for."""

    cards: tuple[PackCard, ...]
    group_name: str
    usage_path: str
    sales_path: str
    vendor_ok: bool
    alerts: tuple[AlertLine, ...]


async def show(request: Request) -> Response:
    """Every pack with its price; without the vendor the last good prices stand and nothing can be bought."""
    deps = deps_of(request)
    offers = await current_offers(deps)
    currency = await start.account_currency(deps, current_actor(request)) or deps.catalog.default_currency
    group_id = (clean_text(one(request.query_params, "group")) or "")[:200]
    cards = tuple(_card(deps, addon, offers, currency, group_id) for addon in deps.catalog.addons)
    name, alerts = await alerts_of_group(deps, current_actor(request).person, group_id)
    view = PacksPage(
        cards=cards,
        group_name=name,
        usage_path=wording.usage_path(group_id) if group_id else "",
        sales_path=link("/sales", next=link("/packs", group=group_id)),
        vendor_ok=offers.vendor_ok,
        alerts=alert_lines(request, alerts),
    )
    return page(request, "packs.html", view)


def _card(deps: Deps, addon: Addon, offers: OffersView, currency: str, group_id: str) -> PackCard:
    return PackCard(
        name=addon.name,
        gives=wording.pack_gain(deps.catalog, addon.key, 1),
        price=offers.price(deps, plan=addon.key, deployment=_HOSTED, currency=currency),
        per="a year and pack" if addon.is_recurring else "a pack, once",
        notes=_RENEWING if addon.is_recurring else _LASTING,
        buy_path=link("/buy/packs", addon=addon.key, group=group_id),
        button="Buy storage" if addon.is_recurring else "Buy compute minutes",
    )


_LASTING = (
    "Used when the minutes of the month are used up.",
    "Good for 12 months, with any plan and without one.",
)
_RENEWING = (
    "For any group, with a plan or without one.",
    "Ends and renews with the group's plan, so that the first term costs only the days that are left of it.",
)

routes = [Route("/packs", show, methods=["GET"])]
