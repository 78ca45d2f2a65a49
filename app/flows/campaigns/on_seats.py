"""More seats with what a buyer asked for: the vendor's quote with the discounts that apply, and the promo field."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from app.flows import journey
from app.flows.campaigns.decide import Promo, decide
from app.flows.campaigns.discounts import make_real
from app.flows.campaigns.facts import Buyer, Ware, change_cart
from app.flows.campaigns.memory import ask_for, link_of
from app.flows.change_order import show_change
from app.flows.deps import Deps
from app.flows.on_file import OnFile
from app.flows.own_subscriptions import Owned
from app.identity.actor import Actor, Person
from app.orders.change_quotes import KeptChange, kept_change
from app.promotions.cart import Cart
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
        link_id = link_of(connection, deps, actor, campaign)
        journey.led_to_seats(connection, actor, subscription_id, campaign=campaign, link_id=link_id)

    await deps.db.write(write)


async def price_seats(
    deps: Deps, person: Person, owned: Owned, add: int, guesser: Guesser, on_file: OnFile
) -> PricedSeats:
    """Return what ``add`` more seats cost, with the discounts that apply. Raises the vendor's errors."""
    seats = owned.subscription.seats
    plain = await show_change(deps, owned, SetSeats(base=seats, seats=seats + add))
    if not _takes_discounts(deps, owned):
        return PricedSeats(shown=plain, promo=None)
    cart = _cart(owned, plain.quote, add)
    promo = await _decide(deps, owned, cart, _buyer(person, owned, on_file), guesser, deps.clock.now())
    if promo.applied or promo.rejected:
        await deps.db.write(lambda connection: journey.told_on_seats(connection, deps, owned.subscription, promo))
    if not promo.decision.applied:
        return PricedSeats(shown=plain, promo=promo)
    refs = await make_real(deps, promo, owned.subscription.vendor)
    discounted = SetSeats(base=seats, seats=seats + add, discounts=refs)
    return PricedSeats(shown=await show_change(deps, owned, discounted), promo=promo)


async def as_it_was_shown(
    deps: Deps, person: Person, owned: Owned, change: SetSeats, *, quote_id: str, on_file: OnFile
) -> tuple[SetSeats, Promo | None]:
    """Return the change that the page's button means, decided anew as of when its price was shown.

    An offer that ended since then is honoured; one that is used up or paused is not, and the totals then differ.
    """
    subscription_id = owned.subscription.subscription_id
    kept = await deps.db.read(lambda connection: kept_change(connection, quote_id, subscription_id))
    if kept is None or not _takes_discounts(deps, owned):
        return change, None
    if kept.quote.expires_at <= deps.clock.now():
        return replace(change, discounts=kept.discounts), None
    guesser, cart = Guesser(session="", account=person.person_id), _cart(owned, kept.quote, change.seats - change.base)
    promo = await _decide(deps, owned, cart, _buyer(person, owned, on_file), guesser, kept.quote.priced_at)
    refs = await make_real(deps, promo, owned.subscription.vendor)
    return replace(change, discounts=refs), promo


async def _decide(deps: Deps, owned: Owned, cart: Cart, buyer: Buyer, guesser: Guesser, at: datetime) -> Promo:
    return await decide(deps, guesser, subject=owned.subscription.subscription_id, cart=cart, buyer=buyer, at=at)


def _cart(owned: Owned, quote: Quote, add: int) -> Cart:
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
    return change_cart(ware, quote, kind=OrderKind.ADD_SEATS, quantity=subscription.seats + add, added=add)


def _buyer(person: Person, owned: Owned, on_file: OnFile) -> Buyer:
    return Buyer(
        person=person,
        account=owned.account,
        group_id=owned.subscription.group_id,
        country=owned.account.country,
        channel=SalesChannel(owned.subscription.channel),
        on_file=on_file,
    )


def _takes_discounts(deps: Deps, owned: Owned) -> bool:
    vendor = deps.vendors[owned.subscription.vendor]
    return all(each in vendor.capabilities for each in _NEEDED)
