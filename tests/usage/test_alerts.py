"""When somebody is told: each threshold to the number, and what was put aside."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.load import load_catalog
from app.config import ROOT
from app.usage.alerts import Alert, AlertKind, Mark, check, few_seats, is_dismissed
from app.usage.readings import Reading

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
RULES = load_catalog(ROOT / "data" / "catalog.toml").rules.alerts
CALM = Reading(
    group_id="acme",
    seats=0,
    seats_in_use=7,
    seats_max=7,
    minutes_used=0,
    minutes_quota=10_000,
    minutes_in_packs=0,
    storage_gib=1,
    storage_quota_gib=100,
    counted_at=NOW,
)


def alert(reading: Reading, kind: AlertKind) -> Alert | None:
    return next((each for each in check(reading, RULES, NOW) if each.kind is kind), None)


@pytest.mark.parametrize(
    ("seats", "few"),
    [
        (15, 1),
        (16, 2),
        (25, 2),
        (26, 2),
        (50, 5),
        (99, 9),
        (100, 8),
        (250, 20),
        (999, 79),
        (1000, 50),
        (5000, 250),
    ],
)
def test_seats_are_few_by_the_table(seats: int, few: int) -> None:
    assert few_seats(seats, RULES) == few
    assert alert(replace(CALM, seats=seats, seats_in_use=seats - few - 1), AlertKind.SEATS) is None
    assert alert(replace(CALM, seats=seats, seats_in_use=seats - few), AlertKind.SEATS) is not None
    assert alert(replace(CALM, seats=seats, seats_in_use=seats + 3), AlertKind.SEATS) is not None


@pytest.mark.parametrize(
    ("used", "in_packs", "step"),
    [
        (7_500, 0, 0),
        (7_501, 0, 1),
        (9_500, 0, 1),
        (9_501, 0, 2),
        (9_999, 0, 2),
        (10_000, 0, 3),
        (13_000, 0, 3),
        (9_600, 5_000, 0),
        (10_600, 400, 2),
    ],
)
def test_minutes_are_told_below_each_share(used: int, in_packs: int, step: int) -> None:
    found = alert(replace(CALM, minutes_used=used, minutes_in_packs=in_packs), AlertKind.MINUTES)
    assert (found.mark.step if found else 0) == step
    if found:
        assert found.mail_keys == tuple(f"minutes:2026-11:{each}" for each in range(step, 4))


@pytest.mark.parametrize(
    ("used", "on_pages", "mails"),
    [
        (69, 0, 0),
        (70, 0, 1),
        (74, 0, 1),
        (75, 1, 1),
        (84, 1, 1),
        (85, 1, 2),
        (95, 1, 3),
        (99, 1, 3),
        (100, 1, 4),
        (140, 1, 4),
    ],
)
def test_storage_is_told_on_pages_and_by_mail_at_shares_of_their_own(used: int, on_pages: int, mails: int) -> None:
    found = alert(replace(CALM, storage_gib=used), AlertKind.STORAGE)
    assert (found is not None and found.is_on_pages) is bool(on_pages)
    assert (found.mail_keys[0] if found and found.mail_keys else "") == (f"storage:100:{mails}" if mails else "")


def test_what_nothing_limits_is_never_told() -> None:
    assert check(replace(CALM, storage_gib=900, storage_quota_gib=None), RULES, NOW) == ()
    assert check(replace(CALM, minutes_quota=0), RULES, NOW) == ()


def test_the_minutes_of_another_month_say_nothing_of_this_one() -> None:
    october = replace(CALM, minutes_used=10_000, counted_at=datetime(2026, 10, 31, 23, tzinfo=UTC))
    assert check(october, RULES, NOW) == ()


def test_what_was_put_aside_comes_back_when_it_is_worse() -> None:
    one_left = replace(CALM, seats=10, seats_in_use=9)
    (found,) = check(one_left, RULES, NOW)
    assert is_dismissed(found, found.mark)
    (none_left,) = check(replace(one_left, seats_in_use=10), RULES, NOW)
    assert not is_dismissed(none_left, found.mark)
    (more_bought,) = check(replace(one_left, seats=11, seats_in_use=11), RULES, NOW)
    assert not is_dismissed(more_bought, found.mark)


def test_a_new_month_tells_again() -> None:
    (found,) = check(replace(CALM, minutes_used=8_000), RULES, NOW)
    assert not is_dismissed(found, Mark(period="2026-10", step=3))
    assert is_dismissed(found, Mark(period="2026-11", step=1))


@given(
    in_use=st.integers(0, 6_000),
    seats=st.integers(0, 5_000),
    used=st.integers(0, 20_000),
    packs=st.integers(0, 5_000),
    storage=st.integers(0, 300),
)
def test_using_more_is_never_told_more_mildly(in_use: int, seats: int, used: int, packs: int, storage: int) -> None:
    less = replace(
        CALM, seats=seats, seats_in_use=in_use, minutes_used=used, minutes_in_packs=packs, storage_gib=storage
    )
    more = replace(less, seats_in_use=in_use + 1, minutes_used=used + 1, storage_gib=storage + 1)
    told = {each.kind: each for each in check(more, RULES, NOW)}
    for each in check(less, RULES, NOW):
        assert told[each.kind].mark.step >= each.mark.step
        assert set(told[each.kind].mail_keys) <= set(each.mail_keys)
