"""The export tells what is there, and the audit finds what does not fit."""

import json
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Connection, update

from app.commands.audit import audit
from app.commands.export import export
from app.config import Config
from app.core.clock import FrozenClock
from app.db.engine import Database
from app.db.schema.events import audit as audit_rows
from app.db.schema.orders import orders
from tests.support.journeys import at_checkout, pay, settled, to_payment
from tests.support.shop import Shop, open_shop

pytestmark = pytest.mark.engines("sqlite")


@pytest.fixture
async def shop(config: Config, database: Database, clock: FrozenClock) -> AsyncIterator[Shop]:
    """A shop that has sold one plan."""
    async with open_shop(config, database, clock) as opened:
        browser = await at_checkout(opened)
        await to_payment(browser)
        await pay(browser)
        await settled(opened)
        yield opened


async def test_the_export_tells_the_order_and_its_history(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert await export(shop.deps.config) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (order,) = [record for record in records if record["type"] == "order"]
    assert (order["state"], order["paid"], order["total"], order["currency"]) == ("granted", 378_885, 378_885, "usd")
    assert [step["state"] for step in order["history"]] == ["draft", "submitted", "paid", "granted"]
    (entitlement,) = [record for record in records if record.get("target") == "group:acme"]
    assert (entitlement["plan"], entitlement["seats"], entitlement["granted_version"]) == ("team", 10, 1)


async def test_the_export_holds_no_person(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    await export(shop.deps.config)
    written = capsys.readouterr().out
    assert "ann@acme.example" not in written
    assert "Ann Archer" not in written


async def test_books_that_agree_pass_the_audit(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert await audit(shop.deps.config) == 0
    assert "0 differences" in capsys.readouterr().out


def _another_amount(connection: Connection) -> None:
    connection.execute(update(orders).values(amount_paid=1))


def _another_state(connection: Connection) -> None:
    connection.execute(update(orders).values(state="refunded"))


def _another_story(connection: Connection) -> None:
    connection.execute(update(audit_rows).where(audit_rows.c.seq == 2).values(actor="somebody else"))


@pytest.mark.parametrize(
    ("tamper", "says"),
    [
        (_another_amount, "378885 was confirmed and 1 was paid"),
        (_another_state, "its history does not end there"),
        (_another_story, "row 2 does not fit"),
    ],
)
async def test_the_audit_finds_what_was_changed(
    shop: Shop, capsys: pytest.CaptureFixture[str], tamper: object, says: str
) -> None:
    assert callable(tamper)
    await shop.deps.db.write(tamper)
    assert await audit(shop.deps.config) == 1
    assert says in capsys.readouterr().out


async def test_the_audit_finds_what_the_vendor_says_otherwise(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    world = shop.vendor_world
    shop.clock.advance_business(shop.clock.now().replace(year=2028) - shop.clock.now())
    await world.run_due(shop.clock.now())
    assert await audit(shop.deps.config) == 1
    assert "the vendor says" in capsys.readouterr().out
