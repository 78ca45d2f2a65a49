"""A checkout's price with what its buyer asked for: decided, made real at the vendor, and quoted by the vendor."""

from dataclasses import replace
from datetime import datetime

import structlog

from app.core.money import Money
from app.events.funnel import Step
from app.flows import journey
from app.flows.campaigns.decide import Promo, decide
from app.flows.campaigns.discounts import make_real
from app.flows.campaigns.facts import Buyer, Ware, change_cart, gross_of, purchase_cart
from app.flows.deps import Deps
from app.flows.offers_store import find_kept
from app.flows.quoting import Priced, price
from app.identity.accounts import BillingAccount
from app.orders.intents import Details, Intent
from app.promotions.cart import Cart
from app.promotions.misses import Guesser
from app.promotions.model import OrderKind
from app.subscriptions.store import Subscription
from app.vendor_adapters.capabilities import Capability
from app.vendor_adapters.types import Interval, OfferKey, PurchaseItem

_log = structlog.get_logger()
_TRIES = 2  # a second time where the vendor's price is another one than was kept


async def price_with_promotions(
    deps: Deps,
    intent: Intent,
    buyer: Buyer,
    guesser: Guesser,
    *,
    items: tuple[PurchaseItem, ...],
    details: Details,
    account: BillingAccount | None,
    coterm: Subscription | None,
    at: datetime,
    reached: Step,
) -> tuple[Priced, Promo | None]:
    """Return the vendor's quote with the discounts that apply, and what applies and does not.

    One call to the vendor, one more for each discount that was never asked for here, and for packs that end with a
    plan one more to know what they cost before a discount. Raises the vendor's errors.

    Args:
        items: what is bought, a plan before the packs that go along with it. at: business time at which is decided; of
            an order, when its price was shown. reached: how far the page is that shows the price, for the funnel.
    """

    async def quoted(promo: Promo | None) -> Priced:
        return await price(
            deps,
            intent,
            items=items,
            details=details,
            account=account,
            group_id=buyer.group_id,
            coterm=coterm,
            discounts=await make_real(deps, promo) if promo else (),
            tell=lambda connection: journey.priced(connection, deps, intent.intent_id, reached, promo),
        )

    async def decided(cart: Cart) -> Promo:
        return await decide(deps, guesser, subject=intent.intent_id, cart=cart, buyer=buyer, at=at)

    if not _takes_discounts(deps, coterm):
        return await quoted(None), None
    wares = [(await _ware(deps, intent, item.offer), item.quantity) for item in items]
    if coterm is not None:
        plain = await quoted(None)
        kind, (ware, added) = OrderKind.ADDON, wares[0]
        promo = await decided(change_cart(ware, plain.quote, kind=kind, quantity=added, added=added))
        return (await quoted(promo) if promo.decision.applied else plain), promo
    for _ in range(_TRIES):
        promo = await decided(purchase_cart(wares, at))
        priced = await quoted(promo)
        if gross_of(priced.quote.lines) == promo.cart.subtotal:
            break
        wares = [(_repriced(ware, priced), quantity) for ware, quantity in wares]
    _compare(priced, promo)
    return priced, promo


def _compare(priced: Priced, promo: Promo) -> None:
    """The vendor's figure is what is shown and paid; one that is not the engine's is somebody's fault."""
    decided, taken_off = promo.decision.totals.discount, priced.quote.discount.minor
    if decided != taken_off:
        _log.warning("discount differs", intent_id=promo.subject, decided=decided, vendor=taken_off)


def _takes_discounts(deps: Deps, coterm: Subscription | None) -> bool:
    needed = {Capability.DISCOUNTS} | ({Capability.DISCOUNTED_CHANGES} if coterm else set())
    return all(each in deps.vendor.capabilities for each in needed)


async def _ware(deps: Deps, intent: Intent, offer: OfferKey) -> Ware:
    """Return what is bought at the price that the vendor was last known to ask; no call is made for it."""
    choice = intent.choice
    kept = await deps.db.read(lambda connection: find_kept(connection, deps.selling))
    held = next((each for each in kept.offers if each.key == offer), None)
    row = next(row for row in deps.catalog.prices if row.id == offer)
    unit = held.unit_price if held else Money(row.amount, row.currency)
    return Ware(
        item=row.item,
        is_addon=deps.catalog.addon(row.item) is not None,
        deployment=choice.deployment,
        offer=offer,
        unit_price=unit.minor,
        currency=choice.currency,
        is_yearly=Interval(row.interval) is Interval.YEAR,
    )


def _repriced(ware: Ware, priced: Priced) -> Ware:
    unit = next((line.unit_price.minor for line in priced.quote.lines if line.offer == ware.offer), ware.unit_price)
    return replace(ware, unit_price=unit)
