"""What must hold between offers, and what the configured vendor must be able to carry."""

from app.promotions.combine import MAX_OFFERS, may_stand_together
from app.promotions.files.findings import VENDOR_CANNOT, Path
from app.promotions.files.scope import Scope
from app.promotions.model import Offer, OrderKind
from app.vendor_adapters.capabilities import Capability

_CHANGES = {OrderKind.ADD_SEATS, OrderKind.PLAN_CHANGE}


def check_combining(scope: Scope) -> None:
    """Check that combinations are known and agreed on by both sides, and that the vendor can carry what is promised."""
    offers = list(scope.offers)
    for path, offer in offers:
        _check_agreed(scope, path, offer, [other for _, other in offers])
        _check_vendor(scope, path, offer)
    _check_stacks(scope, offers)


def _check_agreed(scope: Scope, path: Path, offer: Offer, others: list[Offer]) -> None:
    for i, name in enumerate(offer.combines_with):
        place = (*path, "combines_with", i)
        named = [other for other in others if name in (other.id, other.slug) and other.slug != offer.slug]
        if not named:
            reason = f"{name} is no other campaign of this file, nor an offer of one (slug/1)"
            scope.findings.add(place, "unknown-campaign", reason)
        for other in named:
            if not {offer.id, offer.slug} & set(other.combines_with):
                reason = f"{offer.id} combines with {other.id}, and that does not say so of {offer.slug}"
                scope.findings.add(place, "asymmetric-combination", reason)


def _check_vendor(scope: Scope, path: Path, offer: Offer) -> None:
    capabilities = scope.capabilities
    if Capability.DISCOUNTS not in capabilities or capabilities.max_discounts < 1:
        scope.findings.add((*path, "benefit"), VENDOR_CANNOT, "the vendor makes no discounts real")
    if Capability.DISCOUNTED_CHANGES not in capabilities and _CHANGES & set(offer.rules.order):
        reason = "the vendor takes no discount off added seats or a change of plan"
        scope.findings.add((*path, "rules", "order"), VENDOR_CANNOT, reason)
    if offer.periods == 1:
        return
    if not capabilities.discount_periods:
        scope.findings.add((*path, "duration"), VENDOR_CANNOT, "the vendor's discounts are for one term alone")
    if _CHANGES & set(offer.rules.order):
        reason = "a discount on added seats or a change of plan is taken once; renewals are at list price"
        scope.findings.add((*path, "duration"), VENDOR_CANNOT, reason)


def _check_stacks(scope: Scope, offers: list[tuple[Path, Offer]]) -> None:
    """Check the largest set that may stand together against what the vendor and the engine carry."""
    for path, offer in offers:
        friends = [other for _, other in offers if may_stand_together(offer, other)]
        size = 1 + _largest(friends, MAX_OFFERS)
        most = scope.capabilities.max_discounts
        place = (*path, "combines_with")
        if size > most >= 1:
            reason = f"{size} offers could stand together, and the vendor takes {most} at a checkout"
            scope.findings.add(place, VENDOR_CANNOT, reason)
        if size > MAX_OFFERS:
            scope.findings.add(place, "stack-too-deep", f"more than {MAX_OFFERS} offers could stand together")


def _largest(offers: list[Offer], limit: int) -> int:
    """Return how many of ``offers`` can stand together at most, looking no further than ``limit``."""
    largest = 0
    for i, offer in enumerate(offers):
        if largest >= limit:
            break
        rest = [other for other in offers[i + 1 :] if may_stand_together(offer, other)]
        largest = max(largest, 1 + (_largest(rest, limit - 1) if limit > 1 else 0))
    return largest
