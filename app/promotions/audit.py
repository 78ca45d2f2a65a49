"""Every counter told again from the ledger, and every rule of reservations checked; each difference in words."""

from collections import Counter as Tally
from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import Connection

from app.promotions.reservation import OPEN, Reservation, ReservationState
from app.promotions.store import budgets, campaigns, identities, ledger, reservations
from app.promotions.store.ledger import Action, Entered

_AFTER = {
    Action.HOLD: ReservationState.HELD,
    Action.RESERVE: ReservationState.RESERVED,
    Action.RELEASE: ReservationState.RELEASED,
    Action.COMMIT: ReservationState.COMMITTED,
    Action.OVERDRAFT: ReservationState.COMMITTED,
    Action.REVERSE: ReservationState.REVERSED,
}
_BEFORE: dict[Action, tuple[ReservationState | None, ...]] = {
    Action.HOLD: (None,),
    Action.RESERVE: (None, ReservationState.HELD),
    Action.EXTEND: OPEN,
    Action.RELEASE: OPEN,
    Action.COMMIT: (*OPEN, ReservationState.RELEASED),
    Action.OVERDRAFT: (*OPEN, ReservationState.RELEASED),
    Action.REVERSE: (ReservationState.COMMITTED,),
}


@dataclass(slots=True)
class _Told:
    """What the ledger tells of one reservation so far."""

    state: ReservationState | None = None
    is_overdraft: bool = False
    alarms: int = 0


@dataclass(slots=True)
class _Counted:
    """What the ledger makes of the counters."""

    held: Tally[str] = field(default_factory=Tally)
    used: Tally[str] = field(default_factory=Tally)
    overdrawn: Tally[str] = field(default_factory=Tally)


def differences(connection: Connection) -> Iterator[str]:
    """Yield every way in which counters, reservations, identities and ledger disagree; nothing when all is well."""
    told: dict[str, _Told] = {}
    for entered in ledger.entries(connection):
        yield from _follow(told.setdefault(entered.reservation_id, _Told()), entered)
    known = {each.reservation_id: each for each in reservations.everything(connection)}
    yield from _states(told, known)
    yield from _counters(connection, told, known)
    yield from _live(known)
    yield from _overdrafts(connection, told, known)
    yield from _identities(connection, known)
    yield from _traces(connection, known)


def _follow(told: _Told, entered: Entered) -> Iterator[str]:
    if told.state not in _BEFORE[entered.action]:
        was = told.state.value if told.state else "nothing"
        yield f"reservation {entered.reservation_id}: {entered.action.value} after {was}"
    told.state = _AFTER.get(entered.action, told.state)
    told.is_overdraft |= entered.action is Action.OVERDRAFT
    told.alarms += entered.is_alarm


def _states(told: dict[str, _Told], known: dict[str, Reservation]) -> Iterator[str]:
    for reservation_id in sorted(set(told) | set(known)):
        by_ledger, row = told.get(reservation_id), known.get(reservation_id)
        if by_ledger is None or row is None:
            yield f"reservation {reservation_id}: stands in the {'table' if row else 'ledger'} alone"
        elif (by_ledger.state, by_ledger.is_overdraft) != (row.state, row.is_overdraft):
            said = by_ledger.state.value if by_ledger.state else "nothing"
            yield f"reservation {reservation_id}: {row.state.value}, and {said} by the ledger"


def _counters(connection: Connection, told: dict[str, _Told], known: dict[str, Reservation]) -> Iterator[str]:
    expected = _recounted(told, known)
    rows = {row.budget_id: row for row in budgets.counters(connection)}
    for budget_id in sorted({*rows, *expected.held, *expected.used, *expected.overdrawn}):
        should = (expected.held[budget_id], expected.used[budget_id], expected.overdrawn[budget_id])
        row = rows.get(budget_id)
        found = (row.held, row.used, row.overdrawn) if row else (0, 0, 0)
        if found != should:
            yield f"budget {budget_id}: held, used and overdrawn are {found}, and {should} by the ledger"


def _recounted(told: dict[str, _Told], known: dict[str, Reservation]) -> _Counted:
    counted = _Counted()
    for reservation_id, each in told.items():
        row = known.get(reservation_id)
        if row is None:
            continue
        if each.state in OPEN:
            counted.held.update(row.weights)
        elif each.state is ReservationState.COMMITTED:
            (counted.overdrawn if each.is_overdraft else counted.used).update(row.weights)
    return counted


def _live(known: dict[str, Reservation]) -> Iterator[str]:
    live = [*OPEN, ReservationState.COMMITTED]
    seen = Tally(each.live_key for each in known.values() if each.state in live)
    for key, count in sorted(seen.items()):
        if count > 1:
            yield f"reservations of {key}: {count} are live at once"


def _overdrafts(connection: Connection, told: dict[str, _Told], known: dict[str, Reservation]) -> Iterator[str]:
    """A cap is passed only by late payments: as many as the campaign lets win, each other one with an alarm."""
    quiet: Tally[str] = Tally()
    for reservation_id, each in told.items():
        row = known.get(reservation_id)
        if row is not None and each.is_overdraft and each.state is ReservationState.COMMITTED and not each.alarms:
            quiet[row.slug] += 1
            version = campaigns.version_of(connection, row.slug, row.version)
            if version is None or version.customer_wins is None or quiet[row.slug] > version.customer_wins:
                yield f"reservation {reservation_id}: over the cap of {row.slug} without an alarm"


def _identities(connection: Connection, known: dict[str, Reservation]) -> Iterator[str]:
    for reservation_id, is_counted in identities.rows(connection):
        row = known.get(reservation_id)
        should = row is not None and row.state in (*OPEN, ReservationState.COMMITTED)
        if is_counted != should:
            state = row.state.value if row else "gone"
            yield f"reservation {reservation_id}: {state}, and its identity is {'' if is_counted else 'not '}counted"


def _traces(connection: Connection, known: dict[str, Reservation]) -> Iterator[str]:
    kept = ledger.trace_hashes(connection)
    for row in known.values():
        if row.trace_hash not in kept:
            yield f"reservation {row.reservation_id}: the trace of its decision is missing"
