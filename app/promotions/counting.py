"""What a change of a reservation's state does to the counters, to the identities and to the ledger."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from app.promotions.reservation import Cause, Reservation, ReservationState
from app.promotions.store import campaigns, identities, ledger, reservations
from app.promotions.store.budgets import Move
from app.promotions.store.ledger import Action


def moves_of(
    reservation: Reservation, *, held: int = 0, used: int = 0, overdrawn: int = 0, is_capped: bool = False
) -> list[Move]:
    """Return the changes of all counters that a reservation counts in; the factors are -1, 0 or 1."""
    return [
        Move(
            budget_id=budget_id,
            slug=reservation.slug,
            held=held * weight,
            used=used * weight,
            overdrawn=overdrawn * weight,
            is_capped=is_capped,
        )
        for budget_id, weight in reservation.weights.items()
    ]


def let_go(
    connection: Connection, found: Sequence[Reservation], cause: Cause, *, now: datetime, actor: str
) -> tuple[list[Reservation], list[Move]]:
    """Release open reservations and return those that it was, with what their counters then lose.

    The caller moves the counters and only then frees the slots, because claims take rows in that order too.
    """
    gone, moves = [], []
    for reservation in found:
        after = replace(reservation, state=ReservationState.RELEASED)
        if reservations.change(connection, after, expected=(reservation.state,)):
            moves += moves_of(after, held=-1)
            ledger.append(connection, after, Action.RELEASE, actor=actor, now=now, cause=cause.value)
            gone.append(after)
    return gone, moves


def take_slots(connection: Connection, reservation: Reservation, keys: Sequence[str]) -> None:
    """Take a slot for each of a buyer's keys, as its campaign version allows; SlotTaken when a key has none left."""
    most = slots_of(connection, reservation)
    identities.take_slots(connection, reservation.slug, keys, most=most, reservation_id=reservation.reservation_id)


def slots_of(connection: Connection, reservation: Reservation) -> int | None:
    """Return how often one identity may have the campaign, None for any number."""
    version = campaigns.version_of(connection, reservation.slug, reservation.version)
    return version.budget.per_identity if version else None
