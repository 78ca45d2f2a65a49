"""Negative controls of the rush: the two usual ways to count, which sell too much or too little."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import Connection, select, text, update
from sqlalchemy.exc import OperationalError

from app.db.engine import Database
from app.db.schema.promotions import promo_budgets
from app.promotions import budget_ids
from app.promotions.model import BudgetSpec
from tests.promotions.buyers import AT_ONCE
from tests.promotions.till import Till
from tests.promotions.world import campaign, offer, percent

CAP, BUYERS = 50, 200
USES = budget_ids.campaign_uses("sale")
MINE = promo_budgets.c.budget_id == USES
Buy = Callable[[Database], Awaitable[str]]


@pytest.fixture
def database_of_a_sale(till: Till) -> Database:
    """A campaign with fifty uses and nothing else."""
    till.publish(campaign("sale", offer("sale", percent(1_000)), budget=BudgetSpec(redemptions=CAP)))
    return till.database


async def rush(database: Database, buyers: int, buy: Buy) -> Counter[str]:
    """Let ``buyers`` buy in one way, sixteen at a time."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def buyer() -> str:
        async with gate:
            return await buy(database)

    return Counter(await asyncio.gather(*(buyer() for _ in range(buyers))))


async def read_check_write(database: Database) -> str:
    """Read what is used, decide, write what is then used."""
    used = await database.read(_used)
    if used >= CAP:
        return "refused"
    await database.write(lambda c: c.execute(update(promo_budgets).where(MINE).values(used=used + 1)))
    return "sold"


async def lock_without_waiting(database: Database) -> str:
    """Lock the row or give up, and be at other work for five milliseconds while it is locked."""

    def body(connection: Connection) -> str:
        row = connection.execute(select(promo_budgets).where(MINE).with_for_update(nowait=True)).one()
        connection.execute(text("SELECT pg_sleep(0.005)"))
        if row.used >= CAP:
            return "refused"
        connection.execute(update(promo_budgets).where(MINE).values(used=row.used + 1))
        return "sold"

    try:
        return await database.write(body)
    except OperationalError:
        return "refused"


async def test_reading_checking_and_writing_sells_too_much(database_of_a_sale: Database) -> None:
    answers = await rush(database_of_a_sale, BUYERS, read_check_write)
    assert answers["sold"] > CAP, answers


@pytest.mark.engines("postgres")
async def test_a_lock_that_nobody_waits_for_refuses_below_the_cap(database_of_a_sale: Database) -> None:
    answers = await rush(database_of_a_sale, CAP, lock_without_waiting)
    assert answers["refused"] > 0, answers
    assert database_of_a_sale.read_now(_used) < CAP


def _used(connection: Connection) -> int:
    used: int = connection.execute(select(promo_budgets.c.used).where(MINE)).scalar_one()
    return used
