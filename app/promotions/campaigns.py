"""Campaigns made ready for ``evaluate``: rules compiled, automatic offers filed under what they can apply to."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

from app.promotions.cart import Cart
from app.promotions.conditions import compiled
from app.promotions.model import AmountOff, Offer, OrderKind, Published
from app.promotions.rules import AllOf

_Key = tuple[OrderKind | None, str, str | None]


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
        self._automatic: dict[_Key, list[Prepared]] = {}
        for prepared in self._by_slug.values():
            for key in _keys(prepared):
                self._automatic.setdefault(key, []).append(prepared)

    def get(self, slug: str) -> Prepared | None:
        """Return a campaign by its slug."""
        return self._by_slug.get(slug)

    def automatic_for(self, cart: Cart) -> tuple[Prepared, ...]:
        """Return the campaigns that may have an automatic offer for ``cart``, by slug."""
        items = {line.item for line in cart.lines}
        found = {
            prepared.published.slug: prepared
            for key in product((cart.kind, None), items, (cart.currency, None))
            for prepared in self._automatic.get(key, ())
        }
        return tuple(found[slug] for slug in sorted(found))


def _prepared(published: Published) -> Prepared:
    return Prepared(published, tuple((offer, compiled(offer)) for offer in published.campaign.offers))


def _keys(prepared: Prepared) -> set[_Key]:
    keys: set[_Key] = set()
    for offer, _ in prepared.offers:
        if offer.is_automatic:
            kinds = offer.rules.order or (None,)
            keys |= set(product(kinds, (*offer.target.plans, *offer.target.addons), _currencies(offer)))
    return keys


def _currencies(offer: Offer) -> tuple[str | None, ...]:
    if offer.rules.currencies:
        return offer.rules.currencies
    if isinstance(offer.benefit, AmountOff):
        return tuple(money.currency for money in offer.benefit.amounts)
    return (None,)
