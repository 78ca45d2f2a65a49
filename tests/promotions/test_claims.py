"""Claims and what becomes of them: one way for all, all or nothing, once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.core.money import Money
from app.promotions import budget_ids, settling
from app.promotions.answers import Reason
from app.promotions.cart import Standing
from app.promotions.claims import HOLD_FOR, AlreadyReserved, Claimant, ClaimRefused
from app.promotions.identity_keys import identity_keys
from app.promotions.model import BudgetSpec, Campaign, CodeSpec
from app.promotions.publish import pause
from app.promotions.reservation import Cause, Refund, ReservationState
from app.promotions.store import ledger
from app.promotions.store.reading import Asked
from tests.promotions.till import PAGE_LIVES, Till
from tests.promotions.world import SEALER, campaign, cart, claimant, line, offer, percent

USES, MONEY = budget_ids.campaign_uses("sale"), budget_ids.campaign_money("sale", "usd")


def sale(
    redemptions: int | None = 2,
    *,
    money: int | None = None,
    per_identity: int | None = None,
    customer_wins: int | None = None,
    code_cap: int | None = None,
    basis_points: int = 1_000,
) -> Campaign:
    sums = (Money(money, "usd"),) if money else ()
    return campaign(
        "sale",
        offer("sale", percent(basis_points)),
        budget=BudgetSpec(redemptions=redemptions, money=sums, per_identity=per_identity),
        codes=[CodeSpec(code="SALE10", redemptions=code_cap)],
        customer_wins=customer_wins,
    )


def test_a_use_is_reserved_then_paid(till: Till) -> None:
    till.publish(sale())
    (reservation,) = till.claim(till.look("sale-10"), "O-1")
    assert (reservation.amount, reservation.net, reservation.state) == (34_800, 313_200, ReservationState.RESERVED)
    assert (till.counts(USES), till.counts(MONEY)) == ((1, 0, 0), (34_800, 0, 0))
    assert [each.state for each in till.commit("O-1").reservations] == [ReservationState.COMMITTED]
    assert (till.counts(USES), till.counts(MONEY)) == ((0, 1, 0), (0, 34_800, 0))
    assert till.told("O-1") == ["reserve", "commit"]
    assert till.faults() == []


def test_everything_may_be_repeated(till: Till) -> None:
    till.publish(sale())
    decision = till.look("SALE10")
    assert till.claim(decision, "O-1") == till.claim(decision, "O-1")
    till.commit("O-1")
    assert [each.state for each in till.claim(decision, "O-1")] == [ReservationState.COMMITTED]
    assert till.commit("O-1").reservations == ()
    assert till.release("O-1") == ()
    till.reverse("O-1")
    assert till.reverse("O-1") == ()
    assert till.commit("O-1").reservations == ()
    assert till.told("O-1") == ["reserve", "commit", "reverse full"]
    assert (till.counts(USES), till.faults()) == ((0, 0, 0), [])


def test_the_last_use_is_sold_once(till: Till) -> None:
    till.publish(sale(1))
    decision = till.look("SALE10")
    till.claim(decision, "O-1")
    with pytest.raises(ClaimRefused) as refused:
        till.claim(decision, "O-2")
    assert refused.value.rejected.reason is Reason.EXHAUSTED
    assert [each.reason for each in till.look("SALE10").rejected] == [Reason.EXHAUSTED]
    assert (till.told("O-2"), till.faults()) == ([], [])
    till.release("O-1", Cause.PAYMENT_FAILED)
    assert till.claim(till.look("SALE10"), "O-2")


def test_a_refusal_takes_nothing_of_anything(till: Till) -> None:
    """The first campaign has room, the second none: neither is claimed."""
    one = campaign("one", offer("one", percent(500), combines_with=["two"]), budget=BudgetSpec(redemptions=9))
    two = campaign("two", offer("two", percent(500), combines_with=["one"]), budget=BudgetSpec(redemptions=1))
    till.publish(one, two)
    both = till.look(asked=Asked(slugs=("one", "two")))
    assert len(both.applied) == 2
    till.claim(till.look(asked=Asked(slugs=("two",))), "O-1")
    with pytest.raises(ClaimRefused) as refused:
        till.claim(both, "O-2")
    assert (refused.value.rejected.slug, refused.value.rejected.reason) == ("two", Reason.EXHAUSTED)
    assert till.counts(budget_ids.campaign_uses("one")) == (0, 0, 0)
    assert (till.told("O-2"), till.faults()) == ([], [])


def test_money_is_never_spent_beyond_the_budget(till: Till) -> None:
    till.publish(sale(None, money=100_000))
    decision = till.look("SALE10")
    for order in ("O-1", "O-2"):
        till.claim(decision, order)
    with pytest.raises(ClaimRefused):
        till.claim(decision, "O-3")
    assert till.counts(MONEY) == (69_600, 0, 0)
    smaller = till.look("SALE10", bought=cart(line(quantity=8)))
    till.claim(smaller, "O-4")
    assert (till.counts(MONEY), till.faults()) == ((97_440, 0, 0), [])


def test_a_code_has_a_cap_of_its_own(till: Till) -> None:
    till.publish(sale(9, code_cap=1))
    decision = till.look("SALE10")
    till.claim(decision, "O-1")
    with pytest.raises(ClaimRefused):
        till.claim(decision, "O-2")
    till.claim(till.look(asked=Asked(slugs=("sale",))), "O-3")
    assert till.faults() == []


def test_one_person_has_it_as_often_as_anybody_may(till: Till) -> None:
    till.publish(sale(9, per_identity=2))
    decision = till.look("SALE10")
    for order in ("O-1", "O-2"):
        till.claim(decision, order, "ann")
    with pytest.raises(ClaimRefused) as refused:
        till.claim(decision, "O-3", "ann")
    assert refused.value.rejected.reason is Reason.USED
    ann = claimant("O-3", "ann").identities
    assert [each.reason for each in till.look("SALE10", buyer=ann).rejected] == [Reason.USED]
    till.claim(decision, "O-4", "bob")
    till.release("O-1")
    till.claim(decision, "O-3", "ann")
    assert (till.counts(USES), till.faults()) == ((3, 0, 0), [])


def test_any_fact_in_common_is_the_same_person(till: Till) -> None:
    till.publish(sale(9, per_identity=1))
    decision = till.look("SALE10")
    first = identity_keys(SEALER, person_id="per_1", email="ann+a@example.com")
    second = identity_keys(SEALER, person_id="per_2", email="Ann@example.com")
    till.claim_as(decision, Claimant(order_id="O-1", identities=first))
    with pytest.raises(ClaimRefused):
        till.claim_as(decision, Claimant(order_id="O-2", identities=second))


CARD = identity_keys(SEALER, card_fingerprint="fp_1")


def test_a_card_is_known_once_it_has_paid(till: Till) -> None:
    till.publish(sale(9, per_identity=1))
    till.claim(till.look("SALE10"), "O-1")
    assert till.look("SALE10", buyer=CARD).applied
    assert not till.commit("O-1", keys=CARD).overdrafts
    assert [each.reason for each in till.look("SALE10", buyer=CARD).rejected] == [Reason.USED]
    who = Claimant(order_id="O-2", identities=(*identity_keys(SEALER, person_id="per_2"), *CARD))
    with pytest.raises(ClaimRefused) as refused:
        till.claim_as(till.look("SALE10"), who)
    assert (refused.value.rejected.reason, till.faults()) == (Reason.USED, [])


@pytest.mark.parametrize(("wins", "is_alarm"), [(None, True), (0, True), (1, False)])
def test_a_card_that_had_it_before_is_an_overdraft(till: Till, wins: int | None, is_alarm: bool) -> None:
    """On the vendor's page it is told too late: the price that was shown is honoured, as a late payment's is."""
    till.publish(sale(9, per_identity=1, customer_wins=wins))
    for order in ("O-1", "O-2"):
        till.claim(till.look("SALE10"), order)
    first, second = till.commit("O-1", keys=CARD), till.commit("O-2", keys=CARD)
    assert (first.overdrafts, len(second.overdrafts), len(second.alarms)) == ((), 1, int(is_alarm))
    assert till.told("O-2") == ["reserve", "overdraft card_used"]
    assert (till.counts(USES), till.faults()) == ((0, 1, 1), [])
    assert till.commit("O-2", keys=CARD).reservations == ()
    till.reverse("O-2")
    assert (till.counts(USES), till.faults()) == ((0, 1, 0), [])
    till.reverse("O-1")
    assert till.look("SALE10", buyer=CARD).applied


def test_a_card_that_had_it_is_found_after_a_late_payment_too(till: Till) -> None:
    till.publish(sale(9, per_identity=1))
    for order in ("O-1", "O-2"):
        till.claim(till.look("SALE10"), order)
    till.commit("O-1", keys=CARD)
    till.release("O-2", Cause.EXPIRED)
    assert len(till.commit("O-2", keys=CARD).alarms) == 1
    assert (till.told("O-2")[-1], till.counts(USES), till.faults()) == ("overdraft paid_late", (0, 1, 1), [])


def test_a_card_may_have_it_as_often_as_anybody(till: Till) -> None:
    till.publish(sale(9, per_identity=2))
    for order in ("O-1", "O-2", "O-3"):
        till.claim(till.look("SALE10"), order)
    assert [len(till.commit(order, keys=CARD).overdrafts) for order in ("O-1", "O-2", "O-3")] == [0, 0, 1]
    assert (till.counts(USES), till.faults()) == ((0, 2, 1), [])


def test_another_price_for_the_same_order_is_refused(till: Till) -> None:
    till.publish(sale())
    till.claim(till.look("SALE10"), "O-1")
    with pytest.raises(AlreadyReserved):
        till.claim(till.look("SALE10", bought=cart(line(quantity=3))), "O-1")
    with pytest.raises(AlreadyReserved):
        till.claim(till.look(), "O-1")


def test_nothing_applied_claims_nothing(till: Till) -> None:
    """Invariant 11: without an effect there is no reservation, no row and no use."""
    till.publish(sale())
    free_cart = cart(line(amount=0))
    assert till.claim(till.look("SALE10", bought=free_cart), "O-1") == ()
    assert (till.told("O-1"), till.counts(USES)) == ([], (0, 0, 0))


def test_an_order_for_nothing_is_committed_too(till: Till) -> None:
    till.publish(sale(basis_points=10_000))
    (reservation,) = till.buy("O-1", "SALE10").reservations
    assert (reservation.net, till.counts(USES)) == (0, (0, 1, 0))


def test_hopes_and_previews_cannot_be_claimed(till: Till) -> None:
    till.publish(sale())
    shown = till.look(asked=Asked(previews=("sale",)))
    assert shown.applied
    with pytest.raises(ValueError, match="never a preview"):
        till.claim(shown, "O-1")


@pytest.mark.parametrize("few", [sale(20), sale(None, money=34_800 * 20 - 1)])
def test_only_what_is_scarce_is_held(till: Till, few: Campaign) -> None:
    till.publish(sale(100, money=34_800 * 20))
    assert till.hold(till.look("SALE10"), "int_1") == ()
    till.publish(few)
    (held,) = till.hold(till.look("SALE10"), "int_1")
    assert held.state is ReservationState.HELD
    assert till.counts(USES) == (1, 0, 0)


def test_a_hold_becomes_the_orders_and_keeps_others_out(till: Till) -> None:
    till.publish(sale(1, per_identity=1))
    till.hold(till.look("SALE10"), "int_1", "ann")
    assert till.look("SALE10").applied == ()
    ann = claimant("int_1", "ann").identities
    mine = till.look("SALE10", buyer=ann, own=("int_1",))
    assert mine.totals.discount == 34_800
    (reservation,) = till.claim(mine, "O-1", "ann", held_for="int_1")
    assert (reservation.state, reservation.order_id) == (ReservationState.RESERVED, "O-1")
    assert till.look("SALE10", buyer=ann, own=("int_1", "O-1")).totals.discount == 34_800
    till.commit("O-1")
    assert (till.told("int_1"), till.told("O-1")) == (["hold"], ["reserve held", "commit"])
    assert (till.counts(USES), till.faults()) == ((0, 1, 0), [])


def test_what_is_known_later_counts_too(till: Till) -> None:
    """Held before an account was made, reserved with it: the account has then had it."""
    till.publish(sale(5, per_identity=1))
    account = identity_keys(SEALER, account_id="acc_1")
    person = identity_keys(SEALER, person_id="per_1")
    till.hold(till.look("SALE10"), "int_1", "ann")
    mine = till.look("SALE10", own=("int_1",))
    who = Claimant(order_id="O-1", identities=(*person, *account), standing=Standing.NEW)
    (reservation,) = till.claim_as(mine, who, held_for="int_1")
    assert (reservation.customer, reservation.trace_hash) == ("new", mine.trace.digest)
    assert [each.reason for each in till.look("SALE10", buyer=account).rejected] == [Reason.USED]
    till.hold(till.look("SALE10"), "int_2", "bob")
    with pytest.raises(ClaimRefused) as refused:
        till.claim_as(till.look("SALE10", own=("int_2",)), replace(who, order_id="O-2"), held_for="int_2")
    assert refused.value.rejected.reason is Reason.USED
    assert till.faults() == []


def test_holding_again_is_no_longer_hold(till: Till) -> None:
    till.publish(sale(1))
    (first,) = till.hold(till.look("SALE10"), "int_1")
    till.clock.advance(timedelta(minutes=9))
    (again,) = till.hold(till.look("SALE10", own=("int_1",)), "int_1")
    assert again == first


def test_another_cart_replaces_the_hold(till: Till) -> None:
    till.publish(sale(1, per_identity=1))
    till.hold(till.look("SALE10"), "int_1", "ann")
    smaller = till.look("SALE10", bought=cart(line(quantity=3)), own=("int_1",))
    (held,) = till.hold(smaller, "int_1", "ann")
    assert (held.amount, till.counts(USES), till.counts(MONEY)) == (10_440, (1, 0, 0), (10_440, 0, 0))
    till.hold(till.look(own=("int_1",)), "int_1", "ann")
    assert (till.counts(USES), till.faults()) == ((0, 0, 0), [])
    assert till.told("int_1") == ["hold", "release cart_changed", "hold", "release cart_changed"]


def test_holds_end_by_themselves_and_reservations_do_not(till: Till) -> None:
    till.publish(sale(2))
    till.hold(till.look("SALE10"), "int_1")
    till.claim(till.look("SALE10"), "O-1")

    def sweep() -> int:
        return till.database.write_now(lambda c: settling.sweep_holds(c, now=till.clock.now(), wall=till.clock.wall()))

    assert sweep() == 0
    till.clock.advance(HOLD_FOR)
    assert (sweep(), sweep()) == (1, 0)
    till.clock.advance(timedelta(days=1))
    assert sweep() == 0
    assert (till.counts(USES), till.told("int_1")) == ((1, 0, 0), ["hold", "release expired"])


def test_what_is_reserved_too_long_is_asked_after(till: Till) -> None:
    till.publish(sale())
    till.claim(till.look("SALE10"), "O-1")

    def overdue() -> tuple[str, ...]:
        return till.database.read_now(lambda c: settling.overdue(c, wall=till.clock.wall()))

    assert overdue() == ()
    till.clock.advance(PAGE_LIVES)
    assert overdue() == ("O-1",)
    until = till.clock.wall() + timedelta(hours=1)
    assert till.database.write_now(lambda c: settling.extend(c, "O-1", now=till.clock.now(), until=until)) == 1
    assert till.database.write_now(lambda c: settling.extend(c, "O-1", now=till.clock.now(), until=until)) == 0
    assert overdue() == ()
    till.commit("O-1")
    till.clock.advance(timedelta(days=9))
    assert (overdue(), till.told("O-1")) == ((), ["reserve", "extend", "commit"])


def test_paid_after_a_release_it_is_taken_again(till: Till) -> None:
    till.publish(sale(1, per_identity=1))
    till.claim(till.look("SALE10"), "O-1", "ann")
    till.release("O-1", Cause.EXPIRED)
    done = till.commit("O-1")
    assert (len(done.reservations), done.overdrafts, done.alarms) == (1, (), ())
    assert (till.counts(USES), till.told("O-1")[-1], till.faults()) == ((0, 1, 0), "commit paid_late", [])
    ann = claimant("O-1", "ann").identities
    till.publish(sale(9, per_identity=1))
    assert [each.reason for each in till.look("SALE10", buyer=ann).rejected] == [Reason.USED]


@pytest.mark.parametrize(("wins", "alarms"), [(None, [True, True, True]), (2, [False, False, True]), (0, [True] * 3)])
def test_paid_when_it_is_sold_out_the_price_shown_is_honoured(till: Till, wins: int | None, alarms: list[bool]) -> None:
    till.publish(sale(3, customer_wins=wins))
    late, fast = ("O-1", "O-2", "O-3"), ("O-4", "O-5", "O-6")
    for order in late:
        till.claim(till.look("SALE10"), order)
    for order in late:
        till.release(order, Cause.EXPIRED)
    for order in fast:
        till.buy(order, "SALE10")
    found = [till.commit(order) for order in late]
    assert [bool(each.alarms) for each in found] == alarms
    assert all(each.overdrafts for each in found)
    assert (till.counts(USES), till.counts(MONEY)) == ((0, 3, 3), (0, 104_400, 104_400))
    raised = till.database.read_now(ledger.alarms)
    assert [each.order_id for each in raised] == [order for order, alarm in zip(late, alarms, strict=True) if alarm]
    assert till.faults() == []
    till.reverse("O-1")
    assert (till.counts(USES), till.faults()) == ((0, 3, 2), [])


@pytest.mark.parametrize("refund", [Refund.PARTIAL, Refund.DISPUTE, Refund.DISPUTE_PREVENTION])
def test_only_a_full_refund_gives_the_use_back(till: Till, refund: Refund) -> None:
    till.publish(sale(1))
    till.buy("O-1", "SALE10")
    assert till.reverse("O-1", refund) == ()
    assert till.look("SALE10").applied == ()
    till.reverse("O-1", Refund.FULL)
    assert till.look("SALE10").applied
    assert (till.counts(USES), till.faults()) == ((0, 0, 0), [])


def test_a_later_version_leaves_what_was_reserved_alone(till: Till) -> None:
    till.publish(sale())
    (reservation,) = till.claim(till.look("SALE10"), "O-1")
    till.publish(sale(basis_points=5_000))
    till.database.write_now(lambda c: pause(c, "sale"))
    (paid,) = till.commit("O-1").reservations
    assert (reservation.version, paid.version, paid.amount) == (1, 1, 34_800)


def test_every_row_has_the_trace_of_its_decision(till: Till) -> None:
    till.publish(sale())
    decision = till.look("SALE10")
    (reservation,) = till.claim(decision, "O-1")
    kept = till.database.read_now(lambda c: ledger.find_trace(c, reservation.trace_hash))
    assert kept == decision.trace
    assert reservation.trace_hash == decision.trace.digest


def test_what_is_bought_again_after_it_was_paid_back_is_a_use_again(till: Till) -> None:
    """Found by the wide profile: the second reservation of the same order must not stay reserved for good."""
    till.publish(sale())
    till.buy("O-1", "SALE10")
    till.reverse("O-1")
    till.claim(till.look("SALE10"), "O-1")
    till.commit("O-1")
    till.commit("O-1")
    assert till.told("O-1") == ["reserve", "commit", "reverse full", "reserve", "commit"]
    assert (till.counts(USES), till.faults()) == ((0, 1, 0), [])
