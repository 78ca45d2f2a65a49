"""Claiming what was decided: one way for codes, links and automatic offers, all of it or nothing.

The functions work inside their caller's transaction and call no vendor. A refusal is raised, so that everything that
the transaction did, the order included, is undone with it. Rows are taken in one order by all: reservations by
campaign, budgets by id, identities by campaign and key.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from app.core.ids import new_id
from app.promotions.answers import Reason
from app.promotions.cart import Standing
from app.promotions.counting import let_go, moves_of, take_slots
from app.promotions.decision import Applied, Decision, Rejected
from app.promotions.reservation import Cause, Reservation, ReservationState
from app.promotions.store import budgets, identities, ledger, reservations
from app.promotions.store.budgets import Exhausted, Move
from app.promotions.store.identities import SlotTaken
from app.promotions.store.ledger import Action

HOLD_FOR = timedelta(minutes=10)


class ClaimRefused(Exception):
    """Somebody was faster, or the buyer had it before; the transaction must not be committed."""

    def __init__(self, rejected: Rejected) -> None:
        super().__init__(rejected.reason.value)
        self.rejected = rejected


class AlreadyReserved(Exception):
    """The order has reservations on other terms: its payment page must die, and they be released, before new ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimant:
    """For whom is claimed.

    Attributes:
        order_id: the order's; for a hold the intent's. identities: keys from ``identity_keys``. actor: who caused it,
            a person's id or ``system``.
    """

    order_id: str
    account_id: str = ""
    identities: tuple[str, ...] = ()
    standing: Standing = Standing.UNKNOWN
    actor: str = "system"


def hold(
    connection: Connection, decision: Decision, who: Claimant, *, now: datetime, wall: datetime
) -> tuple[Reservation, ...]:
    """Keep what is scarce for a buyer who has applied it, for ten minutes; what is plentiful is not held.

    Holding the same again does not lengthen it, another choice replaces it. Raises ClaimRefused. ``now`` is business
    time, ``wall`` wall time.
    """
    scarce = replace(decision, applied=tuple(each for each in decision.applied if each.is_scarce))
    return _Claim(connection, scarce, who, now).take(ReservationState.HELD, who.order_id, wall + HOLD_FOR)


def claim(
    connection: Connection, decision: Decision, who: Claimant, *, held_for: str = "", now: datetime, until: datetime
) -> tuple[Reservation, ...]:
    """Reserve everything that ``decision`` applies for the order ``who.order_id``, or nothing.

    A second call for the same order on the same terms returns the same reservations, whatever became of them.

    Args:
        held_for: the intent whose holds become the order's; what else it holds is let go.
        now: business time. until: wall time from which on the payment page is asked after.

    Raises:
        ClaimRefused: a budget or an identity has nothing left. AlreadyReserved: other terms are reserved.
    """
    return _Claim(connection, decision, who, now).take(ReservationState.RESERVED, held_for, until)


class _Claim:
    def __init__(self, connection: Connection, decision: Decision, who: Claimant, now: datetime) -> None:
        if not decision.is_firm:
            raise ValueError("only what applies for certain can be claimed, never a preview or a hope")
        self.connection = connection
        self.decision = decision
        self.wanted = sorted(decision.applied, key=lambda each: each.offer.slug)
        self.digest = decision.trace.digest if decision.applied else ""
        self.who = who
        self.now = now

    def take(self, state: ReservationState, held_for: str, until: datetime) -> tuple[Reservation, ...]:
        holds = self._holds(held_for)
        standing = [each for each in self._live() if each not in holds]
        if standing:
            return self._same(standing)
        kept = [each for each in holds if any(self._is_same(each, applied) for applied in self.wanted)]
        gone, moves = self._let_go([each for each in holds if each not in kept])
        taken = [self._keep(each, state, until) for each in kept]
        fresh: list[Reservation] = []
        for applied in self._still_wanted(kept):
            reservation = self._reservation(applied, state, until)
            if not reservations.add(self.connection, reservation):
                return self._same(self._live())  # another press of the same button was first
            fresh.append(reservation)
        self._count(gone, moves, taken, fresh)
        return tuple(sorted([*taken, *fresh], key=lambda each: each.slug))

    def _holds(self, held_for: str) -> list[Reservation]:
        if not held_for:
            return []
        return reservations.of_order(self.connection, held_for, states=(ReservationState.HELD,))

    def _live(self) -> list[Reservation]:
        return reservations.live_of(self.connection, self.who.order_id)

    def _same(self, standing: list[Reservation]) -> tuple[Reservation, ...]:
        pairs = zip(standing, self.wanted, strict=False)
        if len(standing) != len(self.wanted) or not all(self._is_same(*pair) for pair in pairs):
            raise AlreadyReserved(self.who.order_id)
        return tuple(standing)

    def _is_same(self, reservation: Reservation, applied: Applied) -> bool:
        """Whether the terms are the same; the version may be older, it is the one that was shown."""
        return (reservation.offer_id, reservation.currency, reservation.amount) == (
            applied.offer.id,
            self.decision.trace.cart.currency,
            applied.amount,
        )

    def _still_wanted(self, kept: Sequence[Reservation]) -> list[Applied]:
        slugs = {each.slug for each in kept}
        return [applied for applied in self.wanted if applied.offer.slug not in slugs]

    def _let_go(self, holds: Sequence[Reservation]) -> tuple[list[Reservation], list[Move]]:
        return let_go(self.connection, holds, Cause.CART_CHANGED, now=self.now, actor=self.who.actor)

    def _keep(self, held: Reservation, state: ReservationState, until: datetime) -> Reservation:
        """Let a hold stand as it is, or become the order's; either way it is counted already."""
        if state is ReservationState.HELD:
            return held
        mine = replace(
            held,
            state=state,
            order_id=self.who.order_id,
            account_id=self.who.account_id,
            customer=self.who.standing.value,
            net=self.decision.totals.due,
            trace_hash=self.digest,
            expires_at=until,
        )
        reservations.change(self.connection, mine, expected=(ReservationState.HELD,))
        ledger.append(self.connection, mine, Action.RESERVE, actor=self.who.actor, now=self.now, cause="held")
        return mine

    def _count(
        self,
        gone: Sequence[Reservation],
        moves: list[Move],
        taken: Sequence[Reservation],
        fresh: Sequence[Reservation],
    ) -> None:
        """Take one of every budget and a slot for every key; ClaimRefused when there is none."""
        for reservation in fresh:
            moves = moves + moves_of(reservation, held=1, is_capped=True)
        try:
            budgets.move(self.connection, moves)
            identities.free_slots(self.connection, [each.reservation_id for each in gone])
            for reservation in sorted([*taken, *fresh], key=lambda each: each.slug):
                # more may be known of the buyer than when it was held
                known = identities.keys_of(self.connection, reservation.reservation_id)
                take_slots(self.connection, reservation, sorted(set(self.who.identities) - set(known)))
        except Exhausted as refusal:
            raise self._refused(refusal.slug, Reason.EXHAUSTED) from refusal
        except SlotTaken as refusal:
            raise self._refused(refusal.slug, Reason.USED) from refusal
        for reservation in fresh:
            action = Action.HOLD if reservation.state is ReservationState.HELD else Action.RESERVE
            ledger.append(self.connection, reservation, action, actor=self.who.actor, now=self.now)
        if fresh or taken:
            ledger.keep_trace(self.connection, self.decision.trace, self.now)

    def _refused(self, slug: str, reason: Reason) -> ClaimRefused:
        applied = next(each for each in self.wanted if each.offer.slug == slug)
        return ClaimRefused(Rejected(ref=applied.ref, reason=reason, slug=slug, offer=applied.offer))

    def _reservation(self, applied: Applied, state: ReservationState, until: datetime) -> Reservation:
        return Reservation(
            reservation_id=new_id("res"),
            state=state,
            order_id=self.who.order_id,
            account_id=self.who.account_id,
            slug=applied.offer.slug,
            version=applied.version,
            offer_id=applied.offer.id,
            code_id=applied.ref.code_id,
            link_id=applied.ref.link_id,
            currency=self.decision.trace.cart.currency,
            amount=applied.amount,
            net=self.decision.totals.due,
            customer=self.who.standing.value,
            is_overdraft=False,
            trace_hash=self.digest,
            made_at=self.now,
            expires_at=until,
        )
