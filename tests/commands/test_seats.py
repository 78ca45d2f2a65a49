"""``kassa seats owed``: who is over their seats, what a quarter would come to, and that nothing moves by asking."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from app.commands.seats import owed
from app.config import Config
from app.core.clock import FrozenClock, SystemClock
from app.db.clock_store import write_offset
from app.db.engine import Database
from app.flows.usage.count import count_usage
from tests.support.customers import crowd
from tests.support.shop import Shop, open_shop

sqlite = pytest.mark.engines("sqlite")


@pytest.fixture
async def shop(config: Config, database: Database, clock: FrozenClock) -> AsyncIterator[Shop]:
    async with open_shop(config, database, clock) as opened:
        yield opened


async def counted(shop: Shop) -> None:
    """Let the store read what groups use, and the commands know what day it is."""
    await count_usage(shop.deps)
    offset = shop.clock.now() - SystemClock().wall()
    await shop.deps.db.write(lambda connection: write_offset(connection, offset))


async def listed(shop: Shop, capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, object]]:
    capsys.readouterr()
    assert await owed(shop.deps.config, as_json=True) == 0
    return {row["group"]: row for row in json.loads(capsys.readouterr().out)}


async def test_who_is_over_and_what_it_would_come_to(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    for group, most in (("globex", 14), ("initech", 25), ("hooli", 7), ("umbrella", 41), ("wayne", 26), ("stark", 29)):
        await crowd(shop, group, in_use=most)
    await counted(shop)
    rows = await listed(shop, capsys)
    assert {
        group: (row["owed"], row["quarter"], row["would_come_to"], row["why_not"]) for group, row in rows.items()
    } == {
        "globex": (4, "3 of 4", 34_800, ""),  # 4 x 348.00 x 1/4
        "hooli": (2, "1 of 4", 52_200, ""),  # 2 x 348.00 x 3/4
        "initech": (5, "2 of 4", None, "reseller"),
        "umbrella": (1, None, None, "multi_year"),
        "wayne": (1, "1 of 4", None, "community"),
    }
    globex = rows["globex"]
    assert (globex["seats"], globex["in_use"], globex["most_in_quarter"], globex["quarters_left"]) == (10, 14, 14, 1)
    assert (globex["quarter_ends"], globex["would_be_due"]) == (
        "2026-12-01T00:00:00+00:00",
        "2026-12-08T00:00:00+00:00",
    )
    assert await shop.books("charges") == []


@sqlite
async def test_people_read_it_as_a_table(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    await counted(shop)
    capsys.readouterr()
    assert await owed(shop.deps.config, as_json=False) == 0
    assert capsys.readouterr().out == "Nobody is over their seats.\n"
    await crowd(shop, "globex", in_use=8, most=14)
    shop.clock.advance_business(timedelta(days=1))
    await counted(shop)
    await owed(shop.deps.config, as_json=False)
    head, row, note = capsys.readouterr().out.splitlines()
    assert head.split()[:5] == ["group", "plan", "seats", "in", "use"]
    # the most of the term was reached between two looks of this quarter
    assert "globex  team  10     8       4     3 of 4   14               2026-12-01 00:00Z" in row
    assert "348.00 USD" in row
    assert "Nothing is charged" in note


@sqlite
async def test_the_last_quarter_costs_nothing(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    await crowd(shop, "globex", in_use=14)
    shop.clock.advance_business(timedelta(days=30))
    await counted(shop)
    row = (await listed(shop, capsys))["globex"]
    assert (row["quarter"], row["would_come_to"], row["why_not"]) == ("4 of 4", 0, "last_quarter")
    assert row["would_be_due"] is None
