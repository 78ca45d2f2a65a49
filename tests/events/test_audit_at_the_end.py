"""The audit is written last in its transaction; a transaction that fails leaves nothing, and says what failed."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, text

from app.db.engine import Database
from app.db.errors import DATABASE_AWAY
from app.events import audit

ENDS_ITSELF = text("SELECT pg_terminate_backend(pg_backend_pid())")
NOW = datetime(2026, 11, 26, tzinfo=UTC)


def record(connection: Connection) -> int:
    """Append a row, and return how many there are within the transaction."""
    audit.record(connection, actor="system", action="test", subject="of-a-test", now=NOW)
    return audit.count(connection)


async def test_a_row_is_written_when_all_else_is_done(database: Database) -> None:
    assert await database.write(record) == 0
    assert await database.read(audit.count) == 1


async def test_what_failed_leaves_no_row_to_the_next_one(database: Database) -> None:
    def fail(connection: Connection) -> None:
        record(connection)
        raise ValueError("of a test")

    with pytest.raises(ValueError, match="of a test"):
        await database.write(fail)
    await database.write(lambda connection: None)
    assert await database.read(audit.count) == 0


@pytest.mark.engines("postgres")
async def test_a_connection_that_breaks_is_told_as_a_database_that_is_away(database: Database) -> None:
    """And not as what tidies up behind it: pages answer 503 to the one, and 500 to the other."""
    with pytest.raises(DATABASE_AWAY):
        await database.write(lambda connection: connection.execute(ENDS_ITSELF))
    assert await database.write(record) == 0
