"""How amounts, dates and numbers read."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import formats
from app.core.money import Money


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (Money(378885, "usd"), "3,788.85 USD"),
        (Money(0, "eur"), "0.00 EUR"),
        (Money(-5, "usd"), "−0.05 USD"),
        (Money(1234567, "jpy"), "1,234,567 JPY"),
        (Money(1234567, "bhd"), "1,234.567 BHD"),
        (Money(10**17 + 1, "eur"), "1,000,000,000,000,000.01 EUR"),
    ],
)
def test_money_reads_with_the_decimals_of_its_currency(amount: Money, text: str) -> None:
    assert formats.money(amount) == text


@given(st.integers(min_value=-(10**15), max_value=10**15))
def test_no_cent_is_lost_on_the_way_to_a_text(minor: int) -> None:
    assert int(formats.figure(Money(minor, "usd")).translate({ord("−"): "-", ord(","): "", ord("."): ""})) == minor


def test_dates_numbers_and_rates() -> None:
    assert formats.date(datetime(2027, 3, 1, 23, 59, tzinfo=UTC)) == "1 March 2027"
    assert formats.number(5000) == "5,000"
    assert [formats.percent(ppm) for ppm in (88750, 190000, 0)] == ["8.875 %", "19 %", "0 %"]
    assert [formats.counted(count, "seat") for count in (0, 1, 5000)] == ["0 seats", "1 seat", "5,000 seats"]


@pytest.mark.parametrize(
    ("starts", "ends", "text"),
    [
        ("2027-03-01T00:00:00Z", "2027-04-01T00:00:00Z", "1 March 2027 until 31 March 2027"),
        ("2027-02-28T00:00:00Z", "2027-03-01T00:00:00Z", "28 February 2027 until 28 February 2027"),
        ("2027-03-01T09:00:00Z", "2027-04-01T14:30:00Z", "1 March 2027, 09:00 UTC until 1 April 2027, 14:30 UTC"),
        ("2026-12-31T00:00:00Z", "2027-01-01T00:00:00Z", "31 December 2026 until 31 December 2026"),
    ],
)
def test_a_window_is_told_by_the_last_day_that_is_in_it(starts: str, ends: str, text: str) -> None:
    assert formats.window(datetime.fromisoformat(starts), datetime.fromisoformat(ends)) == text
