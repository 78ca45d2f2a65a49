"""From what a campaign file says to a predicate: an offer's target and its rules, joined."""

from collections.abc import Callable

from app.promotions.cart import Cart, CartLine
from app.promotions.model import AmountOff, Offer, Rules, Target
from app.promotions.rules import (
    AccountIn,
    AllOf,
    AnyOf,
    ChannelIn,
    CountryIn,
    CurrencyIn,
    CustomerIs,
    HasTarget,
    MailDomainIn,
    MaxSeats,
    MinAddedSeats,
    MinPacks,
    MinSeats,
    MinSubtotal,
    Not,
    OrderIs,
    Predicate,
)


def compiled(offer: Offer) -> AllOf:
    """Return the predicate of an offer: its target, the currencies that it pays in, and its rules."""
    own: tuple[Predicate, ...] = (HasTarget(offer.target),)
    if isinstance(offer.benefit, AmountOff):
        own = (*own, CurrencyIn(tuple(money.currency for money in offer.benefit.amounts)))
    return AllOf((*own, *_parts(offer.rules)))


def eligible_lines(target: Target, cart: Cart) -> tuple[bool, ...]:
    """Return for each line of the cart whether an offer with this target takes something off it."""
    return tuple(_is_eligible(target, line) for line in cart.lines)


def _is_eligible(target: Target, line: CartLine) -> bool:
    items = target.addons if line.is_addon else target.plans
    return line.item in items and (not target.deployments or line.deployment in target.deployments)


def _parts(rules: Rules) -> tuple[Predicate, ...]:
    given: list[tuple[object, Callable[[], Predicate]]] = [
        (rules.order, lambda: OrderIs(rules.order)),
        (rules.currencies, lambda: CurrencyIn(rules.currencies)),
        (rules.countries, lambda: CountryIn(rules.countries)),
        (rules.channels, lambda: ChannelIn(rules.channels)),
        (rules.accounts, lambda: AccountIn(rules.accounts)),
        (rules.mail_domains, lambda: MailDomainIn(rules.mail_domains)),
        (rules.min_seats, lambda: MinSeats(rules.min_seats or 0)),
        (rules.min_added_seats, lambda: MinAddedSeats(rules.min_added_seats or 0)),
        (rules.min_packs, lambda: MinPacks(rules.min_packs or 0)),
        (rules.min_subtotal, lambda: MinSubtotal(rules.min_subtotal)),
        (rules.max_seats is not None, lambda: MaxSeats(rules.max_seats or 0)),
        (rules.any_of, lambda: AnyOf(tuple(AllOf(_parts(each)) for each in rules.any_of))),
    ]
    parts = [make() for is_given, make in given if is_given]
    if rules.customer is not None:
        parts.append(CustomerIs(rules.customer))
    if rules.none_of is not None:
        parts.append(Not(AllOf(_parts(rules.none_of))))
    return tuple(parts)
