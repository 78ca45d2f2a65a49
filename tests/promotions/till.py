"""What a checkout does with the engine, in one place: publish, look, claim, pay, let go, and check the books."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection

from app.core.clock import FrozenClock
from app.db.engine import Database
from app.promotions import settling
from app.promotions.audit import differences
from app.promotions.cart import Cart, Facts
from app.promotions.claims import Claimant, claim, hold
from app.promotions.decision import Decision
from app.promotions.model import Campaign
from app.promotions.publish import publish
from app.promotions.reservation import Cause, Refund, Reservation
from app.promotions.settling import Committed
from app.promotions.store import budgets
from app.promotions.store.campaigns import Change
from app.promotions.store.ledger import entries
from app.promotions.store.reading import Asked, read_situation
from tests.promotions.world import NEW, SEALER, cart, claimant

PAGE_LIVES = timedelta(minutes=35)


class Till:
    """Each method is one transaction, or with ``on`` a part of the caller's."""

    def __init__(self, database: Database, clock: FrozenClock) -> None:
        self.database = database
        self.clock = clock

    def publish(self, *found: Campaign) -> tuple[Change, ...]:
        return self.database.write_now(lambda c: publish(c, found, sealer=SEALER, actor="cli", now=self.clock.now()))

    def look(
        self,
        *codes: str,
        asked: Asked | None = None,
        bought: Cart | None = None,
        facts: Facts = NEW,
        buyer: Sequence[str] = (),
        own: Sequence[str] = (),
    ) -> Decision:
        """Evaluate a cart with these codes as typed; nothing is written."""
        wanted, now = bought or cart(), self.clock.now()

        def read(connection: Connection) -> Decision:
            situation = read_situation(
                connection,
                asked or Asked(codes=codes),
                sealer=SEALER,
                carts=[wanted],
                buyer=buyer,
                own=own,
                now=now,
            )
            return situation.decide(wanted, facts, now)

        return self.database.read_now(read)

    def hold(self, decision: Decision, intent: str, person: str = "") -> tuple[Reservation, ...]:
        now, wall = self.clock.now(), self.clock.wall()
        return self.database.write_now(lambda c: hold(c, decision, claimant(intent, person), now=now, wall=wall))

    def claim(self, decision: Decision, order: str, person: str = "", *, held_for: str = "") -> tuple[Reservation, ...]:
        return self.claim_as(decision, claimant(order, person), held_for=held_for)

    def claim_as(self, decision: Decision, who: Claimant, *, held_for: str = "") -> tuple[Reservation, ...]:
        now, until = self.clock.now(), self.clock.wall() + PAGE_LIVES
        return self.database.write_now(lambda c: claim(c, decision, who, held_for=held_for, now=now, until=until))

    def release(self, order: str, cause: Cause = Cause.ABANDONED) -> tuple[Reservation, ...]:
        return self.database.write_now(lambda c: settling.release(c, order, cause, now=self.clock.now()))

    def commit(self, order: str, *, keys: Sequence[str] = ()) -> Committed:
        return self.database.write_now(lambda c: settling.commit(c, order, keys=keys, now=self.clock.now()))

    def reverse(self, order: str, refund: Refund = Refund.FULL) -> tuple[Reservation, ...]:
        return self.database.write_now(lambda c: settling.reverse(c, order, refund, now=self.clock.now()))

    def buy(self, order: str, *codes: str) -> Committed:
        """Look, claim and pay."""
        self.claim(self.look(*codes), order)
        return self.commit(order)

    def counts(self, budget_id: str) -> tuple[int, int, int]:
        """Return what is held, used and overdrawn of a budget."""
        found = self.database.read_now(budgets.counters)
        return next((each.held, each.used, each.overdrawn) for each in found if each.budget_id == budget_id)

    def told(self, order: str) -> list[str]:
        """Return the ledger's actions on an order, with their causes."""

        def read(connection: Connection) -> list[str]:
            return [f"{e.action.value} {e.cause}".strip() for e in entries(connection, order_id=order)]

        return self.database.read_now(read)

    def faults(self) -> list[str]:
        """Return what the audit finds."""
        return self.database.read_now(lambda c: list(differences(c)))
