"""Books that an earlier release wrote are taken over."""

from pathlib import Path

from sqlalchemy import Connection, inspect

from app.db.engine import Database
from app.vendor_adapters.embedded.schema import create_tables


def test_a_column_that_came_later_is_added(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/vendor.db")
    database.write_now(create_tables)
    database.write_now(
        lambda connection: connection.exec_driver_sql("ALTER TABLE subscriptions DROP COLUMN arrangement")
    )
    assert "arrangement" not in database.write_now(_columns)
    database.write_now(create_tables)
    database.write_now(create_tables)
    assert "arrangement" in database.write_now(_columns)
    database.close()


def _columns(connection: Connection) -> set[str]:
    return {column["name"] for column in inspect(connection).get_columns("subscriptions")}
