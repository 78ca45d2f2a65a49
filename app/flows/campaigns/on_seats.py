"""More seats with what a buyer asked for: the vendor's quote with the discounts that apply, and the promo field."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from app.flows import journey
from app.flows.campaigns.decide import Promo, decide
from app.flows.campaigns.discounts import make_real
from app.flows.campaigns.facts import Buyer, Ware, change_cart
from app.flows.campaigns.memory import ask_for
from app.flows.change_order import show_change
from app.flows.deps import Deps
from app.flows.own_subscriptions import Owned
from app.identity.actor import Actor, Person
from app.orders.change_quotes import KeptChange, kept_change
from app.promotions.misses import Guesser
from app.promotions.model import LandingFlow, OrderKind
from app.vendor_adapters.capabilities import Capability
from app.vendor_adapters.types import OfferKey, Quote, SalesChannel, SetSeats

_NEEDED = (Capability.DISCOUNTS, Capability.DISCOUNTED_CHANGES)


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedSeats:
    """A quote of more seats that stands on a page, and what came of what was asked for."""

    shown: KeptChange
    promo: Promo | None


async def ask_on_seats(deps: Deps, actor: Actor, subscription_id: str, *, code: str = "", campaign: str = "") -> None:
    """Keep what a link, or the visitor's memory, asks for; the actor may change the subscription."""

    def write(connection: Connection) -> None:
        ask_for(connection, deps, actor, subscription_id, LandingFlow.ADD_SEATS, code=code, campaign=campaign)
        journey.led_to_seats(connection, actor, subscription_id, campaign)

    await deps.db.write(write)


async def price_seats(deps: Deps, person: Person, owned: Owned, add: int, guesser: Guesser) -> PricedSeats:
    """Return what ``add`` more seats cost, with the discounts that apply. Raises the vendor's errors."""
    seats = owned.subscription.seats
    plain = await show_change(deps, owned, SetSeats(base=seats, seats=seats + add))
    if not _takes_discounts(deps, owned):
        return PricedSeats(shown=plain, promo=None)
    promo = await _decided(deps, person, owned, plain.quote, add, guesser, deps.clock.now())
    if promo.applied or promo.rejected:
        await deps.db.write(lambda connection: journey.told_on_seats(connection, deps, owned.subscription, promo))
    if not promo.decision.applied:
        return PricedSeats(shown=plain, promo=promo)
    refs = await make_real(deps, promo, owned.subscription.vendor)
    discounted = SetSeats(base=seats, seats=seats + add, discounts=refs)
    return PricedSeats(shown=await show_change(deps, owned, discounted), promo=promo)


async def as_it_was_shown(
    deps: Deps, person: Person, owned: Owned, *, base: int, add: int, quote_id: str
) -> tuple[SetSeats, Promo | None]:
    """Return the change that the page's button means, decided anew as of when its price was shown.

    An offer that ended since then is honoured; one that is used up or paused is not, and the totals then differ.
    """
    change, subscription_id = SetSeats(base=base, seats=base + add), owned.subscription.subscription_id
    kept = await deps.db.read(lambda connection: kept_change(connection, quote_id, subscription_id))
    if kept is None or not _takes_discounts(deps, owned):
        return change, None
    if kept.quote.expires_at <= deps.clock.now():
        return SetSeats(base=base, seats=base + add, discounts=kept.discounts), None
    guesser, at = Guesser(session="", account=person.person_id), kept.quote.priced_at
    promo = await _decided(deps, person, owned, kept.quote, add, guesser, at)
    refs = await make_real(deps, promo, owned.subscription.vendor)
    return SetSeats(base=base, seats=base + add, discounts=refs), promo


async def _decided(
    deps: Deps, person: Person, owned: Owned, quote: Quote, add: int, guesser: Guesser, at: datetime
) -> Promo:
    subscription = owned.subscription
    ware = Ware(
        item=subscription.plan,
        is_addon=False,
        deployment=subscription.deployment,
        offer=OfferKey(subscription.offer),
        unit_price=subscription.unit_amount,
        currency=subscription.currency,
        is_yearly=True,
    )
    buyer = Buyer(
        person=person,
        account=owned.account,
        group_id=subscription.group_id,
        country=owned.account.country,
        channel=SalesChannel(subscription.channel),
    )
    cart = change_cart(ware, quote, kind=OrderKind.ADD_SEATS, quantity=subscription.seats + add, added=add)
    return await decide(deps, guesser, subject=subscription.subscription_id, cart=cart, buyer=buyer, at=at)


def _takes_discounts(deps: Deps, owned: Owned) -> bool:
    vendor = deps.vendors[owned.subscription.vendor]
    return all(each in vendor.capabilities for each in _NEEDED)
