"""What offers take off, worked out by hand."""

from datetime import UTC, datetime

import pytest

from app.promotions.cart import Cart, Facts
from app.promotions.decision import Decision
from app.promotions.evaluate import evaluate, replay
from app.promotions.files.lint import check
from app.promotions.model import Benefit, Campaign, Growth, OnMoreSeats, OrderKind
from tests.promotions.world import (
    CATALOG,
    NEW,
    OLD,
    VENDOR,
    amount,
    campaign,
    campaigns,
    cart,
    decide,
    free,
    line,
    offer,
    percent,
    typed,
)
from tests.support.sources import ROOT

SAMPLES = check(ROOT / "data" / "campaigns.toml", CATALOG, VENDOR).campaigns
LAUNCH, AUTUMN = datetime(2027, 3, 15, tzinfo=UTC), datetime(2026, 11, 23, 12, tzinfo=UTC)


def sample(slug: str, bought: Cart, at: datetime, facts: Facts) -> Decision:
    return evaluate(bought, facts, at, campaigns(*SAMPLES), [typed(slug)])


def sums(decision: Decision) -> tuple[int, int, int]:
    return decision.totals.subtotal, decision.totals.discount, decision.totals.due


def test_a_fifth_off_ten_seats() -> None:
    assert sums(sample("spring-launch", cart(), LAUNCH, NEW)) == (348_000, 69_600, 278_400)


def test_a_tenth_off_five_packs() -> None:
    packs = cart(line("compute-1000", 5, 1_000), kind=OrderKind.ADDON)
    assert sums(sample("compute-boost", packs, AUTUMN, OLD)) == (5_000, 500, 4_500)


def test_fifty_off_three_seats_more() -> None:
    more = cart(line(quantity=13, added=3, amount=28_030), kind=OrderKind.ADD_SEATS)
    assert sums(sample("grow-50", more, AUTUMN, OLD)) == (28_030, 5_000, 23_030)


def test_all_of_it_for_nothing() -> None:
    scale = cart(line("scale", 25, 118_800))
    assert sums(sample("open-source", scale, AUTUMN, OLD)) == (2_970_000, 2_970_000, 0)


def test_more_off_than_there_is_leaves_nothing_and_gives_nothing() -> None:
    decision = decide([campaign("big", offer("big", amount(999_900)))], [typed("big")], cart(line(quantity=1)))
    assert sums(decision) == (34_800, 34_800, 0)
    assert decision.applied[0].amount == 34_800


@pytest.mark.parametrize(
    ("basis_points", "unit_price", "off"),
    [(333, 34_800, 1_159), (1_250, 1_999, 250), (1, 4_999, 0), (1, 5_000, 1), (10_000, 1, 1), (5_000, 1, 1)],
)
def test_a_share_is_rounded_half_up_once(basis_points: int, unit_price: int, off: int) -> None:
    one = campaign("one", offer("one", percent(basis_points)))
    decision = decide([one], [typed("one")], cart(line(quantity=1, unit_price=unit_price)))
    assert decision.totals.discount == off


def test_it_is_rounded_on_the_sum_and_never_per_unit() -> None:
    decision = decide([campaign("s", offer("s", percent(250)))], [typed("s")], cart(line(quantity=3, unit_price=1_999)))
    assert decision.totals.discount == 150


def test_a_share_is_dealt_out_by_largest_remainder() -> None:
    both = offer("both", percent(1_000), plans=["team"], addons=["compute-1000"])
    bought = cart(line(quantity=1, unit_price=105), line("compute-1000", 1, 105))
    decision = decide([campaign("both", both)], [typed("both")], bought)
    assert [each.discount for each in decision.lines] == [11, 10]


def test_only_what_it_is_for_is_discounted() -> None:
    bought = cart(line(quantity=2), line("compute-1000", 5, 1_000))
    decision = decide([campaign("plan", offer("plan", percent(2_000)))], [typed("plan")], bought)
    assert [each.discount for each in decision.lines] == [13_920, 0]


@pytest.mark.parametrize(("units", "off"), [(1, 34_800), (3, 104_400), (10, 348_000), (11, 348_000)])
def test_free_units_are_whole_units(units: int, off: int) -> None:
    decision = decide([campaign("gift", offer("gift", free(units)))], [typed("gift")])
    assert decision.totals.discount == off


def test_the_cheapest_units_are_free() -> None:
    mixed = offer("gift", free(3), plans=["team"], addons=["compute-1000"])
    bought = cart(line(quantity=5), line("compute-1000", 2, 1_000))
    assert decide([campaign("gift", mixed)], [typed("gift")], bought).totals.discount == 2 * 1_000 + 34_800


def test_free_units_then_shares_then_sums() -> None:
    names = ("a-sum", "b-share", "c-free")
    benefits: dict[str, Benefit] = {"a-sum": amount(5_000), "b-share": percent(1_000), "c-free": free(1)}
    found = [campaign(name, offer(name, benefits[name], combines_with=set(names) - {name})) for name in names]
    decision = decide(found, [typed(name) for name in names], cart(line(quantity=2)))
    assert [applied.offer.slug for applied in decision.applied] == ["c-free", "b-share", "a-sum"]
    assert [applied.amount for applied in decision.applied] == [34_800, 3_480, 5_000]
    assert decision.totals.due == 69_600 - 34_800 - 3_480 - 5_000


def test_a_share_for_the_first_seats_alone() -> None:
    capped = OnMoreSeats(growth=Growth.FIRST_UNITS, units=4)
    found = campaign("four", offer("four", percent(5_000), growth=capped))
    assert decide([found], [typed("four")]).totals.discount == 4 * 34_800 // 2


def test_an_offer_pays_in_the_carts_currency() -> None:
    found = campaign("sum", offer("sum", amount(5_000, 4_500)))
    assert decide([found], [typed("sum")], cart(currency="eur")).totals.discount == 4_500


def test_what_lasts_longer_wins_where_a_renewal_is_near() -> None:
    """Packs that co-term are charged again in March: two terms of 10% are worth more than one of 15%."""
    renewal = datetime(2027, 12, 1, tzinfo=UTC)
    bought = cart(line("storage-10", 2, 6_000, amount=8_800, renews_at=renewal), kind=OrderKind.ADDON)
    found = [
        campaign("long", offer("long", percent(1_000), plans=[], addons=["storage-10"], periods=2)),
        campaign("short", offer("short", percent(1_500), plans=[], addons=["storage-10"])),
    ]
    decision = decide(found, [typed("long"), typed("short")], bought)
    assert [applied.offer.slug for applied in decision.applied] == ["long"]
    assert decision.totals.first_year == 8_800 - 880 + 12_000 - 1_200


def test_a_renewal_a_year_on_does_not_count() -> None:
    bought = cart(line(renews_at=datetime(2028, 3, 15, tzinfo=UTC)))
    decision = decide([campaign("x", offer("x", percent(1_000), periods=None))], [typed("x")], bought)
    assert decision.totals.first_year == decision.totals.due == 313_200


def test_a_discount_on_a_change_is_taken_once() -> None:
    renewal = datetime(2027, 12, 1, tzinfo=UTC)
    bought = cart(line(quantity=13, added=3, amount=30_000, renews_at=renewal), kind=OrderKind.ADD_SEATS)
    decision = decide([campaign("x", offer("x", percent(1_000), periods=None))], [typed("x")], bought, OLD)
    assert decision.totals.first_year == 27_000 + 13 * 34_800


def test_the_first_offer_that_passes_wins() -> None:
    """One code means one thing on Team and another on Scale, and nothing better is looked for."""
    star: Campaign = campaign(
        "star",
        offer("star", percent(500), number=1, plans=["team"]),
        offer("star", percent(1_000), number=2, plans=["scale", "team"]),
    )
    on_team = decide([star], [typed("star")])
    on_scale = decide([star], [typed("star")], cart(line("scale", 1, 118_800)))
    assert [on_team.applied[0].offer.id, on_scale.applied[0].offer.id] == ["star/1", "star/2"]


def test_a_trace_makes_the_same_decision_again() -> None:
    decision = sample("spring-launch", cart(), LAUNCH, NEW)
    assert replay(decision.trace) == decision
