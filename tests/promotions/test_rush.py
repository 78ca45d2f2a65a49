"""Many buyers, few uses: all are sold, none more, and nobody is told too early that there are none."""

import asyncio
import json
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack
from functools import partial

from sqlalchemy import Connection, select

from app.core.money import Money
from app.db.engine import Database
from app.db.schema.promotions import promo_budgets
from app.promotions import budget_ids, settling
from app.promotions.busy import Busy, write_unless_busy
from app.promotions.claims import claim
from app.promotions.decision import Decision
from app.promotions.model import BudgetSpec, Campaign, CodeSpec
from app.promotions.reservation import Cause
from tests.promotions.buyers import rush
from tests.promotions.till import PAGE_LIVES, Till
from tests.promotions.world import NOW, campaign, claimant, offer, percent
from tests.support.databases import opened
from tests.support.sources import ROOT

CAP, BUYERS = 50, 200
USES, MONEY = budget_ids.campaign_uses("sale"), budget_ids.campaign_money("sale", "usd")
REFUSED = ("exhausted", "not offered")


def sale(redemptions: int | None = CAP, money: int = 0) -> Campaign:
    sums = (Money(money, "usd"),) if money else ()
    budget = BudgetSpec(redemptions=redemptions, money=sums, per_identity=1)
    return campaign("sale", offer("sale", percent(1_000)), budget=budget, codes=[CodeSpec(code="SALE10")])


def refused(answers: Counter[str]) -> int:
    return sum(answers[each] for each in REFUSED)


def from_two_processes(till: Till, buyers: int) -> Counter[str]:
    """Let ``buyers`` press from two processes, sixteen at a time in each, and return what they were told."""
    half = buyers // 2
    command = [sys.executable, "-m", "tests.promotions.buyers", till.database.url]
    with ExitStack() as stack:
        running = [
            stack.enter_context(
                subprocess.Popen([*command, str(first), str(half)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
            )
            for first in (0, half)
        ]
        return sum((Counter(json.loads(each.communicate()[0])) for each in running), Counter())


async def test_sixteen_at_a_time_buy_exactly_what_there_is(till: Till) -> None:
    till.publish(sale())
    answers = await rush(till.database, 0, BUYERS)
    assert (answers["sold"], refused(answers)) == (CAP, BUYERS - CAP)
    assert (till.counts(USES), till.counts(MONEY)) == ((0, CAP, 0), (0, CAP * 34_800, 0))
    assert till.faults() == []


def test_two_processes_sell_no_more_and_refuse_nobody_too_early(till: Till) -> None:
    till.publish(sale())
    answers = from_two_processes(till, BUYERS)
    assert (answers["sold"], refused(answers)) == (CAP, BUYERS - CAP)
    assert (till.counts(USES), till.faults()) == ((0, CAP, 0), [])


def test_with_as_many_uses_as_buyers_nobody_is_refused(till: Till) -> None:
    """Whoever were refused here was refused below the cap."""
    till.publish(sale())
    assert from_two_processes(till, CAP) == {"sold": CAP}
    assert (till.counts(USES), till.faults()) == ((0, CAP, 0), [])


async def test_a_money_budget_is_never_exceeded(till: Till) -> None:
    till.publish(sale(None, money=34_800 * 20 + 34_799))
    answers = await rush(till.database, 0, 60)
    assert (answers["sold"], refused(answers)) == (20, 40)
    assert (till.counts(MONEY), till.faults()) == ((0, 34_800 * 20, 0), [])


async def test_what_some_give_back_others_get(till: Till) -> None:
    """Every third buyer walks away: whoever comes after the uses are back is sold one."""
    till.publish(sale())
    first = await rush(till.database, 0, BUYERS, leave=3)
    later = await rush(till.database, BUYERS, BUYERS)
    assert first["sold"] + later["sold"] == CAP
    assert (till.counts(USES), till.faults()) == ((0, CAP, 0), [])


async def test_one_order_pressed_in_many_tabs_is_one_use(till: Till) -> None:
    """Invariant 3: one live reservation of a campaign and an order, whoever is first."""
    till.publish(sale())
    decision = till.look("SALE10")

    def press(connection: Connection) -> str:
        return claim(connection, decision, claimant("O-1"), now=NOW, until=NOW + PAGE_LIVES)[0].reservation_id

    found = await asyncio.gather(*(till.database.write(press) for _ in range(12)))
    assert len(set(found)) == 1
    assert (till.counts(USES), till.told("O-1"), till.faults()) == ((1, 0, 0), ["reserve"], [])


async def test_settling_at_once_counts_once(till: Till) -> None:
    """Payment, notification and sweep meet: whatever comes first decides, the rest changes nothing."""
    till.publish(sale())
    for number in range(8):
        till.claim(till.look("SALE10"), f"O-{number}")
    pay, expire = partial(settling.commit, now=NOW), partial(settling.release, cause=Cause.EXPIRED, now=NOW)
    steps = [partial(step, order_id=f"O-{number}") for number in range(8) for step in (pay, expire, pay)]
    await asyncio.gather(*(till.database.write(step) for step in steps))
    assert (till.counts(USES), till.faults()) == ((0, 8, 0), [])


async def test_a_lock_that_is_not_to_be_had_is_busy_and_no_wrong_code(till: Till, database_url: str) -> None:
    """Somebody holds the campaign's row for longer than two seconds."""
    till.publish(sale())
    decision = till.look("SALE10")
    row = select(promo_budgets).where(promo_budgets.c.budget_id == USES).with_for_update()
    with opened(database_url) as other, other.engine.begin() as holding:
        holding.execute(row)
        assert await _try(till.database, decision) == "busy"
    assert await _try(till.database, decision) == "claimed"
    assert (till.counts(USES), till.faults()) == ((1, 0, 0), [])


async def _try(database: Database, decision: Decision) -> str:
    try:
        await write_unless_busy(
            database, lambda c: claim(c, decision, claimant("O-1"), now=NOW, until=NOW + PAGE_LIVES)
        )
    except Busy:
        return "busy"
    return "claimed"
