"""What must hold of each offer: that the catalog knows what it speaks of, that it pays, and that it can be reached."""

from app.catalog.countries import countries
from app.promotions.files.findings import Path
from app.promotions.files.scope import Scope
from app.promotions.files.shadows import shadows
from app.promotions.model import WITHOUT_OFFERS, AmountOff, Campaign, Growth, Offer, OrderKind, Percent, Rules
from app.promotions.shares import BASIS_POINTS

_ON_PLANS = {OrderKind.ADD_SEATS, OrderKind.PLAN_CHANGE}


def check_offers(scope: Scope) -> None:
    """Check targets, benefits, rules and whether some cart can ever get each offer."""
    for path, offer in scope.offers:
        _check_target(scope, path, offer)
        _check_benefit(scope, path, offer)
        _check_rules(scope, (*path, "rules"), offer.rules)
        reason = _why_unreachable(scope, offer)
        if reason:
            scope.findings.add(path, "unreachable-offer", reason)
        else:
            _warn_of_kinds(scope, (*path, "rules"), offer.rules)
    for i, campaign in scope.campaigns:
        _check_order_of_offers(scope, ("campaign", i), campaign)


def _check_target(scope: Scope, path: Path, offer: Offer) -> None:
    target, place = offer.target, (*path, "target")
    if not target.plans and not target.addons:
        scope.findings.add(place, "missing-key", "an offer needs plans or addons that it is for")
    for i, key in enumerate(target.plans):
        if scope.catalog.plan(key) is None:
            scope.findings.add((*place, "plans", i), "unknown-plan", f"the catalog has no plan {key}")
    for i, key in enumerate(target.addons):
        if scope.catalog.addon(key) is None:
            scope.findings.add((*place, "addons", i), "unknown-addon", f"the catalog has no add-on {key}")
    for i, key in enumerate(target.deployments):
        if key not in scope.deployments:
            reason = f"{key} is none of {', '.join(sorted(scope.deployments))}"
            scope.findings.add((*place, "deployments", i), "unknown-deployment", reason)


def _check_benefit(scope: Scope, path: Path, offer: Offer) -> None:
    benefit, place = offer.benefit, (*path, "benefit")
    if isinstance(benefit, Percent) and not 1 <= benefit.percent_bp <= BASIS_POINTS:
        reason = f"percent_bp is {benefit.percent_bp}; it must be from 1 to {BASIS_POINTS} (100%)"
        scope.findings.add((*place, "percent_bp"), "percent-range", reason)
    if isinstance(benefit, AmountOff):
        _check_amounts(scope, (*place, "amount"), offer, {money.currency for money in benefit.amounts})
    if offer.rules.min_subtotal:
        given = {money.currency for money in offer.rules.min_subtotal}
        _check_amounts(scope, (*path, "rules", "min_subtotal"), offer, given)
    if isinstance(benefit, Percent) and offer.periods != 1 and offer.on_more_seats.growth is not Growth.EXTEND:
        reason = 'later terms are less by the sum that the first one was, with fewer seats too; "extend" keeps a share'
        scope.findings.warn((*path, "duration"), "lasting-sum", reason)
    if offer.on_more_seats.growth is not Growth.KEEP_AMOUNT and not isinstance(benefit, Percent):
        reason = f"{offer.on_more_seats.growth.value} is for percent_bp; an amount and free units keep what they are"
        scope.findings.add((*path, "on_more_seats"), "bad-value", reason)


def _check_amounts(scope: Scope, path: Path, offer: Offer, given: set[str]) -> None:
    for currency in sorted(given - set(scope.catalog.currencies)):
        scope.findings.add((*path, currency), "unknown-currency", f"nothing is sold in {currency}")
    for currency in scope.currencies_of(offer):
        if currency not in given:
            reason = f"there is no amount in {currency}, which the store sells in; add it, or limit rules.currencies"
            scope.findings.add(path, "amount-missing-currency", reason)


def _check_rules(scope: Scope, path: Path, rules: Rules) -> None:
    for i, currency in enumerate(rules.currencies):
        if currency not in scope.catalog.currencies:
            reason = f"nothing is sold in {currency}"
            scope.findings.add((*path, "currencies", i), "unknown-currency", reason)
    known = dict(countries())
    for i, country in enumerate(rules.countries):
        if country not in known:
            reason = f"{country} is no country; codes have two capital letters, such as DE"
            scope.findings.add((*path, "countries", i), "unknown-country", reason)
    for i, domain in enumerate(rules.mail_domains):
        if "@" in domain or "." not in domain.strip("."):
            scope.findings.add((*path, "mail_domains", i), "bad-value", f"{domain} is no domain, such as example.com")
    for i, each in enumerate(rules.any_of):
        _check_rules(scope, (*path, "any", i), each)
    if rules.none_of is not None:
        _check_rules(scope, (*path, "not"), rules.none_of)


def _why_unreachable(scope: Scope, offer: Offer) -> str:
    """Return why no cart can ever have the offer, empty when one can or its target is at fault already."""
    target, rules = offer.target, offer.rules
    unknown = [key for key in target.plans if scope.catalog.plan(key) is None]
    unknown += [key for key in target.addons if scope.catalog.addon(key) is None]
    if unknown or not (target.plans or target.addons):
        return ""
    if not scope.rows_of(offer):
        return "nothing that it is for is sold"
    if not scope.currencies_of(offer):
        return "what it is for is not sold in its currencies"
    return _contradiction(scope, offer) or _wrong_kind(offer, rules)


def _contradiction(scope: Scope, offer: Offer) -> str:
    rules, most = offer.rules, scope.catalog.rules.seats.self_serve_max
    least = max(rules.min_seats or 0, rules.min_added_seats or 0)
    if least > most:
        return f"it needs {least} seats, and {most} can be bought"
    if rules.max_seats is not None and least > rules.max_seats:
        return f"it needs at least {least} and at most {rules.max_seats} seats"
    packs = [addon.max_packs for key in offer.target.addons if (addon := scope.catalog.addon(key))]
    if rules.min_packs and rules.min_packs > sum(packs):
        return f"it needs {rules.min_packs} packs, and {sum(packs)} can be bought"
    return ""


def _wrong_kind(offer: Offer, rules: Rules) -> str:
    kinds = _kinds(rules)
    if not kinds:
        return "no order is of all the kinds that it is for"
    if not offer.target.addons and kinds == {OrderKind.ADDON}:
        return "its orders buy add-ons, and it is for plans"
    if kinds <= WITHOUT_OFFERS:
        return "a change of plan and a renewal take no offers"
    if not offer.target.plans and kinds <= _ON_PLANS:
        return "its orders change plans and seats, and it is for add-ons"
    return ""


def _kinds(rules: Rules) -> set[OrderKind]:
    """Return the kinds of order that rules let through."""
    own = set(rules.order or OrderKind)
    return own & set().union(*map(_kinds, rules.any_of)) if rules.any_of else own


def _warn_of_kinds(scope: Scope, path: Path, rules: Rules) -> None:
    """Tell of kinds of order that are named beside others, or for one of several sets of rules, and take no offers."""
    for kind in sorted(WITHOUT_OFFERS & set(rules.order), key=lambda kind: kind.value):
        reason = f"no offer is looked for at a {kind.value}: naming it does nothing"
        scope.findings.warn((*path, "order"), "takes-no-offers", reason)
    for i, each in enumerate(rules.any_of):
        _warn_of_kinds(scope, (*path, "any", i), each)


def _check_order_of_offers(scope: Scope, path: Path, campaign: Campaign) -> None:
    """The first offer that passes wins: one whose conditions all imply an earlier one's never does."""
    for j, later in enumerate(campaign.offers):
        hidden_by = next((i for i, earlier in enumerate(campaign.offers[:j]) if shadows(earlier, later)), None)
        if hidden_by is not None:
            line = scope.findings.line_of((*path, "offer", hidden_by))
            reason = f"the offer on line {line} passes whenever this one does, and comes first"
            scope.findings.add((*path, "offer", j), "unreachable-offer", reason)
