"""Short texts for people that several pages and mails share; amounts and dates in words come from ``formats``."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from app import formats
from app.catalog.model import Catalog
from app.config import Config
from app.core.money import Money
from app.core.problems import Problem, ProblemId, problem
from app.orders.kinds import ADD_SEATS, OF_PACKS, PLAN_CHANGE, RENEWAL
from app.orders.packing import unpack
from app.orders.store import Order
from app.vendor_adapters.types import DeclineReason, Fidelity, Line, LineKind, Quote, Renew, SetSeats

_MINUTES, _GIB = "compute_minutes", "storage_gib"  # as the catalog names what an add-on grants
_ACTS = {RENEWAL: "Renewal of", PLAN_CHANGE: "Change to"}
_DEPLOYMENTS = {"hosted": "hosted", "self_hosted": "self-hosted"}


def plan_name(catalog: Catalog, key: str) -> str:
    """Return a plan's or an add-on's name, the key itself when the catalog has dropped it."""
    plan = catalog.plan(key)
    if plan:
        return plan.name
    addon = catalog.addon(key)
    return addon.name if addon else key


def deployment_name(deployment: str) -> str:
    """Return the word for where the product runs."""
    return _DEPLOYMENTS.get(deployment, deployment)


def seats(count: int) -> str:
    """Return ``1 seat`` or ``10 seats``."""
    return f"{formats.number(count)} seat{'' if count == 1 else 's'}"


def more_seats(count: int) -> str:
    """Return ``1 more seat`` or ``3 more seats``."""
    return f"{formats.number(count)} more seat{'' if count == 1 else 's'}"


def due(quoted: Quote) -> str:
    """Return what is due now, such as ``305.18 USD``; with "about" where the vendor may charge something else."""
    amount = formats.money(quoted.due_now)
    return f"about {amount}" if quoted.fidelity is Fidelity.ESTIMATED else amount


def bought(catalog: Catalog, order: Order) -> str:
    """Return what an order is for, such as ``Team, hosted, 10 seats, for acme``."""
    if order.kind in OF_PACKS:
        return f"{pack_gain(catalog, order.plan, order.seats)} for {order.group_name or order.group_id}"
    if order.kind == ADD_SEATS:
        change = unpack(SetSeats, order.request)
        more = f"{more_seats(change.seats - change.base)} of {plan_name(catalog, order.plan)}"
        return f"{more}, for {order.group_name or order.group_id}" if order.group_id else more
    text = f"{plan_name(catalog, order.plan)}, {deployment_name(order.deployment)}, {seats(order.seats)}"
    if order.kind in _ACTS:
        text = f"{_ACTS[order.kind]} {text}"
    if order.kind == RENEWAL:
        held = packs_held(catalog, [(item.offer, item.quantity) for item in unpack(Renew, order.request).packs])
        text += f", {held}" if held else ""
    if order.packs:
        text += f" and {pack_gain(catalog, order.packs_addon, order.packs)}"
    return f"{text}, for {order.group_name or order.group_id}" if order.group_id else text


def minutes_of(catalog: Catalog, order: Order) -> int:
    """Return the compute minutes that an order's packs give."""
    addon, packs = order.bought_packs
    return _granted_by(catalog, addon, _MINUTES) * packs


def pack_gain(catalog: Catalog, addon: str, packs: int) -> str:
    """Return what so many packs give, such as ``2,000 compute minutes`` or ``20 GiB of storage``."""
    minutes, gib = _granted_by(catalog, addon, _MINUTES), _granted_by(catalog, addon, _GIB)
    if minutes:
        return f"{formats.number(minutes * packs)} compute minutes"
    if gib:
        return f"{formats.number(gib * packs)} GiB of storage"
    return f"{formats.number(packs)} × {plan_name(catalog, addon)}"


def packs_held(catalog: Catalog, packs: Sequence[tuple[str, int]]) -> str:
    """Return what (offer, quantity) pairs of add-ons give in all, such as ``30 GiB of storage``; empty without any."""
    items = {row.id: row.item for row in catalog.prices}
    return " and ".join(pack_gain(catalog, items.get(offer, offer), held) for offer, held in packs)


def line_text(catalog: Catalog, line: Line) -> str:
    """Return what a line of a quote or an invoice is for, such as ``Team, 10 × 348.00 USD``."""
    if line.kind is LineKind.DISCOUNT:
        return "Discount"
    row = next((row for row in catalog.prices if row.id == line.offer), None)
    name = plan_name(catalog, row.item) if row else str(line.offer)
    text = f"{name}, {formats.number(line.quantity)} × {formats.money(line.unit_price)}"
    if line.kind is LineKind.CHARGE and line.starts_at and line.ends_at:
        # only the rest of a term is charged: without its days the sum would look wrong
        text += f", {formats.counted((line.ends_at - line.starts_at).days, 'day')} until {formats.date(line.ends_at)}"
    return f"Unused time: {text}" if line.kind is LineKind.CREDIT else text


def renewal(at: datetime, amount: Money) -> str:
    """Return ``Renews on 1 March 2027 at 3,788.85 USD``."""
    return f"Renews on {formats.date(at)} at {formats.money(amount)}"


def instant(at: datetime) -> str:
    """Return when something was so, such as ``23 November 2026, 12:00 UTC``."""
    return f"{formats.date(at)}, {at:%H:%M} UTC"


def order_path(order_id: str) -> str:
    """Return an order's path."""
    return f"/orders/{order_id}"


def return_path(order_id: str) -> str:
    """Return the path that hears that a buyer went back to the product."""
    return f"{order_path(order_id)}/return"


def subscription_path(subscription_id: str) -> str:
    """Return a subscription's path."""
    return f"/subscriptions/{subscription_id}"


def seats_path(subscription_id: str, add: int) -> str:
    """Return the page that adds so many seats."""
    return f"/buy/seats?{urlencode({'subscription': subscription_id, 'add': add})}"


def packs_path(addon: str, group_id: str, packs: int) -> str:
    """Return the page that buys so many packs for a group."""
    return f"/buy/packs?{urlencode({'addon': addon, 'group': group_id, 'packs': packs})}"


def usage_path(group_id: str) -> str:
    """Return the page of what a group uses."""
    return f"/groups/{quote(group_id, safe='')}/usage"


def checkout_path(intent_id: str) -> str:
    """Return a checkout's path."""
    return f"/checkouts/{intent_id}"


def email_path(next_path: str) -> str:
    """Return the page where somebody confirms their address, which leads on to ``next_path``."""
    return f"/account/email?{urlencode({'next': next_path})}"


def again_path(order: Order) -> str:
    """Return the page where an order that came to nothing can be tried again."""
    if order.is_change:
        return order_path(order.order_id)  # which knows the subscription, and so the way to its page
    return checkout_path(order.intent_id) if order.intent_id else "/plans"


def anew_path(order: Order) -> str:
    """Return the link that fills a checkout with what a first order or one of packs was for."""
    shared = {"group": order.group_id, "currency": order.currency, "return_to": order.return_to}
    if order.kind in OF_PACKS:
        path, wanted = "/buy/packs", {"addon": order.plan, "packs": str(order.seats)}
    else:
        path = "/buy"
        wanted = {"plan": order.plan, "deployment": order.deployment, "seats": str(order.seats)}
        wanted |= {"packs": str(order.packs)} if order.packs else {}
    return f"{path}?{urlencode({key: value for key, value in (wanted | shared).items() if value})}"


def checkout_url(config: Config, intent_id: str) -> str:
    """Return a checkout's address for the vendor's way back."""
    return f"{config.base_url}{checkout_path(intent_id)}"


def order_url(config: Config, order_id: str) -> str:
    """Return an order's address for mails and for the vendor, built from the configured address alone."""
    return f"{config.base_url}{order_path(order_id)}"


def with_outcome(return_to: str, **outcome: str) -> str:
    """Return the product's address with what became of the order in its query; the product must not trust it."""
    parts = urlsplit(return_to)
    query = "&".join(part for part in (parts.query, urlencode(outcome)) if part)
    return urlunsplit(parts._replace(query=query))


def decline_problem(reason: str) -> Problem:
    """Return the text for a refused payment."""
    return problem(_DECLINES[DeclineReason(reason)])


def _granted_by(catalog: Catalog, key: str, what: str) -> int:
    addon = catalog.addon(key)
    return dict(addon.grants).get(what, 0) if addon else 0


_DECLINES = {
    DeclineReason.DECLINED: ProblemId.E_CARD_DECLINED,
    DeclineReason.FUNDS: ProblemId.E_CARD_FUNDS,
    DeclineReason.EXPIRED: ProblemId.E_CARD_EXPIRED,
    DeclineReason.CVC: ProblemId.E_CARD_CVC,
    DeclineReason.ADDRESS: ProblemId.E_CARD_ADDRESS,
    DeclineReason.TYPE: ProblemId.E_CARD_TYPE,
    DeclineReason.LIMIT: ProblemId.E_CARD_LIMIT,
    DeclineReason.AUTH: ProblemId.E_CARD_AUTH,
}
