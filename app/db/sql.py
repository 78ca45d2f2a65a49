"""Statements that several stores need: those that SQLAlchemy spells per dialect, and counting."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Table, func, select, text
from sqlalchemy.dialects import postgresql, sqlite


def insert_new(connection: Connection, table: Table, values: Mapping[str, object]) -> bool:
    """Insert a row unless one with a key of it stands already; whether it was inserted."""
    statement = _insert(connection, table).values(**values).on_conflict_do_nothing()
    # without the option SQLAlchemy keeps no count of an INSERT on PostgreSQL, and answers -1
    return connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount == 1


def insert_missing(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert those rows of which none with the same key stands already, in one statement."""
    connection.execute(_insert(connection, table).values([dict(row) for row in rows]).on_conflict_do_nothing())


def upsert(connection: Connection, table: Table, values: Mapping[str, object], *, key: Sequence[Column[Any]]) -> None:
    """Insert a row, or overwrite the one that has the same ``key`` columns."""
    names = {column.name for column in key}
    changes = {name: value for name, value in values.items() if name not in names}
    connection.execute(
        _insert(connection, table).values(**values).on_conflict_do_update(index_elements=list(key), set_=changes)
    )


def take_turns(connection: Connection, lock: int) -> None:
    """Let one transaction at a time go on from here, until it ends; each sees what those before it wrote.

    On SQLite all writing transactions take turns anyway.

    Args:
        lock: a number of its own for each thing that is taken in turns.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})


def count_by(connection: Connection, column: Column[Any]) -> dict[str, int]:
    """Return how many rows of its table there are for each value of a text column."""
    rows = connection.execute(select(column, func.count()).group_by(column))
    return {row[0]: row[1] for row in rows}


def _insert(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
