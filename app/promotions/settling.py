"""What becomes of reservations: they stand longer, are let go, paid, or paid back. Steps are relative and repeatable.

Like claims, all of it happens inside the caller's transaction, calls no vendor, and takes rows in the same order.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from sqlalchemy import Connection

from app.promotions import budget_ids
from app.promotions.counting import let_go, moves_of, slots_of, take_slots
from app.promotions.reservation import OPEN, Cause, Refund, Reservation, ReservationState
from app.promotions.store import budgets, campaigns, identities, ledger, reservations
from app.promotions.store.budgets import Exhausted
from app.promotions.store.identities import SlotTaken
from app.promotions.store.ledger import Action

SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """What a payment made final; ``alarms`` are those over the cap that somebody must look at."""

    reservations: tuple[Reservation, ...]
    overdrafts: tuple[Reservation, ...]
    alarms: tuple[Reservation, ...]


def extend(connection: Connection, order_id: str, *, now: datetime, until: datetime, actor: str = SYSTEM) -> int:
    """Let an order's reservations stand until ``until`` (wall time) at least; return how many were moved on."""
    count = 0
    for reservation in reservations.of_order(connection, order_id, states=OPEN):
        after = replace(reservation, expires_at=max(until, reservation.expires_at))
        if after != reservation and reservations.change(connection, after, expected=(reservation.state,)):
            ledger.append(connection, after, Action.EXTEND, actor=actor, now=now)
            count += 1
    return count


def release(
    connection: Connection, order_id: str, cause: Cause, *, now: datetime, actor: str = SYSTEM
) -> tuple[Reservation, ...]:
    """Give back what an order (or an intent) holds or has reserved; what is committed stays.

    For an order this may be called only after the vendor has confirmed that its payment page is dead. Repeating it
    changes nothing.
    """
    found = reservations.of_order(connection, order_id, states=OPEN)
    return _release(connection, found, cause, now=now, actor=actor)


def commit(
    connection: Connection, order_id: str, *, keys: Sequence[str] = (), now: datetime, actor: str = SYSTEM
) -> Committed:
    """Make an order's reservations final because it was paid, be it with 0.00. Repeating it changes nothing.

    What was released meanwhile is taken again, over the cap if need be: the price that was shown is honoured. So it is
    where the payment tells that the buyer had the campaign before: that is over the cap, too.

    Args:
        keys: what the payment tells of the buyer, the card; counted from now on.
    """
    due = _due(reservations.of_order(connection, order_id))
    payment = _Payment(connection, keys, now, actor)
    done = payment.commit_open([each for each in due if each.state in OPEN])
    done += [payment.commit_late(each) for each in due if each.state not in OPEN]
    return Committed(
        reservations=tuple(each for each, _ in done),
        overdrafts=tuple(each for each, _ in done if each.is_overdraft),
        alarms=tuple(each for each, is_alarm in done if is_alarm),
    )


def reverse(
    connection: Connection, order_id: str, refund: Refund, *, now: datetime, actor: str = SYSTEM
) -> tuple[Reservation, ...]:
    """Give the use back after a full refund; after every other kind of money back it stays used."""
    if refund is not Refund.FULL:
        return ()
    done, moves = [], []
    for reservation in reservations.of_order(connection, order_id, states=(ReservationState.COMMITTED,)):
        after = replace(reservation, state=ReservationState.REVERSED)
        if reservations.change(connection, after, expected=(ReservationState.COMMITTED,)):
            is_over = after.is_overdraft
            moves += moves_of(after, used=0 if is_over else -1, overdrawn=-1 if is_over else 0)
            ledger.append(connection, after, Action.REVERSE, actor=actor, now=now, cause=refund.value)
            done.append(after)
    budgets.move(connection, moves)
    identities.free_slots(connection, [each.reservation_id for each in done])
    return tuple(done)


def sweep_holds(connection: Connection, *, now: datetime, wall: datetime, limit: int = 100) -> int:
    """Let go of holds whose ten minutes are over; no payment page was ever opened for them. Return how many."""
    expired = reservations.expired_holds(connection, wall, limit)
    return len(_release(connection, expired, Cause.EXPIRED, now=now, actor=SYSTEM))


def overdue(connection: Connection, *, wall: datetime, limit: int = 100) -> tuple[str, ...]:
    """Return orders that are reserved beyond their time: ask the vendor, then ``extend``, ``commit`` or ``release``."""
    return reservations.overdue_orders(connection, wall, limit)


def _release(
    connection: Connection, found: Sequence[Reservation], cause: Cause, *, now: datetime, actor: str
) -> tuple[Reservation, ...]:
    gone, moves = let_go(connection, found, cause, now=now, actor=actor)
    budgets.move(connection, moves)
    identities.free_slots(connection, [each.reservation_id for each in gone])
    return tuple(gone)


def _due(found: Sequence[Reservation]) -> list[Reservation]:
    """Return what a payment makes final: of each campaign the open one, else the one released last.

    An open one counts also when an earlier one was paid back: nothing stays reserved for good.
    """
    due = []
    for _, group in groupby(found, key=lambda each: each.slug):
        each = list(group)
        still_open = [one for one in each if one.state in OPEN]
        released = [one for one in each if one.state is ReservationState.RELEASED]
        is_settled = any(one.state in (ReservationState.COMMITTED, ReservationState.REVERSED) for one in each)
        due += still_open or ([] if is_settled else released[-1:])
    return due


class _Payment:
    """What makes reservations final; each answer says whether somebody must look at it."""

    def __init__(self, connection: Connection, keys: Sequence[str], now: datetime, actor: str) -> None:
        self.connection = connection
        self.keys = keys
        self.now = now
        self.actor = actor

    def commit_open(self, found: Sequence[Reservation]) -> list[tuple[Reservation, bool]]:
        done, moves = [], []
        for reservation in found:
            after = replace(reservation, state=ReservationState.COMMITTED)
            if reservations.change(self.connection, after, expected=OPEN):
                moves += moves_of(after, held=-1, used=1)
                done.append(after)
        budgets.move(self.connection, moves)
        return [self._with_keys(each) for each in done]

    def commit_late(self, reservation: Reservation) -> tuple[Reservation, bool]:
        """Commit what was released, within the caps if there is room, else over them."""
        after = replace(reservation, state=ReservationState.COMMITTED)
        identities.remember(self.connection, after.slug, self._unknown(after), reservation_id=after.reservation_id)
        is_over = not _has_room(self.connection, after)
        if is_over:
            after = replace(after, is_overdraft=True)
            budgets.move(self.connection, moves_of(after, overdrawn=1))
            identities.overdraw(self.connection, after.reservation_id)
        reservations.change(self.connection, after, expected=(ReservationState.RELEASED,))
        return self._told(after, "paid_late")

    def _with_keys(self, reservation: Reservation) -> tuple[Reservation, bool]:
        """Count the keys that came with the payment; one that has the campaign already makes it an overdraft."""
        if not self.keys:
            return self._told(reservation, "")
        try:
            with self.connection.begin_nested():
                take_slots(self.connection, reservation, self._unknown(reservation))
            return self._told(reservation, "")
        except SlotTaken:
            after = replace(reservation, is_overdraft=True)
        reservations.change(self.connection, after, expected=(ReservationState.COMMITTED,))
        budgets.move(self.connection, moves_of(after, used=-1, overdrawn=1))
        identities.remember(self.connection, after.slug, self._unknown(after), reservation_id=after.reservation_id)
        identities.overdraw(self.connection, after.reservation_id)
        return self._told(after, "card_used")

    def _unknown(self, reservation: Reservation) -> list[str]:
        return sorted(set(self.keys) - set(identities.keys_of(self.connection, reservation.reservation_id)))

    def _told(self, after: Reservation, cause: str) -> tuple[Reservation, bool]:
        is_alarm = after.is_overdraft and not _is_allowed(self.connection, after)
        action = Action.OVERDRAFT if after.is_overdraft else Action.COMMIT
        ledger.append(self.connection, after, action, actor=self.actor, now=self.now, cause=cause, is_alarm=is_alarm)
        return after, is_alarm


def _has_room(connection: Connection, reservation: Reservation) -> bool:
    most = slots_of(connection, reservation)
    try:
        with connection.begin_nested():
            budgets.move(connection, moves_of(reservation, used=1, is_capped=True))
            identities.take_again(connection, reservation.slug, reservation.reservation_id, most=most)
    except (Exhausted, SlotTaken):
        return False
    return True


def _is_allowed(connection: Connection, reservation: Reservation) -> bool:
    """Whether the campaign lets so many late payments win; a strict one lets none."""
    version = campaigns.version_of(connection, reservation.slug, reservation.version)
    most = version.customer_wins if version else None
    return most is not None and budgets.overdrawn(connection, budget_ids.campaign_uses(reservation.slug)) <= most
