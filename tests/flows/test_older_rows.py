"""What an earlier release wrote: it is all there after the migrations since then, and the store goes on with it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config as AlembicConfig
from sqlalchemy import Connection, insert, inspect, select, text

from app.commands.export_store import records
from app.db import migrate
from app.db.schema import metadata
from app.db.schema.promotions import campaign_reach
from app.promotions.audit import differences
from tests.support.campaigns import SPRING, in_spring, states
from tests.support.journeys import ACME, OWN_SERVER, at_checkout, pay, settled, to_payment, total
from tests.support.shop import Shop

EARLIER = "0011"
SINCE = ("vendor_changes", "campaign_reach")  # tables that the earlier release had not
WRITTEN = ("orders", "order_states", "subscriptions", "promo_reservations", "promo_ledger", "promo_budgets", "touches")
AUTOMATIC = ('on_more_seats = "extend"', 'automatic = true\non_more_seats = "extend"')
DISCOUNTED = 278_400  # ten seats of Team less a fifth
Rows = Mapping[str, Sequence[Mapping[str, Any]]]


def rows_of(connection: Connection, columns: Mapping[str, Sequence[str]]) -> Rows:
    """Return the rows of these columns, by table, in the order of their keys."""
    return {
        table.name: [
            dict(row)
            for row in connection.execute(
                select(*(table.c[name] for name in columns[table.name])).order_by(*table.primary_key.columns)
            ).mappings()
        ]
        for table in metadata.sorted_tables
        if table.name in columns
    }


def columns_of(connection: Connection) -> dict[str, list[str]]:
    """Return the columns that the database has, of the store's own tables."""
    found = inspect(connection)
    return {
        name: [each["name"] for each in found.get_columns(name)] for name in metadata.tables if found.has_table(name)
    }


def upgrade(connection: Connection, revision: str) -> None:
    config = AlembicConfig()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def as_the_earlier_release_had_it(connection: Connection) -> Rows:
    """Put everything into the tables of the earlier release, as it would have written it, and return it."""
    everything = rows_of(connection, {name: table.c.keys() for name, table in metadata.tables.items()})
    automatic = set(connection.execute(select(campaign_reach.c.slug)).scalars())
    metadata.drop_all(connection)
    connection.execute(text("DROP TABLE alembic_version"))
    upgrade(connection, EARLIER)
    columns = columns_of(connection)
    for table in metadata.sorted_tables:
        for row in everything[table.name] if table.name in columns else ():
            known = {name: row[name] for name in columns[table.name]}
            # it knew no campaign_reach, and marked what applies by itself in this way
            marked = {"has_automatic": row["slug"] in automatic} if table.name == "campaigns" else {}
            connection.execute(insert(table).values(known | marked))
    return rows_of(connection, columns)


async def test_what_an_earlier_release_wrote_is_gone_on_with(shop: Shop) -> None:
    """One order is paid and one is being paid; a campaign applies by itself."""
    await in_spring(shop, AUTOMATIC)
    ann = await shop.known("ann")
    await ann.open(SPRING)
    await ann.open(ACME)
    await to_payment(ann)
    await pay(ann)
    await settled(shop)
    dan = await at_checkout(shop, OWN_SERVER, "dan")
    await to_payment(dan)
    db = shop.deps.db
    told = await db.read(lambda connection: list(records(connection)))
    before = await db.write(as_the_earlier_release_had_it)
    assert not set(SINCE) & set(before)
    assert all(before[name] for name in WRITTEN)
    await db.write(lambda connection: upgrade(connection, "head"))

    columns = {name: list(rows[0]) if rows else [] for name, rows in before.items()}
    after = await db.read(lambda connection: rows_of(connection, {k: v for k, v in columns.items() if v}))
    assert after == {name: rows for name, rows in before.items() if rows}
    assert await db.read(lambda connection: list(records(connection))) == told
    assert await db.read(lambda connection: list(differences(connection))) == []
    assert sorted(await states(shop)) == ["committed", "reserved"]
    await pay(dan)
    await settled(shop)
    assert await states(shop) == ["committed", "committed"]
    nobody = shop.browser()
    await nobody.open("/plans?plan=team&seats=10")
    assert total(nobody) == DISCOUNTED
