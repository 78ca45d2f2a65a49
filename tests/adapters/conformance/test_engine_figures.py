"""The kit's discount figures, which it cannot ask of the engine, are the engine's; and its customers are twenty."""

from collections.abc import Sequence

import pytest

from app.promotions.shares import Remaining, taken_off
from app.vendor_adapters.conformance import kit_catalog
from app.vendor_adapters.conformance.checks.discounts import _CASES, _Case, _Off
from app.vendor_adapters.conformance.journeys import JOURNEYS, expected
from tests.promotions.world import amount, offer, percent

PRICES = {row.id: row.amount for row in kit_catalog().prices}


def engines(off: _Off, amounts: Sequence[int], offers: Sequence[str]) -> list[int]:
    """Return what the engine leaves of the amounts of a cart's lines."""
    benefit = amount(off.amount) if off.amount else percent(off.percent_bp or 0)
    lines = [
        Remaining(amount=left, units=1, is_eligible=key in off.offers)
        for left, key in zip(amounts, offers, strict=True)
    ]
    shares = taken_off(offer("kit", benefit), lines, "usd")
    return [left - share for left, share in zip(amounts, shares, strict=True)]


@pytest.mark.parametrize("case", _CASES, ids=str)
def test_a_carts_figures_are_the_engines(case: _Case) -> None:
    offers = [key for key, _ in case.items]
    full = left = [PRICES[key] * quantity for key, quantity in case.items]
    for off in case.off:
        left = engines(off, left, offers)
    assert (sum(full) - sum(left), sum(left)) == (case.discount, case.due)


def test_a_changes_figures_are_the_engines() -> None:
    """28,030 cents are due for three seats on the day of changes."""
    team = "kit-team-usd-y"
    for off, due in ((_Off(amount=5_000), 23_030), (_Off(percent_bp=1_000), 25_227)):
        assert engines(off, [28_030], [team]) == [due]


def test_there_are_twenty_customers_each_with_a_trace() -> None:
    names = [journey.name for journey in JOURNEYS]
    assert len(names) == 20
    assert sorted(expected()) == sorted(names)
    assert all(len(lines) > 5 for lines in expected().values())
