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
