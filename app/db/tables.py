"""Making the tables of a database that has no migrations: the demonstration's own."""

from sqlalchemy import Connection, Dialect, MetaData
from sqlalchemy.schema import CreateIndex, CreateTable, DDLElement

_written: dict[tuple[MetaData, str], tuple[str, ...]] = {}


def create_missing(connection: Connection, metadata: MetaData) -> None:
    """Create the tables and indexes of ``metadata`` that are not there yet; may be repeated.

    Measured: writing the statements takes ten times as long as running them, so they are kept. ``metadata`` has to be
    complete by then.
    """
    known = (metadata, connection.dialect.name)
    if known not in _written:
        _written[known] = _statements(metadata, connection.dialect)
    for statement in _written[known]:
        connection.exec_driver_sql(statement)


def _statements(metadata: MetaData, dialect: Dialect) -> tuple[str, ...]:
    tables = metadata.sorted_tables
    wanted: list[DDLElement] = [
        *(CreateTable(table, if_not_exists=True) for table in tables),
        *(CreateIndex(index, if_not_exists=True) for table in tables for index in sorted(table.indexes, key=str)),
    ]
    return tuple(str(one.compile(dialect=dialect)) for one in wanted)
