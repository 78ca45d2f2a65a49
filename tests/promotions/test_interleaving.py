"""Any order of holding, claiming, letting go, paying and paying back: the books agree after every step."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from app.core.money import Money
from app.db.engine import Database
from app.promotions import settling
from app.promotions.audit import differences
from app.promotions.claims import AlreadyReserved, ClaimRefused, claim, hold
from app.promotions.decision import Decision
from app.promotions.identity_keys import identity_keys
from app.promotions.model import BudgetSpec, Campaign, CodeSpec
from app.promotions.publish import publish
from app.promotions.reservation import OPEN, Cause, Refund
from app.promotions.store import budgets, reservations
from app.promotions.store.reading import Asked, read_situation
from tests.promotions.world import NEW, NOW, SEALER, campaign, cart, claimant, line, offer, percent

ORDERS = ("O-1", "O-2", "O-3", "O-4")
PEOPLE = ("ann", "bob", "cleo")
CARDS = {"ann": "a card of two people", "bob": "a card of two people", "cleo": "another card"}
CAP, WINS = 2, 1
PAGE_LIVES = timedelta(minutes=35)


class _Undone(Exception):
    """Ends an example without a trace of it."""


def sale(cap: int, wins: int | None) -> Campaign:
    budget = BudgetSpec(redemptions=cap, money=(Money(90_000, "usd"),), per_identity=1)
    return campaign(
        "sale", offer("sale", percent(1_000)), budget=budget, customer_wins=wins, codes=[CodeSpec(code="SALE10")]
    )


@dataclass(slots=True)
class Shop:
    """A connection in a transaction that is never committed, and the clock of the example."""

    connection: Connection
    wall: datetime = NOW
    wins: int | None = WINS
    seen: set[str] = field(default_factory=set)

    def look(self, seats: int, own: tuple[str, ...]) -> Decision:
        bought = cart(line(quantity=seats))
        asked = Asked(codes=("SALE10",))
        found = read_situation(self.connection, asked, sealer=SEALER, carts=[bought], own=own, now=NOW)
        return found.decide(bought, NEW, NOW)

    def hold(self, order: str, person: str, seats: int) -> None:
        decision = self.look(seats, (f"int {order}",))
        hold(self.connection, decision, claimant(f"int {order}", person), now=NOW, wall=self.wall)

    def claim(self, order: str, person: str, seats: int) -> None:
        decision = self.look(seats, (f"int {order}", order))
        who = claimant(order, person)
        claim(self.connection, decision, who, held_for=f"int {order}", now=NOW, until=self.wall + PAGE_LIVES)

    def extend(self, order: str, person: str, seats: int) -> None:
        settling.extend(self.connection, order, now=NOW, until=self.wall + PAGE_LIVES)

    def release(self, order: str, person: str, seats: int) -> None:
        settling.release(self.connection, order, Cause.EXPIRED, now=NOW)

    def commit(self, order: str, person: str, seats: int) -> None:
        """Pay, with a card whose mark the vendor tells, or with none."""
        keys = identity_keys(SEALER, card_fingerprint=CARDS.get(person, ""))
        settling.commit(self.connection, order, keys=keys, now=NOW)

    def reverse(self, order: str, person: str, seats: int) -> None:
        settling.reverse(self.connection, order, Refund.FULL, now=NOW)

    def sweep(self, order: str, person: str, seats: int) -> None:
        self.wall += timedelta(minutes=seats)
        settling.sweep_holds(self.connection, now=NOW, wall=self.wall)

    def change_cap(self, order: str, person: str, seats: int) -> None:
        # a cap below what is used refuses newcomers and takes nothing from anybody
        publish(self.connection, [sale(1 + seats % 4, self.wins)], sealer=SEALER, actor="cli", now=NOW)

    def step(self, act: Callable[["Shop", str, str, int], None], order: str, person: str, seats: int) -> None:
        """Do one thing in a transaction of its own."""
        try:
            with self.connection.begin_nested():
                act(self, order, person, seats)
        except (ClaimRefused, AlreadyReserved) as refused:
            self.seen.add(type(refused).__name__)


Act = Callable[[Shop, str, str, int], None]
Step = tuple[Act, str, str, int]
ACTS: tuple[Act, ...] = (Shop.hold, Shop.claim, Shop.extend, Shop.release, Shop.commit, Shop.reverse, Shop.sweep)
steps = st.lists(
    st.tuples(st.sampled_from(ACTS), st.sampled_from(ORDERS), st.sampled_from(PEOPLE), st.sampled_from([1, 5, 10])),
    min_size=4,
    max_size=16,
)


def in_a_shop(database: Database, wins: int | None, body: Callable[[Shop], None]) -> None:
    def run(connection: Connection) -> None:
        publish(connection, [sale(CAP, wins)], sealer=SEALER, actor="cli", now=NOW)
        body(Shop(connection, wins=wins))
        raise _Undone

    try:
        database.write_now(run)
    except _Undone:
        return


# the database is the same for all examples and left as it was by each
once_for_all = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@once_for_all
@given(acts=steps, wins=st.sampled_from([None, 0, WINS, 9]))
def test_the_books_agree_after_every_step(database: Database, acts: list[Step], wins: int | None) -> None:
    """Invariants 1 to 3: ledger and counters, caps and overdrafts, one live reservation."""

    def walk(shop: Shop) -> None:
        for act, order, person, seats in acts:
            shop.step(act, order, person, seats)
            assert list(differences(shop.connection)) == []
            for counter in budgets.counters(shop.connection):
                assert counter.cap is None or counter.held + counter.used <= counter.cap

    in_a_shop(database, wins, walk)


@pytest.mark.engines("sqlite")
@once_for_all
@given(acts=steps)
def test_a_changed_cap_leaves_the_books_in_order(database: Database, acts: list[Step]) -> None:
    def walk(shop: Shop) -> None:
        for i, (act, order, person, seats) in enumerate(acts):
            shop.step(Shop.change_cap if i % 3 == 2 else act, order, person, seats)
            assert list(differences(shop.connection)) == []

    in_a_shop(database, WINS, walk)


@once_for_all
@given(acts=steps, paid=st.sets(st.sampled_from(ORDERS)), crash_after=st.integers(0, 16))
def test_after_a_crash_at_any_step_all_comes_to_an_end(
    database: Database,
    acts: list[Step],
    paid: set[str],
    crash_after: int,
) -> None:
    """Invariant 10: whatever was under way, sweeping with the vendor's word brings everything to its end."""

    def walk(shop: Shop) -> None:
        for act, order, person, seats in acts[:crash_after]:
            shop.step(act, order, person, seats)
        later = shop.wall + timedelta(days=1)
        settling.sweep_holds(shop.connection, now=NOW, wall=later)
        for order in settling.overdue(shop.connection, wall=later):
            # the vendor says of each payment page that it was paid, or that it is dead
            act = Shop.commit if order in paid else Shop.release
            shop.step(act, order, "", 0)
        assert [each for each in reservations.everything(shop.connection) if each.state in OPEN] == []
        assert all(counter.held == 0 for counter in budgets.counters(shop.connection))
        assert list(differences(shop.connection)) == []

    in_a_shop(database, WINS, walk)
