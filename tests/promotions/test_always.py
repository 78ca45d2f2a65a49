"""What always holds of a decision, whatever is bought, by whom, and with which offers."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from app.promotions.campaigns import Campaigns
from app.promotions.cart import Cart, Entry, Facts, Source
from app.promotions.decision import Decision, Trace
from app.promotions.evaluate import evaluate, replay
from app.promotions.model import Campaign
from app.promotions.packing import pack, unpack
from app.promotions.shares import share_out
from app.promotions.vendor_terms import terms_of
from app.promotions.wording import refusal, way_out
from app.vendor_adapters.embedded.model import BillLine, Discount
from app.vendor_adapters.embedded.pricing import with_discounts
from app.vendor_adapters.types import DiscountTerms, LineKind
from tests.promotions.strategies import buyers, carts, codes, sets_of_campaigns
from tests.promotions.world import CATALOG, NEW, NOW, published, typed

worlds = st.tuples(sets_of_campaigns(), carts(), buyers())


def decide(found: Sequence[Campaign], entries: Sequence[Entry], bought: Cart, facts: Facts) -> Decision:
    return evaluate(bought, facts, NOW, Campaigns(published(each) for each in found), entries)


@given(worlds, st.randoms(use_true_random=False))
def test_the_order_of_entry_does_not_matter(world: tuple[list[Campaign], Cart, Facts], chance: Random) -> None:
    """Invariant 4: deterministic and independent of order."""
    found, bought, facts = world
    entries = codes(found)
    expected = decide(found, entries, bought, facts)
    chance.shuffle(found)
    chance.shuffle(entries)
    assert decide(found, entries, bought, facts) == expected


@given(worlds, st.integers(0, 4))
def test_removing_a_code_never_makes_it_cheaper(world: tuple[list[Campaign], Cart, Facts], which: int) -> None:
    """Invariant 4: what falls due within twelve months only rises."""
    found, bought, facts = world
    entries = codes(found)
    fewer = [entry for i, entry in enumerate(entries) if i != which % len(entries)]
    before, after = decide(found, entries, bought, facts), decide(found, fewer, bought, facts)
    assert after.totals.first_year >= before.totals.first_year
    if all(line.renews_at is None for line in bought.lines):
        assert after.totals.due >= before.totals.due


@given(worlds)
def test_discounts_sum_and_stay_within_their_lines(world: tuple[list[Campaign], Cart, Facts]) -> None:
    """Invariant 5: line discounts sum to the discount, and none is below nothing or above its line."""
    found, bought, facts = world
    decision = decide(found, codes(found), bought, facts)
    totals = decision.totals
    assert all(0 <= line.discount <= line.gross for line in decision.lines)
    assert sum(line.discount for line in decision.lines) == totals.discount == totals.subtotal - totals.due
    assert sum(applied.amount for applied in decision.applied) == totals.discount
    assert all(sum(applied.shares) == applied.amount for applied in decision.applied)


@given(worlds)
def test_nothing_without_effect_is_applied(world: tuple[list[Campaign], Cart, Facts]) -> None:
    """Invariant 11, the engine's half: what takes nothing off is not there to be claimed."""
    found, bought, facts = world
    decision = decide(found, codes(found), bought, facts)
    assert all(applied.amount > 0 for applied in decision.applied)
    assert len({applied.offer.slug for applied in decision.applied}) == len(decision.applied)


@given(worlds)
def test_every_code_gets_one_answer(world: tuple[list[Campaign], Cart, Facts]) -> None:
    found, bought, facts = world
    decision = decide(found, codes(found), bought, facts)
    answered = [applied.offer.slug for applied in decision.applied if applied.ref.source.value == "code"]
    answered += [rejected.slug for rejected in decision.rejected] + [each.slug for each in decision.pending]
    codes_answered = set(answered) & {each.slug for each in found}
    assert codes_answered == {each.slug for each in found}


@given(worlds)
def test_a_secret_code_that_fails_is_answered_as_one_that_is_none(world: tuple[list[Campaign], Cart, Facts]) -> None:
    """Invariant 9: whatever is wrong with it, nothing of the answer says that there is such a code."""
    found, bought, facts = world
    secret = replace(typed(found[0].slug), is_secret=True)
    answer = decide(found, [secret], bought, facts)
    if answer.rejected:
        unknown = decide(found, [Entry(source=Source.CODE, label="NOPE")], bought, facts)
        assert _shown(answer) == _shown(unknown)


@given(worlds)
def test_a_trace_replays_to_the_same_total(world: tuple[list[Campaign], Cart, Facts]) -> None:
    found, bought, facts = world
    decision = decide(found, codes(found), bought, facts)
    kept = unpack(Trace, pack(decision.trace))
    assert replay(kept) == decision
    assert kept.digest == decision.trace.digest


@given(sets_of_campaigns(freely=False), carts())
def test_the_same_decision_is_the_same_call_at_the_vendor(found: list[Campaign], bought: Cart) -> None:
    """Invariant 8: made again from its trace, it asks for the same discounts in the same order."""
    decision = decide(found, codes(found), bought, NEW)
    assert _terms(replay(decision.trace), bought) == _terms(decision, bought)


@given(sets_of_campaigns(freely=False), carts())
def test_the_vendor_takes_off_what_the_engine_says(found: list[Campaign], bought: Cart) -> None:
    """The embedded vendor's bill, given the discounts in order, has the engine's figures line by line."""
    decision = decide(found, codes(found), bought, NEW)
    billed = with_discounts(tuple(_bill(bought)), [_discount(each) for each in _terms(decision, bought)])
    taken = [
        sum(-each.amount for each in billed if each.kind is LineKind.DISCOUNT and each.offer == line.offer)
        for line in bought.lines
    ]
    assert taken == [line.discount for line in decision.lines]


@given(st.lists(st.integers(0, 10**9), max_size=6), st.fractions(0, 1))
def test_shares_are_whole_and_within_their_weights(weights: list[int], ratio: Fraction) -> None:
    total = int(sum(weights) * ratio)
    parts = share_out(total, weights)
    assert sum(parts) == total
    assert all(0 <= part <= weight for part, weight in zip(parts, weights, strict=True))


def _shown(decision: Decision) -> tuple[object, ...]:
    """Return what a page says of a decision; an offer that applies by itself may have come in by the code too."""
    (rejected,) = decision.rejected
    applied = [(each.offer.id, each.amount, each.shares) for each in decision.applied]
    told = refusal(rejected, CATALOG), way_out(rejected, CATALOG)
    return (*told, applied, decision.pending, decision.lines, decision.totals)


def _terms(decision: Decision, bought: Cart) -> list[DiscountTerms]:
    return [terms_of(applied, bought, CATALOG, discount_id=f"dsc_{i}") for i, applied in enumerate(decision.applied)]


def _bill(bought: Cart) -> list[BillLine]:
    return [
        BillLine(kind=LineKind.PURCHASE, offer=line.offer, quantity=line.added, unit_price=0, amount=line.amount)
        for line in bought.lines
    ]


def _discount(terms: DiscountTerms) -> Discount:
    return Discount(
        ref=terms.reservation,
        label=terms.label,
        percent_bp=terms.percent_bp,
        amount_off=terms.amount_off.minor if terms.amount_off else 0,
        currency=terms.amount_off.currency if terms.amount_off else "",
        offers=frozenset(terms.offers),
        periods=terms.periods,
    )
