"""The engine's answers in words: refusals as problems with their id, ways out, and what an offer does."""

from app import formats
from app.catalog.model import Catalog
from app.core.money import Money
from app.core.problems import Problem, ProblemId, problem
from app.promotions.answers import Need, Reason, Remedy, RemedyKind
from app.promotions.cart import Cart, Source
from app.promotions.decision import Applied, Rejected, Waiting
from app.promotions.model import AmountOff, FreeUnits, Offer, OrderKind, Percent
from app.promotions.shares import amount_in

FIELD = "code"
_OTHERS = "other orders"
_BASIS_POINT_PPM = 100
_IDS = {
    Reason.MALFORMED: ProblemId.E_PROMO_UNKNOWN,
    Reason.UNKNOWN: ProblemId.E_PROMO_UNKNOWN,
    Reason.NOT_STARTED: ProblemId.E_PROMO_SOON,
    Reason.ENDED: ProblemId.E_PROMO_ENDED,
    Reason.PAUSED: ProblemId.E_PROMO_PAUSED,
    Reason.ORDER_KIND: ProblemId.E_PROMO_KIND,
    Reason.ITEM: ProblemId.E_PROMO_PLAN,
    Reason.CURRENCY: ProblemId.E_PROMO_CUR,
    Reason.COUNTRY: ProblemId.E_PROMO_COUNTRY,
    Reason.ACCOUNT: ProblemId.E_PROMO_ACCOUNT,
    Reason.BELOW_MINIMUM: ProblemId.E_PROMO_MIN,
    Reason.ABOVE_MAXIMUM: ProblemId.E_PROMO_MAX,
    Reason.NOT_NEW: ProblemId.E_PROMO_NEW,
    Reason.NOT_EXISTING: ProblemId.E_PROMO_EXISTING,
    Reason.NOT_LAPSED: ProblemId.E_PROMO_KIND,
    Reason.USED: ProblemId.E_PROMO_USED,
    Reason.EXHAUSTED: ProblemId.E_PROMO_OUT,
    Reason.NO_EFFECT: ProblemId.E_PROMO_NOEFFECT,
    Reason.NOT_COMBINED: ProblemId.E_PROMO_NOEFFECT,
}


def refusal(rejected: Rejected, catalog: Catalog) -> Problem:
    """Return the one text for a refusal. A secret code always answers as if there were no such code."""
    if rejected.ref.is_secret:
        return problem(ProblemId.E_PROMO_UNKNOWN, FIELD)
    if rejected.reason is Reason.UNKNOWN and rejected.ref.source is Source.LINK:
        return Problem(ProblemId.E_PROMO_UNKNOWN, "This link does not work any more.", FIELD)
    remedy = rejected.remedy
    words = {
        "code": rejected.ref.label,
        "what": _what_for(rejected, catalog),
        "most": formats.counted(remedy.limit, "seat") if remedy else "",
        "date": formats.date(remedy.at) if remedy and remedy.at else "",
    }
    is_unbounded = rejected.reason is Reason.ABOVE_MAXIMUM and remedy is None
    return problem(ProblemId.E_PROMO_KIND if is_unbounded else _IDS[rejected.reason], FIELD, **words)


def way_out(rejected: Rejected, catalog: Catalog) -> str:
    """Return what the buyer can do, such as "applies from 10 seats: add 3"; empty when it is to remove the code."""
    remedy = rejected.remedy
    if remedy is None or rejected.ref.is_secret:
        return ""
    match remedy.kind:
        case RemedyKind.ADD_SEATS:
            return f"applies from {formats.counted(remedy.limit, 'seat')}: add {formats.number(remedy.count)}"
        case RemedyKind.ADD_MORE_SEATS:
            added = formats.counted(remedy.limit, "added seat")
            return f"applies from {added}: add {formats.number(remedy.count)} more"
        case RemedyKind.ADD_PACKS:
            return f"applies from {formats.counted(remedy.limit, 'pack')}: add {formats.number(remedy.count)}"
        case RemedyKind.FEWER_SEATS:
            return f"applies up to {formats.counted(remedy.limit, 'seat')}: take {formats.number(remedy.count)} fewer"
        case RemedyKind.SPEND_MORE:
            return f"applies when you spend {formats.money(remedy.amount)} more" if remedy.amount else ""
        case RemedyKind.CHOOSE_ITEM:
            return f"choose {_or(_names(remedy.names, catalog))}"
        case RemedyKind.CHOOSE_DEPLOYMENT:
            return f"choose {_or([_deployment(name) for name in remedy.names])}"
        case RemedyKind.REMOVE_OTHER:
            return f"remove {_or(list(remedy.names))} to use it instead" if remedy.names else ""
        case RemedyKind.WAIT:
            return f"come back on {formats.date(remedy.at)}" if remedy.at else ""
        case RemedyKind.CHOOSE_CURRENCY | RemedyKind.CHOOSE_ORDER | RemedyKind.TOO_LATE:
            return ""


def headline(applied: Applied, cart: Cart) -> str:
    """Return what an applied offer does, such as "LAUNCH20 applies: 20% off the first year"."""
    return f"{applied.ref.label} applies: {benefit(applied.offer, cart)}"


def benefit(offer: Offer, cart: Cart) -> str:
    """Return what an offer takes off and for how long, such as "20% off the first year"."""
    match offer.benefit:
        case Percent(percent_bp=percent_bp):
            off = f"{formats.percent(percent_bp * _BASIS_POINT_PPM).replace(' ', '')} off"
        case AmountOff():
            off = f"{formats.money(Money(amount_in(offer.benefit, cart.currency) or 0, cart.currency))} off"
        case FreeUnits(free_units=units):
            noun = "pack" if all(line.is_addon for line in cart.lines) else "seat"
            off = f"{formats.counted(units, noun)} free"
    return f"{off}{_how_long(offer, cart)}"


def waiting(pending: Waiting) -> str:
    """Return what must be known before it can be said whether something applies."""
    words = {Need.SIGN_IN: "you have signed in", Need.COUNTRY: "you have given your country"}
    return f"{pending.ref.label} is checked when {' and '.join(words[need] for need in pending.needs)}"


def busy() -> Problem:
    """Return what is said when a lock could not be had in time."""
    return problem(ProblemId.E_PROMO_BUSY, FIELD)


def too_many(seconds: int) -> Problem:
    """Return what is said while the buckets are full."""
    return problem(ProblemId.E_PROMO_RATE, FIELD, minutes=formats.number(max(1, -(-seconds // 60))))


def _what_for(rejected: Rejected, catalog: Catalog) -> str:
    # a rule that must not hold has no remedy, and cannot say what it is for
    return _named(rejected, catalog) or _OTHERS


def _named(rejected: Rejected, catalog: Catalog) -> str:
    offer, remedy = rejected.offer, rejected.remedy
    if rejected.reason is Reason.NOT_LAPSED:
        return "customers who come back"
    if offer is None:
        return ""
    match rejected.reason:
        case Reason.ORDER_KIND if remedy:
            return _or([_order(OrderKind(name), offer, catalog) for name in remedy.names])
        case Reason.ITEM:
            return _target(offer, catalog)
        case Reason.CURRENCY:
            return f"orders in {_or([name.upper() for name in remedy.names])}" if remedy else ""
        case Reason.BELOW_MINIMUM:
            return _minimum(remedy) if remedy else ""
        case _:
            return ""


def _minimum(remedy: Remedy) -> str:
    match remedy.kind:
        case RemedyKind.ADD_MORE_SEATS:
            return f"orders that add {formats.counted(remedy.limit, 'seat')} or more"
        case RemedyKind.ADD_PACKS:
            return f"{formats.counted(remedy.limit, 'pack')} or more"
        case RemedyKind.SPEND_MORE if remedy.amount:
            return f"orders of {formats.money(Money(remedy.limit, remedy.amount.currency))} or more"
        case _:
            return f"{formats.counted(remedy.limit, 'seat')} or more"


def _target(offer: Offer, catalog: Catalog) -> str:
    named = _or(_names((*offer.target.plans, *offer.target.addons), catalog))
    where = _or([_deployment(name) for name in offer.target.deployments])
    return f"{named}, {where}" if len(offer.target.deployments) == 1 else named


def _order(kind: OrderKind, offer: Offer, catalog: Catalog) -> str:
    named = _or(_names(offer.target.plans or offer.target.addons, catalog))
    return {
        OrderKind.FIRST_ORDER: f"a new {named} subscription",
        OrderKind.ADD_SEATS: f"more seats of {named}",
        OrderKind.ADDON: f"packs of {_or(_names(offer.target.addons, catalog))}",
        OrderKind.PLAN_CHANGE: f"a change to {named}",
        OrderKind.RENEWAL: f"a renewal of {named}",
    }[kind]


def _how_long(offer: Offer, cart: Cart) -> str:
    goes_on = any(line.renews_at is not None for line in cart.lines)
    if not goes_on or cart.kind in (OrderKind.ADD_SEATS, OrderKind.PLAN_CHANGE):
        return ""
    if offer.periods is None:
        return " every year"
    return " the first year" if offer.periods == 1 else f" the first {offer.periods} years"


def _names(keys: tuple[str, ...], catalog: Catalog) -> list[str]:
    known = {plan.key: plan.name for plan in catalog.plans} | {addon.key: addon.name for addon in catalog.addons}
    return [known.get(key, key) for key in keys]


def _deployment(name: str) -> str:
    return name.replace("_", "-")


def _or(names: list[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else "".join(names)
