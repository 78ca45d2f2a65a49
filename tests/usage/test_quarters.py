"""The quarters of a term, and what people above the seats would come to in one: product.md 2.12."""

import calendar
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.clock import add_months
from app.core.money import Money
from app.usage.quarters import Quarter, charge_of, most_in, quarters_of
from app.usage.readings import Reading
from tests.usage.test_alerts import CALM

TEAM = Money(34_800, "usd")
ANCHORS = st.datetimes(datetime(2024, 1, 1), datetime(2045, 12, 31), timezones=st.just(UTC))


def day(text: str) -> datetime:
    return datetime.combine(date.fromisoformat(text), time(), UTC)


def year_from(start: datetime, months: int = 3) -> tuple[Quarter, ...]:
    return quarters_of(start, add_months(start, 12), months=months)


def quarter(number: int) -> Quarter:
    return year_from(day("2026-01-01"))[number - 1]


@pytest.mark.parametrize(
    ("start", "ends"),
    [
        ("2026-03-01", "2026-06-01 2026-09-01 2026-12-01 2027-03-01"),
        ("2026-01-31", "2026-04-30 2026-07-31 2026-10-31 2027-01-31"),
        ("2026-11-30", "2027-02-28 2027-05-30 2027-08-30 2027-11-30"),
        ("2027-11-30", "2028-02-29 2028-05-30 2028-08-30 2028-11-30"),
        ("2028-02-29", "2028-05-29 2028-08-29 2028-11-29 2029-02-28"),
    ],
)
def test_quarter_ends_are_clamped_from_the_anchor(start: str, ends: str) -> None:
    assert [f"{each.ends_at:%Y-%m-%d}" for each in year_from(day(start))] == ends.split()


@given(start=ANCHORS, months=st.sampled_from([1, 2, 3, 4, 6, 12]))
def test_quarters_fill_their_term_whatever_the_anchor(start: datetime, months: int) -> None:
    found = year_from(start, months)
    assert (found[0].starts_at, found[-1].ends_at) == (start, add_months(start, 12))
    assert all(one.ends_at == other.starts_at for one, other in pairwise(found))
    assert [each.left for each in found] == list(reversed(range(12 // months)))
    for each in found:
        length = calendar.monthrange(each.ends_at.year, each.ends_at.month)[1]
        assert each.ends_at.day == min(start.day, length)
        assert each.ends_at.timetz() == start.timetz()
        assert (each.has(each.starts_at), each.has(each.ends_at)) == (True, False)


@pytest.mark.parametrize("months", [1, 6, 11, 24, 36])
def test_a_term_that_is_not_a_year_has_no_quarters(months: int) -> None:
    start = day("2026-03-01")
    assert quarters_of(start, add_months(start, months), months=3) == ()


@pytest.mark.parametrize(
    ("price", "over", "number", "comes_to"),
    [
        (TEAM, 4, 1, 104_400),
        (Money(10_000, "usd"), 10, 1, 75_000),
        (Money(10_000, "usd"), 10, 3, 25_000),
        (Money(10_000, "usd"), 10, 4, 0),
        (Money(10_000, "usd"), 0, 1, 0),
        (Money(10_000, "usd"), -3, 1, 0),
        (Money(1, "usd"), 1, 2, 1),  # half a cent rounds up
        (Money(1, "usd"), 1, 3, 0),
    ],
)
def test_what_a_quarter_comes_to(price: Money, over: int, number: int, comes_to: int) -> None:
    found = charge_of(quarter(number), most=10 + over, seats=10, unit_price=price)
    assert found == Money(comes_to, price.currency)


def test_a_year_of_quarters_against_one_true_up() -> None:
    # ten over in the first quarter and ten more in the third, each paid for from then on; once a year it is all of both
    price = Money(10_000, "usd")
    first = charge_of(quarter(1), most=20, seats=10, unit_price=price)
    third = charge_of(quarter(3), most=30, seats=20, unit_price=price)
    assert (first + third, price * 20) == (Money(100_000, "usd"), Money(200_000, "usd"))


def test_quarters_are_not_days() -> None:
    whole = TEAM * 10
    by_quarter = charge_of(quarter(1), most=20, seats=10, unit_price=TEAM)
    left = day("2027-01-01") - quarter(1).ends_at
    assert (whole.share(Fraction(left.days, 365)), by_quarter) == (Money(262_192, "usd"), Money(261_000, "usd"))


@given(
    start=ANCHORS,
    number=st.integers(0, 3),
    most=st.integers(0, 6_000),
    seats=st.integers(1, 5_000),
    minor=st.integers(0, 10**7),
)
def test_a_charge_is_never_negative_and_never_a_whole_year(
    start: datetime, number: int, most: int, seats: int, minor: int
) -> None:
    price, chosen = Money(minor, "eur"), year_from(start)[number]
    found = charge_of(chosen, most=most, seats=seats, unit_price=price)
    over = max(0, most - seats)
    assert 0 <= found.minor <= minor * over
    assert abs(found.minor * 4 - minor * over * chosen.left) <= 2  # exact but for the one rounding
    assert found.is_zero or chosen.left


def read(when: str, in_use: int, most: int) -> Reading:
    return replace(CALM, counted_at=day(when), seats_in_use=in_use, seats_max=most)


@pytest.mark.parametrize(
    ("number", "readings", "most"),
    [
        (1, [read("2026-02-01", 9, 14)], 14),
        (2, [read("2026-02-01", 9, 14), read("2026-05-01", 11, 14)], 11),  # the peak is of the quarter before
        (2, [read("2026-02-01", 9, 14), read("2026-05-01", 11, 15)], 15),
        (2, [read("2026-05-01", 11, 14)], 11),  # nobody knows when the peak was
        (2, [read("2026-05-01", 13, 14), read("2026-05-02", 11, 14)], 13),
        (2, [read("2026-05-01", 9, 14), read("2026-05-02", 9, 15)], 15),
        (2, [read("2026-02-01", 9, 14)], None),
        (1, [read("2025-12-31", 30, 30)], None),  # another term's
    ],
)
def test_the_most_in_a_quarter(number: int, readings: list[Reading], most: int | None) -> None:
    start = day("2026-01-01")
    assert most_in(quarter(number), readings, term_starts_at=start) == most


def test_a_quarter_has_the_day_it_begins_on_and_not_the_one_it_ends_on() -> None:
    start = day("2026-01-01")
    edge = read("2026-04-01", 12, 12)
    assert most_in(quarter(1), [edge], term_starts_at=start) is None
    assert most_in(quarter(2), [edge], term_starts_at=start) == 12
    last = replace(edge, counted_at=edge.counted_at - timedelta(seconds=1))
    assert most_in(quarter(1), [last], term_starts_at=start) == 12
