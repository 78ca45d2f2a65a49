"""``kassa jobs``: what was given up is listed, tried once more, or closed with a reason; nothing else can be."""

import argparse
import json
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Connection, select

from app.cli import _parser
from app.commands.jobs import jobs
from app.config import Config
from app.core.clock import FrozenClock
from app.db.engine import Database
from app.db.schema.events import audit
from app.db.schema.events import outbox as outbox_rows
from app.events import outbox
from app.flows.settle import REFUND_DUPLICATE
from tests.support.journeys import bought, settled
from tests.support.shop import Shop, open_shop
from tests.support.witness import only_order

sqlite = pytest.mark.engines("sqlite")


@pytest.fixture
async def shop(config: Config, database: Database, clock: FrozenClock) -> AsyncIterator[Shop]:
    async with open_shop(config, database, clock) as opened:
        await settled(opened)  # what the seed has to tell the product
        yield opened


def words(*typed: str) -> argparse.Namespace:
    return _parser().parse_args(["jobs", *typed])


async def told(shop: Shop, capsys: pytest.CaptureFixture[str], *typed: str) -> tuple[int, str]:
    """Return the exit status of ``kassa jobs`` and what it said."""
    capsys.readouterr()
    status = await jobs(shop.deps.config, words(*typed))
    said = capsys.readouterr()
    return status, said.out + said.err


async def a_job(shop: Shop, kind: str, *, order_id: str = "", is_given_up: bool = True) -> str:
    """Add a job that people must see to, or that only waits, and return its id."""
    now = shop.clock.wall()

    def write(connection: Connection) -> str:
        outbox.enqueue(connection, kind=kind, dedupe_key="k", payload={"mail": "x"}, order_id=order_id, now=now)
        if is_given_up:
            for job in outbox.claim_due(connection, now=now, everything=True):
                outbox.mark_failed(connection, job, error="ProductRefused: no such group", now=now, retry=False)
        query = select(outbox_rows.c.job_id).where(outbox_rows.c.dedupe_key == f"{kind}:k")
        return str(connection.execute(query).scalar_one())

    return await shop.deps.db.write(write)


async def audited(shop: Shop) -> list[tuple[str, str, str]]:
    query = select(audit.c.action, audit.c.actor, audit.c.detail).where(audit.c.action.like("job.%"))
    rows = await shop.deps.db.read(lambda connection: connection.execute(query.order_by(audit.c.seq)).all())
    return [(row.action, row.actor.partition(":")[0], row.detail) for row in rows]


async def test_what_was_given_up_is_listed_and_closed_with_a_reason(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await told(shop, capsys, "list") == (0, "No job was given up.\n")
    job = await a_job(shop, outbox.MAIL)
    _, text = await told(shop, capsys, "list", "--json")
    (row,) = json.loads(text)
    assert (row["job"], row["kind"], row["tries"]) == (job, "mail", 1)
    assert row["reason"] == "ProductRefused: no such group"
    status, text = await told(shop, capsys, "close", job, "--why", "written by hand")
    assert (status, text) == (
        0,
        f"{job} (mail, order none): would be closed\nNothing was changed; `--apply` does it.\n",
    )
    assert await audited(shop) == []
    assert await told(shop, capsys, "close", job, "--why", " written\n by hand ", "--apply") == (
        0,
        f"{job} (mail, order none): closed\n",
    )
    assert await audited(shop) == [("job.closed", "cli", "mail, order none: written by hand")]
    assert await told(shop, capsys, "list") == (0, "No job was given up.\n")
    kept = await shop.deps.db.read(
        lambda connection: connection.execute(select(outbox_rows).where(outbox_rows.c.job_id == job)).one()
    )
    assert (kept.state, kept.payload) == ("closed", "{}")
    assert "no such group" in kept.last_error
    assert await told(shop, capsys, "close", job, "--why", "again", "--apply") == (
        1,
        f"kassa jobs close: {job} was closed before\n",
    )


@sqlite
async def test_only_what_was_given_up_is_closed_or_tried_again(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    job = await a_job(shop, "grant", is_given_up=False)
    for typed in (("close", job, "--why", "x", "--apply"), ("retry", job)):
        status, text = await told(shop, capsys, *typed)
        assert (status, text) == (1, f"kassa jobs {typed[0]}: {job} waits to be done: the store has not given it up\n")
    assert await told(shop, capsys, "retry", "job_none") == (1, "kassa jobs retry: there is no job job_none\n")
    assert await audited(shop) == []


@sqlite
@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (("--why", " "), "say why it is closed"),
        (("--why", "x" * 301), "the reason may have 300 characters, not 301"),
        (("--why", "x", "--paid-back"), "is grant: only a refund can be noted as paid back"),
    ],
)
async def test_a_closing_that_says_nothing_is_refused(
    shop: Shop, capsys: pytest.CaptureFixture[str], typed: tuple[str, ...], says: str
) -> None:
    job = await a_job(shop, "grant")
    status, text = await told(shop, capsys, "close", job, *typed, "--apply")
    assert (status, says in text) == (1, True)
    assert len(await shop.deps.db.read(outbox.given_up)) == 1


@sqlite
async def test_a_job_is_tried_once_more(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    job = await a_job(shop, "order.paid")
    assert (await told(shop, capsys, "retry", job))[0] == 0
    assert await audited(shop) == [("job.retried", "cli", "order.paid, order none: ProductRefused: no such group")]
    await shop.world.drain()
    assert await shop.deps.db.read(lambda connection: outbox.state_of(connection, job)) == "done"


@sqlite
async def test_nothing_that_still_runs_is_noted_as_paid_back(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    await bought(shop)
    order = await only_order(shop)
    job = await a_job(shop, REFUND_DUPLICATE, order_id=order.order_id)
    status, text = await told(shop, capsys, "close", job, "--why", "x", "--paid-back", "--apply")
    assert (status, "still runs: end" in text) == (1, True)
    assert (await only_order(shop)).amount_refunded == 0
    status, text = await told(shop, capsys, "close", job, "--why", "the buyer keeps it", "--apply")
    assert (status, text.splitlines()[1]) == (0, f"order {order.order_id}: stays as it is")
    assert (await only_order(shop)).state is order.state
