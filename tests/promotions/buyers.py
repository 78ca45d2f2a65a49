"""Buyers who all press at once, from one process or several: ``python -m tests.promotions.buyers URL FIRST COUNT``."""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import TypeVar

from sqlalchemy import Connection

from app.db.engine import Database
from app.promotions import settling
from app.promotions.busy import Busy, write_unless_busy
from app.promotions.claims import ClaimRefused, claim
from app.promotions.reservation import Cause, Reservation
from app.promotions.store.reading import Asked, read_situation
from tests.promotions.world import NEW, NOW, SEALER, cart, claimant

T = TypeVar("T")
AT_ONCE = 16
_TRIES = 20


async def rush(database: Database, first: int, count: int, *, code: str = "SALE10", leave: int = 0) -> Counter[str]:
    """Let ``count`` buyers, numbered from ``first``, buy with ``code``, 16 of them at a time.

    Every ``leave``-th of those who got it gives it back unpaid, as if the payment page had died.
    """
    gate = asyncio.Semaphore(AT_ONCE)
    answers: Counter[str] = Counter()

    async def buyer(number: int) -> None:
        async with gate:
            answers[await _buy(database, f"O-{number}", code, leaves=bool(leave) and number % leave == 0)] += 1

    await asyncio.gather(*(buyer(number) for number in range(first, first + count)))
    return answers


async def _buy(database: Database, order: str, code: str, *, leaves: bool) -> str:
    """Look and claim in one transaction, settle in another."""
    try:
        claimed = await _patiently(database, lambda c: _claim(c, order, code))
    except ClaimRefused as refused:
        return refused.rejected.reason.value
    if not claimed:
        return "not offered"
    if leaves:
        await _patiently(database, lambda c: settling.release(c, order, Cause.ABANDONED, now=NOW))
        return "left"
    await _patiently(database, lambda c: settling.commit(c, order, now=NOW))
    return "sold"


async def _patiently(database: Database, body: Callable[[Connection], T]) -> T:
    """Try again while the store is busy, as its page says."""
    for _ in range(_TRIES):
        with suppress(Busy):
            return await write_unless_busy(database, body)
    raise Busy


def _claim(connection: Connection, order: str, code: str) -> tuple[Reservation, ...]:
    bought = cart()
    situation = read_situation(connection, Asked(codes=(code,)), sealer=SEALER, carts=[bought], now=NOW)
    decision = situation.decide(bought, NEW, NOW)
    return claim(connection, decision, claimant(order), now=NOW, until=NOW + timedelta(minutes=35))


async def main(url: str, first: int, count: int) -> None:
    database = Database(url)
    print(json.dumps(await rush(database, first, count)))  # noqa: T201 (what the test reads)
    database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
