"""What a button proposes, and the twelve months of the graph."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.usage.missing import minutes_packs_missing, seats_missing, storage_packs_missing
from app.usage.months import by_month
from tests.usage.test_alerts import CALM, NOW


@pytest.mark.parametrize(("seats", "most", "wanted"), [(10, 8, 1), (10, 10, 1), (10, 14, 4), (0, 14, 1)])
def test_seats_cover_the_people_above_them(seats: int, most: int, wanted: int) -> None:
    assert seats_missing(replace(CALM, seats=seats, seats_max=most)) == wanted


@pytest.mark.parametrize(
    ("used", "in_packs", "packs"),
    [(9_000, 0, 1), (10_600, 0, 1), (11_000, 0, 1), (11_001, 0, 2), (13_000, 2_000, 1)],
)
def test_minutes_cover_what_was_used_above_all_that_there_were(used: int, in_packs: int, packs: int) -> None:
    assert minutes_packs_missing(replace(CALM, minutes_used=used, minutes_in_packs=in_packs), 1_000) == packs


@pytest.mark.parametrize(("used", "packs"), [(90, 1), (100, 1), (109, 1), (110, 2), (119, 2), (120, 3)])
def test_some_storage_is_free_after_buying(used: int, packs: int) -> None:
    # 10 GiB above the limit: one pack of 10 would leave nothing free
    assert storage_packs_missing(replace(CALM, storage_gib=used), 10) == packs


def test_a_month_is_its_last_reading_and_months_without_one_stay_empty() -> None:
    days = [
        replace(CALM, counted_at=datetime(2025, 11, 30, tzinfo=UTC), minutes_used=1),
        replace(CALM, counted_at=datetime(2025, 12, 1, tzinfo=UTC), minutes_used=2),
        replace(CALM, counted_at=datetime(2026, 11, 22, tzinfo=UTC), minutes_used=40),
        replace(CALM, counted_at=datetime(2026, 11, 2, tzinfo=UTC), minutes_used=30),
    ]
    months = by_month(days, NOW)
    assert [f"{month.starts_at:%Y-%m}" for month in months] == [
        "2025-12",
        *(f"2026-{number:02d}" for number in range(1, 12)),
    ]
    assert [month.reading.minutes_used if month.reading else None for month in months] == [2, *[None] * 10, 40]
