"""A code typed into the promo field, and one taken back: the same for a checkout and for a subscription that grows."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

from sqlalchemy import Connection

from app.catalog.model import MissLimit
from app.core.problems import Problem, ProblemId, Refused, problem
from app.flows.campaigns.claims import hold_scarce
from app.flows.campaigns.decide import Promo, count_miss
from app.flows.deps import Deps
from app.promotions import misses, settling, wording
from app.promotions.answers import Reason
from app.promotions.codes import canonical
from app.promotions.decision import Rejected
from app.promotions.misses import Guesser
from app.promotions.reservation import Cause
from app.promotions.store import entries
from app.promotions.store.entries import EntryKind

T = TypeVar("T")
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried(Generic[T]):
    """The page as it is after a code was tried; ``problem`` says why the code does not apply, None when it does."""

    page: T
    problem: Problem | None


async def try_code(
    deps: Deps,
    guesser: Guesser,
    subject: str,
    typed: str,
    *,
    read: Callable[[], Awaitable[T]],
    promo_of: Callable[[T], Promo | None],
) -> Tried[T]:
    """Try a code where ``subject`` is bought; what does not apply is not kept, and never stands in the way of buying.

    Args:
        read: prices the page anew, with everything that is asked for. promo_of: what it decided.
    """
    if not typed.strip():
        empty = problem(ProblemId.E_INPUT, wording.FIELD, text="Type the code, then press Apply.")
        return Tried(page=await read(), problem=empty)
    wait = await deps.db.read(lambda connection: misses.wait(connection, guesser, _limits(deps), deps.clock.wall()))
    if wait is not None:
        return Tried(page=await read(), problem=wording.too_many(-(-wait // _SECOND)))
    code = canonical(typed)
    if code is None:
        await deps.db.write(lambda connection: count_miss(connection, guesser, _limits(deps), deps.clock.wall()))
        return Tried(page=await read(), problem=problem(ProblemId.E_PROMO_UNKNOWN, wording.FIELD))
    key = await deps.db.write(
        lambda connection: entries.enter(connection, deps.sealer, subject, EntryKind.CODE, code, wall=deps.clock.wall())
    )
    page = await read()
    return await _judged(deps, subject, key, page, read, promo_of)


async def take_back(deps: Deps, subject: str, key: str) -> None:
    """Ask for something no more; what was held for it is given back."""

    def write(connection: Connection) -> None:
        if entries.remove(connection, subject, key, wall=deps.clock.wall()):
            settling.release(connection, subject, Cause.CODE_REMOVED, now=deps.clock.now())

    await deps.db.write(write)


def with_way_out(deps: Deps, rejected: Rejected) -> Problem:
    """Return why something does not apply, with what can be done: "Applies from 10 seats: add 3."."""
    found, way = wording.refusal(rejected, deps.catalog), wording.way_out(rejected, deps.catalog)
    if rejected.reason is Reason.NOT_STARTED:  # its text says when already
        return found
    return Problem(found.id, f"{found.text} {way[0].upper()}{way[1:]}.", found.field) if way else found


async def _judged(
    deps: Deps,
    subject: str,
    key: str,
    page: T,
    read: Callable[[], Awaitable[T]],
    promo_of: Callable[[T], Promo | None],
) -> Tried[T]:
    promo = promo_of(page)
    if promo is None:  # without a price nothing can be said of it; it stays asked for
        return Tried(page=page, problem=None)
    rejected = promo.rejection_of(key)
    if rejected is not None:
        await deps.db.write(lambda connection: entries.remove(connection, subject, key, wall=deps.clock.wall()))
        return Tried(page=page, problem=with_way_out(deps, rejected))
    try:
        await hold_scarce(deps, promo)
    except Refused as refused:
        await take_back(deps, subject, key)
        return Tried(page=await read(), problem=refused.problems[0])
    return Tried(page=page, problem=None)


def _limits(deps: Deps) -> tuple[MissLimit, ...]:
    return deps.catalog.rules.promotions.misses
