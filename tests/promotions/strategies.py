"""Offers, carts and buyers of every kind, for the tests that state what always holds."""

from collections.abc import Sequence
from datetime import timedelta

from hypothesis import strategies as st

from app.core.money import Money
from app.promotions import budget_ids
from app.promotions.cart import Cart, CartLine, Entry, Facts, History
from app.promotions.model import (
    Benefit,
    BudgetSpec,
    Campaign,
    Customer,
    CustomerKind,
    Growth,
    OnMoreSeats,
    OrderKind,
    Rules,
)
from tests.promotions.world import NOW, amount, campaign, cart, free, line, offer, percent, typed

NAMES = ("ash", "birch", "cedar", "doum", "elm")
PRICES = {"team": 34_800, "scale": 118_800, "compute-1000": 1_000, "storage-10": 6_000}
PLANS, ADDONS = ("team", "scale"), ("compute-1000", "storage-10")


def some(values: Sequence[str], *, least: int = 0) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=least, unique=True)


benefits: st.SearchStrategy[Benefit] = st.one_of(
    st.integers(1, 10_000).map(percent), st.integers(1, 2_000_000).map(amount), st.integers(1, 40).map(free)
)
growths = st.one_of(
    st.sampled_from([Growth.KEEP_AMOUNT, Growth.EXTEND]).map(lambda growth: OnMoreSeats(growth=growth)),
    st.integers(1, 30).map(lambda units: OnMoreSeats(growth=Growth.FIRST_UNITS, units=units)),
)
rules = st.builds(
    Rules,
    order=st.sampled_from([(), (OrderKind.FIRST_ORDER,), (OrderKind.ADD_SEATS, OrderKind.ADDON)]),
    customer=st.sampled_from([None, Customer(kind=CustomerKind.NEW), Customer(kind=CustomerKind.EXISTING)]),
    countries=st.sampled_from([(), ("US",), ("DE",)]),
    min_seats=st.none() | st.integers(0, 40),
    max_seats=st.none() | st.integers(0, 40),
    min_subtotal=st.sampled_from([(), (Money(500_000, "usd"),)]),
)


@st.composite
def sets_of_campaigns(draw: st.DrawFn, *, freely: bool = True) -> list[Campaign]:
    """One to five campaigns that combine with each other in some symmetric way, some of them automatic."""
    names = NAMES[: draw(st.integers(1, len(NAMES)))]
    friends: dict[str, set[str]] = {name: set() for name in names}
    for i, one in enumerate(names):
        for other in names[i + 1 :]:
            if draw(st.booleans()):
                friends[one].add(other)
                friends[other].add(one)
    return [
        campaign(
            name,
            offer(
                name,
                draw(benefits),
                plans=draw(some(PLANS, least=1)),
                addons=draw(some(ADDONS)),
                rules=draw(rules) if freely else Rules(),
                periods=draw(st.sampled_from([1, 2, None])),
                automatic=draw(st.booleans()),
                group=draw(st.sampled_from(["", "", "g"])),
                combines_with=sorted(friends[name]),
                growth=draw(growths),
            ),
            budget=BudgetSpec(),
        )
        for name in names
    ]


@st.composite
def lines(draw: st.DrawFn, item: str) -> CartLine:
    quantity = draw(st.integers(1, 60))
    added = draw(st.integers(1, quantity))
    due = draw(st.integers(0, added * PRICES[item]))
    renews_at = draw(st.sampled_from([None, NOW + timedelta(days=100), NOW + timedelta(days=400)]))
    return line(item, quantity, PRICES[item], added=added, amount=due, renews_at=renews_at)


@st.composite
def carts(draw: st.DrawFn) -> Cart:
    items = draw(some((draw(st.sampled_from(PLANS)), *ADDONS), least=1))
    kind = draw(st.sampled_from([OrderKind.FIRST_ORDER, OrderKind.ADD_SEATS, OrderKind.ADDON]))
    return cart(*(draw(lines(item)) for item in items), kind=kind)


@st.composite
def buyers(draw: st.DrawFn) -> Facts:
    """Buyers of whom more or less is known, and a stock of which more or less is left."""
    ends = st.none() | st.integers(-900, 400).map(lambda days: NOW + timedelta(days=days))
    left = st.sampled_from([0, 1, 50_000, 10_000_000])
    ids = [name for slug in NAMES for name in (budget_ids.campaign_uses(slug), budget_ids.campaign_money(slug, "usd"))]
    return Facts(
        account_id=draw(st.sampled_from([None, "acc_1"])),
        history=draw(st.none() | st.builds(History, account_until=ends, group_until=ends)),
        country=draw(st.sampled_from([None, "US", "DE"])),
        remaining=tuple((name, draw(left)) for name in ids if draw(st.booleans())),
        is_hopeful=draw(st.booleans()),
    )


def codes(found: Sequence[Campaign]) -> list[Entry]:
    return [typed(each.slug) for each in found]
