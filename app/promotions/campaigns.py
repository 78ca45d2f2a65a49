"""Campaigns made ready for ``evaluate``: rules compiled, automatic offers filed under what they can apply to."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

from app.promotions.cart import Cart
from app.promotions.conditions import compiled
from app.promotions.model import AmountOff, Campaign, Offer, Published
from app.promotions.rules import AllOf

ANY = ""


class Reach(NamedTuple):
    """What an automatic offer can apply to; ANY in a field is whatever a cart has there."""

    item: str
    order_kind: str
    currency: str
    deployment: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """A campaign and the predicate of each of its offers, in their order."""

    published: Published
    offers: tuple[tuple[Offer, AllOf], ...]


class Campaigns:
    """Those that may matter to a cart. A campaign that neither is named nor can apply by itself costs nothing.

    Args:
        published: in any order; of two of one slug the later wins.
    """

    def __init__(self, published: Iterable[Published] = ()) -> None:
        self._by_slug = {each.slug: _prepared(each) for each in published}
        self._automatic: dict[Reach, list[Prepared]] = {}
        for prepared in self._by_slug.values():
            for reach in reach_of(prepared.published.campaign):
                self._automatic.setdefault(reach, []).append(prepared)

    def get(self, slug: str) -> Prepared | None:
        """Return a campaign by its slug."""
        return self._by_slug.get(slug)

    def automatic_for(self, cart: Cart) -> tuple[Prepared, ...]:
        """Return the campaigns that may have an automatic offer for ``cart``, by slug."""
        found = {
            prepared.published.slug: prepared
            for line in cart.lines
            for reach in product([line.item], [cart.kind.value, ANY], [cart.currency, ANY], [line.deployment, ANY])
            for prepared in self._automatic.get(Reach(*reach), ())
        }
        return tuple(found[slug] for slug in sorted(found))


def reach_of(campaign: Campaign) -> frozenset[Reach]:
    """Return what a campaign can apply to by itself; empty for one that needs a code or a link."""
    return frozenset(reach for offer in campaign.offers if offer.is_automatic for reach in _reach(offer))


def _prepared(published: Published) -> Prepared:
    return Prepared(published, tuple((offer, compiled(offer)) for offer in published.campaign.offers))


def _reach(offer: Offer) -> Iterator[Reach]:
    items = (*offer.target.plans, *offer.target.addons)
    kinds = [kind.value for kind in offer.rules.order] or [ANY]
    for each in product(items, kinds, _currencies(offer), offer.target.deployments or (ANY,)):
        yield Reach(*each)


def _currencies(offer: Offer) -> tuple[str, ...]:
    if offer.rules.currencies:
        return offer.rules.currencies
    if isinstance(offer.benefit, AmountOff):
        return tuple(money.currency for money in offer.benefit.amounts)
    return (ANY,)
