"""Changes in mid-term under a discount, and the terms that a discount lasts for."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.promotions.model import Benefit, Growth, OnMoreSeats, OnPlanChange, Rules
from app.promotions.periods import discount_ends, is_discounted, term_bounds, term_number
from app.promotions.proration import Discounted, Held, charge, net, share_left, value_left
from app.promotions.vendor_terms import stays_after_plan_change
from app.vendor_adapters.embedded.pricing import first_term, next_term
from tests.promotions.strategies import benefits, growths
from tests.promotions.world import cart, free, line, offer, percent

MARCH, MARCH_NEXT = datetime(2026, 3, 1, tzinfo=UTC), datetime(2027, 3, 1, tzinfo=UTC)
AUTUMN = datetime(2026, 11, 23, 18, tzinfo=UTC)

shares_left = st.fractions(0, 1)
held = st.integers(0, 200)
days = st.datetimes(datetime(2024, 1, 1), datetime(2040, 12, 31)).map(lambda at: at.replace(tzinfo=UTC))


def team(units: int, unit_price: int = 34_800) -> Held:
    return Held(units=units, unit_price=unit_price, currency="usd")


def bought_with(benefit: Benefit, growth: OnMoreSeats | None = None, units: int = 10) -> Discounted:
    return Discounted(offer=offer("x", benefit, growth=growth), base_units=units)


discounted = st.builds(
    lambda benefit, growth, units: bought_with(benefit, growth, units), benefits, growths, st.integers(1, 100)
)


def test_three_seats_more_for_98_days_at_list_price() -> None:
    left = share_left(AUTUMN, MARCH, MARCH_NEXT)
    assert left == Fraction(98, 365)
    assert (value_left(team(10), None, left), value_left(team(13), None, left)) == (93_436, 121_466)
    assert charge(team(10), team(13), None, left) == 28_030


@pytest.mark.parametrize(
    ("growth", "whole_term"),
    [
        (OnMoreSeats(growth=Growth.EXTEND), 13 * 34_800 * 80 // 100),
        (OnMoreSeats(growth=Growth.KEEP_AMOUNT), 13 * 34_800 - 69_600),
        (OnMoreSeats(growth=Growth.FIRST_UNITS, units=11), 13 * 34_800 - 11 * 6_960),
    ],
)
def test_a_fifth_off_ten_seats_and_then_three_more(growth: OnMoreSeats, whole_term: int) -> None:
    assert net(team(13), bought_with(percent(2_000), growth)) == whole_term


def test_free_units_stay_as_many_as_were_bought() -> None:
    assert net(team(13), bought_with(free(20))) == 3 * 34_800


@given(discounted, held, held, held, shares_left)
def test_charges_telescope(found: Discounted, one: int, two: int, three: int, left: Fraction) -> None:
    """Invariant 6: 1 -> 2 -> 3 costs what 1 -> 3 costs, and there and back costs nothing."""
    steps = charge(team(one), team(two), found, left) + charge(team(two), team(three), found, left)
    assert steps == charge(team(one), team(three), found, left)
    assert charge(team(one), team(two), found, left) + charge(team(two), team(one), found, left) == 0


@given(discounted, st.integers(1, 200), st.lists(st.tuples(held, shares_left), max_size=8))
def test_credits_never_exceed_what_was_paid(found: Discounted, first: int, later: list[tuple[int, Fraction]]) -> None:
    """Invariant 7: whatever is added and removed as the term goes by, the cash kept is never below nothing."""
    units, cash = first, value_left(team(first), found, Fraction(1))
    for wanted, left in sorted(later, key=lambda each: -each[1]):
        cash += charge(team(units), team(wanted), found, left)
        units = wanted
        assert cash >= value_left(team(units), found, left) >= 0


@given(st.lists(st.tuples(held, shares_left), max_size=8))
def test_seats_bought_for_nothing_give_nothing_back(later: list[tuple[int, Fraction]]) -> None:
    gift = bought_with(percent(10_000), OnMoreSeats(growth=Growth.EXTEND))
    units = 10
    for wanted, left in later:
        assert charge(team(units), team(wanted), gift, left) == 0
        units = wanted


@given(discounted, held, st.integers(0, 50))
def test_more_seats_never_cost_less(found: Discounted, units: int, more: int) -> None:
    assert net(team(units + more), found) >= net(team(units), found) >= 0


@given(days, st.integers(1, 12))
def test_terms_follow_each_other_as_the_vendor_bills_them(bought_at: datetime, number: int) -> None:
    """Invariant 12: from leap days and month ends too, no term is skipped or counted twice."""
    term = first_term(bought_at)
    for _ in range(number - 1):
        term = next_term(term)
    assert term_bounds(bought_at, number) == (term.starts_at, term.ends_at)
    assert term_bounds(bought_at, number + 1)[0] == term.ends_at
    second = timedelta(seconds=1)
    instants = (term.starts_at, term.ends_at - second, term.ends_at)
    assert [term_number(bought_at, at) for at in instants] == [number, number, number + 1]


@given(days, st.none() | st.integers(1, 6), st.integers(0, 9))
def test_a_discount_is_in_force_for_its_terms_and_no_longer(
    bought_at: datetime, periods: int | None, which: int
) -> None:
    """Invariant 12: renewals at any clock find it in force exactly so many times."""
    renewals = [term_bounds(bought_at, number)[0] for number in range(1, which + 2)]
    found = [is_discounted(bought_at, periods, at) for at in renewals]
    assert sum(found) == (which + 1 if periods is None else min(periods, which + 1))
    ends = discount_ends(bought_at, periods)
    assert ends is None or not is_discounted(bought_at, periods, ends)
    assert not is_discounted(bought_at, periods, bought_at - timedelta(days=2))


def test_bought_on_a_leap_day_it_ends_on_the_28th() -> None:
    leap = datetime(2028, 2, 29, 14, tzinfo=UTC)
    assert discount_ends(leap, 1) == datetime(2029, 2, 28, tzinfo=UTC)
    assert discount_ends(leap, 4) == datetime(2032, 2, 28, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wish", "plan", "seats", "stays"),
    [
        (OnPlanChange.KEEP_IF_ELIGIBLE, "scale", 10, True),
        (OnPlanChange.KEEP_IF_ELIGIBLE, "scale", 21, False),
        (OnPlanChange.KEEP_IF_ELIGIBLE, "free", 10, False),
        (OnPlanChange.DROP, "scale", 10, False),
    ],
)
def test_a_change_of_plan_keeps_what_is_still_right(wish: OnPlanChange, plan: str, seats: int, stays: bool) -> None:
    found = offer("x", percent(1_000), plans=["team", "scale"], rules=Rules(max_seats=20), on_plan_change=wish)
    assert stays_after_plan_change(found, cart(line(plan, seats))) is stays
