"""Whether one offer passes whenever another does."""

from app.promotions.files.scope import pays_in
from app.promotions.model import Customer, CustomerKind, Offer, Rules


def shadows(earlier: Offer, later: Offer) -> bool:
    """Whether ``earlier`` passes for every cart that ``later`` passes for; False where it cannot be told for sure."""
    if later.is_automatic and not earlier.is_automatic:
        return False  # by itself, only the later one applies
    return (
        set(later.target.plans) <= set(earlier.target.plans)
        and set(later.target.addons) <= set(earlier.target.addons)
        and _within(later.target.deployments, earlier.target.deployments)
        and _within(pays_in(later), pays_in(earlier))
        and _is_weaker(earlier.rules, later.rules)
    )


def _is_weaker(earlier: Rules, later: Rules) -> bool:
    sets = (
        _within(later.order, earlier.order)
        and _within(later.countries, earlier.countries)
        and _within(later.channels, earlier.channels)
        and _within(later.accounts, earlier.accounts)
        and _within(later.mail_domains, earlier.mail_domains)
    )
    leasts = (
        _at_least(later.min_seats, earlier.min_seats)
        and _at_least(later.min_added_seats, earlier.min_added_seats)
        and _at_least(later.min_packs, earlier.min_packs)
        and _sums_at_least(earlier, later)
    )
    most = earlier.max_seats is None or (later.max_seats is not None and later.max_seats <= earlier.max_seats)
    nested = (earlier.any_of, earlier.none_of) in (((), None), (later.any_of, later.none_of))
    return sets and leasts and most and nested and _customer_within(later.customer, earlier.customer)


def _within(narrow: tuple[object, ...], wide: tuple[object, ...]) -> bool:
    """Whether the first list allows no more than the second; an empty list allows everything."""
    return not wide or (bool(narrow) and set(narrow) <= set(wide))


def _at_least(strict: int | None, lax: int | None) -> bool:
    return (strict or 0) >= (lax or 0)


def _sums_at_least(earlier: Rules, later: Rules) -> bool:
    wanted = {money.currency: money.minor for money in later.min_subtotal}
    return all(wanted.get(money.currency, 0) >= money.minor for money in earlier.min_subtotal)


def _customer_within(narrow: Customer | None, wide: Customer | None) -> bool:
    if wide is None or narrow == wide:
        return True
    both_lapsed = narrow is not None and narrow.kind is wide.kind is CustomerKind.LAPSED
    return both_lapsed and narrow is not None and narrow.lapsed_days >= wide.lapsed_days
