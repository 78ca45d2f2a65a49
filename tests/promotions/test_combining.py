"""Which offers stand side by side, and which are then chosen."""

from itertools import permutations

import pytest

from app.promotions.answers import Reason
from app.promotions.cart import Entry, Match, Source
from app.promotions.decision import Decision
from app.promotions.evaluate import evaluate
from app.promotions.model import Campaign
from app.promotions.wording import refusal, way_out
from tests.promotions.world import (
    CATALOG,
    NEW,
    NOW,
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


def slugs(decision: Decision) -> list[str]:
    return sorted(applied.offer.slug for applied in decision.applied)


def friends(*benefits: tuple[str, int], automatic: bool = False) -> list[Campaign]:
    """Campaigns that all combine with each other."""
    names = [name for name, _ in benefits]
    return [
        campaign(name, offer(name, percent(bp), combines_with=set(names) - {name}, automatic=automatic))
        for name, bp in benefits
    ]


FOUR = [
    campaign("a", offer("a", percent(1_000), combines_with=["b", "c"])),
    campaign("b", offer("b", amount(20_000), combines_with=["a", "d"])),
    campaign("c", offer("c", free(2), combines_with=["a"])),
    campaign("d", offer("d", percent(1_500), combines_with=["b"])),
]


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_every_order_of_four_codes_is_one_answer(order: tuple[int, ...]) -> None:
    entries = [typed(each.slug) for each in FOUR]
    expected = decide(FOUR, entries)
    found = decide([FOUR[i] for i in order], [entries[i] for i in order])
    assert found == expected
    assert found.trace.digest == expected.trace.digest
    assert slugs(found) == ["a", "c"]  # 2 of 10 seats free, then a tenth of the rest: more than any other pair


def test_without_agreement_the_better_one_stands_alone() -> None:
    one, two = campaign("one", offer("one", percent(1_000))), campaign("two", offer("two", percent(2_000)))
    decision = decide([one, two], [typed("one"), typed("two")])
    assert slugs(decision) == ["two"]
    (left_out,) = decision.rejected
    assert left_out.reason is Reason.NOT_COMBINED
    assert refusal(left_out, CATALOG).text == "ONE changes nothing here."
    assert way_out(left_out, CATALOG) == "remove TWO to use it instead"


def test_one_sided_agreement_is_none() -> None:
    one = campaign("one", offer("one", percent(1_000), combines_with=["two"]))
    two = campaign("two", offer("two", percent(2_000)))
    assert slugs(decide([one, two], [typed("one"), typed("two")])) == ["two"]


def test_agreement_may_name_a_single_offer() -> None:
    one = campaign("one", offer("one", percent(1_000), combines_with=["two/1"]))
    two = campaign("two", offer("two", percent(2_000), combines_with=["one/1"]))
    assert slugs(decide([one, two], [typed("one"), typed("two")])) == ["one", "two"]


def test_a_group_gives_one_offer() -> None:
    one = campaign("one", offer("one", percent(1_000), group="sale", combines_with=["two"]))
    two = campaign("two", offer("two", percent(2_000), group="sale", combines_with=["one"]))
    assert slugs(decide([one, two], [typed("one"), typed("two")])) == ["two"]


def test_three_codes_stand_together_and_the_fourth_does_not() -> None:
    found = friends(("a", 400), ("b", 300), ("c", 200), ("d", 100))
    assert slugs(decide(found, [typed(each.slug) for each in found])) == ["a", "b", "c"]


def test_automatic_offers_stand_beside_three_codes() -> None:
    names = ["a", "b", "c", "d"]
    found = [
        campaign(name, offer(name, percent(100), combines_with=set(names) - {name}, automatic=name == "d"))
        for name in names
    ]
    assert slugs(decide(found, [typed(name) for name in names])) == names


def test_an_equal_price_is_settled_by_the_offers_names() -> None:
    found = [campaign(name, offer(name, percent(1_000))) for name in ("beta", "alpha")]
    assert slugs(decide(found, [typed("beta"), typed("alpha")])) == ["alpha"]


def test_an_automatic_offer_needs_no_code() -> None:
    found = campaign("auto", offer("auto", percent(500), automatic=True))
    decision = decide([found], [])
    assert [(applied.ref.source, applied.ref.label) for applied in decision.applied] == [(Source.AUTOMATIC, "Auto")]


def test_an_automatic_offer_that_does_not_pass_is_not_spoken_of() -> None:
    found = campaign("auto", offer("auto", percent(500), automatic=True, plans=["scale"]))
    assert (decide([found], []).rejected, decide([found], []).applied) == ((), ())


def test_a_code_is_credited_where_the_offer_would_apply_by_itself() -> None:
    found = campaign("auto", offer("auto", percent(500), automatic=True))
    (applied,) = decide([found], [typed("auto", "FIVE")]).applied
    assert (applied.ref.source, applied.ref.label) == (Source.CODE, "FIVE")


def test_link_and_code_of_one_campaign_are_one_use() -> None:
    found = campaign("spring", offer("spring", percent(500)))
    link = Entry(source=Source.LINK, label="Spring", matches=(Match(slug="spring", entry_id="lnk_1"),))
    decision = decide([found], [link, typed("spring", "FIVE")])
    assert [applied.ref.label for applied in decision.applied] == ["FIVE"]
    assert decision.rejected == ()


def test_what_has_no_effect_beside_others_is_left_out() -> None:
    """All is free already: a fixed sum beside it takes nothing off, and so takes no use either."""
    all_of_it = campaign("all", offer("all", percent(10_000), combines_with=["sum"]))
    a_sum = campaign("sum", offer("sum", amount(5_000), combines_with=["all"]))
    assert slugs(decide([all_of_it, a_sum], [typed("all"), typed("sum")])) == ["all"]


def test_campaigns_that_cannot_match_are_not_looked_at() -> None:
    many = [
        campaign(f"off-{i}", offer(f"off-{i}", percent(500), plans=["scale"], automatic=True)) for i in range(1_000)
    ]
    mine = campaign("mine", offer("mine", percent(1_000), automatic=True))
    bought = cart(line())
    decision = evaluate(bought, NEW, NOW, campaigns(*many, mine), [])
    assert slugs(decision) == ["mine"]
    assert [each.slug for each in decision.trace.campaigns] == ["mine"]
    assert [each.published.slug for each in campaigns(*many, mine).automatic_for(bought)] == ["mine"]
