"""The discount at the vendor: made once for a checkout and its terms, and taken back when its day is over."""

from datetime import timedelta

import structlog
from sqlalchemy import Connection

from app.flows.campaigns.decide import Promo
from app.flows.deps import Deps
from app.promotions.decision import Applied
from app.promotions.store import discounts
from app.promotions.store.discounts import PlannedDiscount
from app.promotions.vendor_terms import terms_of
from app.vendor_adapters.errors import VendorError
from app.vendor_adapters.types import DiscountRef

REVOKED_AFTER = timedelta(days=3)  # longer than a checkout and the payment page that it opens live together

_log = structlog.get_logger()


async def make_real(deps: Deps, promo: Promo, vendor_name: str = "") -> tuple[DiscountRef, ...]:
    """Return the vendor's discounts for what applies, in the order in which they are taken off.

    The vendor is called only for what was not made before. Raises the vendor's errors; nothing is claimed here.
    """
    return tuple(
        [await _make_one(deps, promo, applied, vendor_name or deps.selling) for applied in promo.decision.applied]
    )


async def _make_one(deps: Deps, promo: Promo, applied: Applied, vendor: str) -> DiscountRef:
    terms, wall = terms_of(applied, promo.cart, deps.catalog, discount_id=""), deps.clock.wall()

    def plan(connection: Connection) -> PlannedDiscount:
        return discounts.plan_discount(
            connection, terms, subject=promo.subject, offer_id=applied.offer.id, vendor=vendor, wall=wall
        )

    planned = await deps.db.write(plan)
    return planned.ref or await _make(deps, planned)


async def revoke_old(deps: Deps) -> int:
    """Take back the discounts of checkouts that are over, at the vendors that have them; return how many."""
    before = deps.clock.wall() - REVOKED_AFTER
    found = await deps.db.read(lambda connection: discounts.to_revoke(connection, before=before))
    return sum([await _revoke(deps, planned) for planned in found])


async def _make(deps: Deps, planned: PlannedDiscount) -> DiscountRef:
    ref = await deps.vendors[planned.vendor].materialise_discount(planned.terms, key=planned.key)
    await deps.db.write(lambda connection: discounts.keep_ref(connection, planned.discount_id, ref))
    return ref


async def _revoke(deps: Deps, planned: PlannedDiscount) -> bool:
    """Take one back; a failure holds up no other, and the next sweep tries again."""
    if planned.ref is None or planned.vendor not in deps.vendors:
        return False
    try:
        await deps.vendors[planned.vendor].revoke_discount(planned.ref, key=planned.revoke_key)
    except VendorError as error:
        _log.warning("discount not taken back", vendor=planned.vendor, error=type(error).__name__)
        return False
    await deps.db.write(
        lambda connection: discounts.mark_revoked(connection, planned.discount_id, wall=deps.clock.wall())
    )
    return True
