"""Fresh, migrated databases for tests: a copied file on SQLite, a cloned database on PostgreSQL."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL, make_url

from app.db.engine import Database
from app.db.migrate import migrate


class SqliteDatabases:
    """Copies of one migrated file.

    Args:
        folder: where the file that is copied stands.
    """

    def __init__(self, folder: Path) -> None:
        self._template = folder / "template.db"
        _migrate(f"sqlite:///{self._template}")

    @contextmanager
    def fresh(self, folder: Path) -> Iterator[str]:
        """Yield the address of a new database in ``folder``."""
        path = folder / "kassa.db"
        shutil.copyfile(self._template, path)
        yield f"sqlite:///{path}"


class PostgresDatabases:
    """Clones of one database on a server; ``on_server`` makes it.

    Args:
        admin: a connection there whose user may make databases. name: the database that is cloned.
    """

    def __init__(self, admin: psycopg.Connection, url: URL, name: str) -> None:
        self._admin = admin
        self._url = url
        self._name = name
        self._count = 0

    @classmethod
    @contextmanager
    def on_server(cls, url: str) -> Iterator["PostgresDatabases"]:
        """Migrate a database on the server at ``url`` (of any database there), and drop it at the end."""
        address = make_url(url).set(drivername="postgresql")
        with psycopg.connect(address.render_as_string(hide_password=False), autocommit=True) as admin:
            databases = cls(admin, address, f"kassa_test_{os.getpid()}")
            databases._run("CREATE DATABASE {}", databases._name)
            try:
                _migrate(databases._address(databases._name))
                yield databases
            finally:
                databases._run("DROP DATABASE {} WITH (FORCE)", databases._name)

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """Yield the address of a new database, which is dropped again."""
        self._count += 1
        name = f"{self._name}_{self._count}"
        # measured: copying files takes half the time of writing the copy to the log
        self._run("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy", name, self._name)
        try:
            yield self._address(name)
        finally:
            self._run("DROP DATABASE {} WITH (FORCE)", name)

    def _run(self, statement: LiteralString, *names: str) -> None:
        identifiers = [sql.Identifier(name) for name in names]
        self._admin.execute(sql.SQL(statement).format(*identifiers))

    def _address(self, name: str) -> str:
        url = self._url.set(drivername="postgresql+psycopg", database=name)
        return url.render_as_string(hide_password=False)


def _migrate(url: str) -> None:
    with opened(url) as database:
        migrate(database)


@contextmanager
def opened(url: str) -> Iterator[Database]:
    """Yield the database at ``url`` and close it."""
    database = Database(url)
    try:
        yield database
    finally:
        database.close()
