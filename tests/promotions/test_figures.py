"""What the ledger tells afterwards: results, time to the cap, a replay over past orders; and that the audit sees."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, delete, insert, select, update

from app.core.money import Money
from app.db.schema.promotions import promo_budgets, promo_identities, promo_ledger, promo_reservations, promo_traces
from app.promotions import budget_ids
from app.promotions.analytics import By, reached_cap_at, results, uses_by_day
from app.promotions.answers import Reason
from app.promotions.cart import Standing
from app.promotions.claims import Claimant
from app.promotions.model import BudgetSpec, Campaign, CodeSpec
from app.promotions.replay import PastOrder, Replayed, replay_orders
from app.promotions.reservation import Cause
from app.promotions.store import codes
from app.promotions.store.reading import Asked
from tests.promotions.till import Till
from tests.promotions.world import NEW, NOW, campaign, cart, line, offer, percent

SALE = campaign(
    "sale",
    offer("sale", percent(1_000)),
    budget=BudgetSpec(redemptions=3, money=(Money(10**9, "usd"),), per_identity=1),
    codes=[CodeSpec(code="SALE10"), CodeSpec(code="FRIEND10")],
    customer_wins=9,
)
HOUR = timedelta(hours=1)


def filled(till: Till) -> None:
    """One paid by a new customer, one paid back, one let go, one reserved, one paid late over the cap."""
    till.publish(SALE)
    till.claim_as(till.look("SALE10"), Claimant(order_id="O-1", standing=Standing.NEW))
    till.commit("O-1")
    till.clock.advance(HOUR)
    till.claim_as(till.look("FRIEND10"), Claimant(order_id="O-2", standing=Standing.EXISTING))
    till.commit("O-2")
    till.reverse("O-2")
    till.claim(till.look("SALE10"), "O-3")
    till.release("O-3", Cause.PAYMENT_FAILED)
    till.claim(till.look(asked=Asked(slugs=("sale",))), "O-4")
    till.clock.advance(HOUR)
    till.claim(till.look("SALE10", bought=cart(line(quantity=1))), "O-5")
    till.commit("O-3")


def test_results_tell_what_a_campaign_did(till: Till) -> None:
    filled(till)
    (found,) = till.database.read_now(lambda c: results(c, By.CAMPAIGN))
    assert (found.key, found.currency, found.open, found.paid, found.reversed, found.overdrafts) == (
        *("sale", "usd"),
        *(2, 3, 1, 1),
    )
    assert (found.cost, found.net) == (2 * 34_800, 2 * 313_200)
    assert dict(found.standings) == {"new": 1, "unknown": 1}  # the existing customer's was paid back
    assert dict(found.released) == {"payment_failed": 1}
    assert till.faults() == []


def test_results_of_codes_name_the_code(till: Till) -> None:
    filled(till)
    labels = {each.code_id: each.label for each in till.database.read_now(lambda c: codes.list_codes(c, "sale"))}
    found = till.database.read_now(lambda c: results(c, By.CODE, slug="sale"))
    assert {labels[each.key]: (each.paid, each.cost) for each in found} == {"SALE10": (2, 69_600), "FRIEND10": (1, 0)}
    assert till.database.read_now(lambda c: results(c, By.LINK)) == ()
    assert [each.key for each in till.database.read_now(lambda c: results(c, By.OFFER))] == ["sale/1"]


def test_the_cap_was_reached_when_the_last_use_went(till: Till) -> None:
    filled(till)
    assert till.database.read_now(lambda c: reached_cap_at(c, "sale")) == NOW + 2 * HOUR
    assert till.database.read_now(lambda c: reached_cap_at(c, "none")) is None
    day = NOW.replace(hour=0, minute=0)
    assert till.database.read_now(lambda c: uses_by_day(c, "sale")) == ((day, 3),)


def test_a_cap_that_was_never_reached(till: Till) -> None:
    till.publish(SALE)
    till.buy("O-1", "SALE10")
    assert till.database.read_now(lambda c: reached_cap_at(c, "sale")) is None


def past(number: int, seats: int = 10, keys: tuple[str, ...] = ()) -> PastOrder:
    at = NOW - timedelta(days=90) + number * HOUR
    return PastOrder(cart=cart(line(quantity=seats)), facts=NEW, identities=keys or (f"key of {number}",), at=at)


def replayed(found: Campaign, orders: Iterable[PastOrder]) -> Replayed:
    (answer,) = replay_orders([found], orders)
    return answer


def test_a_replay_counts_the_budgets_down() -> None:
    orders = [past(number) for number in range(1, 6)]
    found = replayed(SALE, reversed(orders))
    assert (found.orders, dict(found.cost)) == (3, {"usd": 104_400})
    assert found.capped_at == orders[3].at
    assert dict(found.refused) == {Reason.EXHAUSTED: 2}


def test_a_replay_knows_who_had_it_before_by_any_key() -> None:
    """As claims do: one mailbox under two accounts, one card of two people."""
    orders = [past(1, keys=("ann", "mail")), past(2, keys=("bob", "mail")), past(3, keys=("cem", "card"))]
    found = replayed(SALE, [*orders, past(4, keys=("dan", "card")), past(5, keys=("bob",))])
    assert (found.orders, dict(found.refused), found.capped_at) == (3, {Reason.USED: 2}, None)


def test_a_replay_spends_no_more_money_than_there_is() -> None:
    poor = replace(SALE, budget=BudgetSpec(money=(Money(40_000, "usd"),)))
    found = replayed(poor, [past(1), past(2), past(3, seats=1)])
    assert (found.orders, dict(found.cost)) == (2, {"usd": 34_800 + 3_480})


HIDDEN = replace(SALE, budget=BudgetSpec(), is_listed=False)
ONE, THREE = CodeSpec(code="ONE", redemptions=1), CodeSpec(batch=3, prefix="B", is_secret=True, redemptions_each=1)


@pytest.mark.parametrize(
    ("named", "uses"),
    [
        (replace(HIDDEN, codes=(ONE,)), 1),
        (replace(HIDDEN, codes=(ONE, THREE)), 4),
        (replace(HIDDEN, codes=(ONE,), link_redemptions=2), 3),  # as of one link
        (replace(HIDDEN, codes=(), link_redemptions=2), 2),
        (replace(HIDDEN, codes=()), 6),
        (replace(HIDDEN, codes=(CodeSpec(code="MANY"),)), 6),
        (replace(HIDDEN, codes=(ONE,), is_listed=True), 6),  # by its own address, when the code is used up
    ],
)
def test_a_replay_uses_up_codes_and_links(named: Campaign, uses: int) -> None:
    orders = [past(number) for number in range(1, 7)]
    found = replayed(named, orders)
    assert (found.orders, found.refused[Reason.EXHAUSTED]) == (uses, 6 - uses)
    assert found.capped_at == (orders[uses].at if uses < 6 else None)


def test_a_replay_offers_nothing_where_the_store_does_not() -> None:
    found = replayed(SALE, [replace(past(1), takes_offers=False), past(2)])
    assert (found.orders, dict(found.refused)) == (1, {Reason.ORDER_KIND: 1})


USES = promo_budgets.c.budget_id == budget_ids.campaign_uses("sale")
ORDER = promo_reservations.c.order_id == "O-4"
WRONGS = {
    "a counter that was helped": (update(promo_budgets).where(USES).values(used=9), "budget campaign:sale:uses"),
    "a row of the ledger that is gone": (
        delete(promo_ledger).where(promo_ledger.c.action == "commit"),
        "by the ledger",
    ),
    "a state without a row": (update(promo_reservations).where(ORDER).values(state="committed"), "reserved by the"),
    "an identity set free": (update(promo_identities).values(is_live=False), "its identity is not counted"),
    "a trace that is gone": (delete(promo_traces), "the trace of its decision is missing"),
    "a step that cannot be": (
        update(promo_ledger).where(promo_ledger.c.action == "release").values(action="reverse"),
        "reverse after reserved",
    ),
}


@pytest.mark.parametrize("wrong", WRONGS)
def test_the_audit_sees(till: Till, wrong: str) -> None:
    """A negative control for every check: it fails when there is something to be found."""
    filled(till)
    assert till.faults() == []
    statement, expected = WRONGS[wrong]
    till.database.write_now(lambda c: c.execute(statement))
    assert any(expected in fault for fault in till.faults())


def test_the_audit_sees_an_overdraft_without_an_alarm(till: Till) -> None:
    till.publish(replace(SALE, budget=BudgetSpec(redemptions=1), customer_wins=None))
    till.claim(till.look("SALE10"), "O-1")
    till.release("O-1")
    till.buy("O-2", "SALE10")
    till.commit("O-1")
    assert till.faults() == []
    till.database.write_now(lambda c: c.execute(update(promo_ledger).values(is_alarm=False)))
    assert any("without an alarm" in fault for fault in till.faults())


def test_the_audit_sees_two_live_reservations_of_one_order(till: Till) -> None:
    filled(till)

    def double(c: Connection) -> None:
        row = c.execute(select(promo_reservations).where(ORDER)).mappings().one()
        c.execute(insert(promo_reservations).values({**row, "reservation_id": "res_2", "live_key": "other"}))

    till.database.write_now(double)
    assert any("2 are live at once" in fault for fault in till.faults())
