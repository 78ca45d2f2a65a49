"""Database access: a transaction's body is a plain function over a Connection, run on a thread.

Because the body is synchronous, no call to a vendor, an identity provider or the product can ever stand inside a
transaction. On SQLite all writes go through one thread (measured: twice the durable transactions of a pool, and no
"database is locked"); PostgreSQL uses its pool for both.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url

from app.db.at_end import acts_at_end

T = TypeVar("T")
_READERS = 4


class Database:
    """One database: ``await db.read(fn)`` and ``await db.write(fn)`` run ``fn(connection)`` in one transaction.

    Args:
        url: a SQLAlchemy URL, ``sqlite:///path`` or ``postgresql+psycopg://…``.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        if self.is_sqlite:
            self._write_engine = _sqlite_engine(url, write=True)
            self._read_engine = _sqlite_engine(url, write=False)
            self._writers = ThreadPoolExecutor(1, thread_name_prefix="db-write")
            self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="db-read")
        else:
            self._write_engine = self._read_engine = _postgres_engine(url)
            self._writers = self._readers = ThreadPoolExecutor(2 * _READERS, thread_name_prefix="db")

    async def read(self, body: Callable[[Connection], T]) -> T:
        """Run ``body`` over a read-only view of the data and return its answer."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self.read_now, body)

    async def write(self, body: Callable[[Connection], T]) -> T:
        """Run ``body`` in one transaction, committed when it returns and rolled back when it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._writers, self.write_now, body)

    def read_now(self, body: Callable[[Connection], T]) -> T:
        """``read`` for callers that are synchronous themselves (the command line, tests)."""
        with self._read_engine.begin() as connection:
            return body(connection)

    def write_now(self, body: Callable[[Connection], T]) -> T:
        """``write`` for callers that are synchronous themselves (the command line, tests)."""
        with self._write_engine.begin() as connection, acts_at_end(connection):
            return body(connection)

    @property
    def engine(self) -> Engine:
        """The writing engine, for migrations."""
        return self._write_engine

    def close(self) -> None:
        """Wait for what runs, then close every connection."""
        self._writers.shutdown()
        self._readers.shutdown()
        self._write_engine.dispose()
        self._read_engine.dispose()


def _sqlite_engine(url: str, *, write: bool) -> Engine:
    # hide_parameters: what a logged error would else print holds names and addresses
    engine = create_engine(url, connect_args={"check_same_thread": False}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # BEGIN is ours: the driver's own would defer it
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=2000", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        if not write:
            connection.execute("PRAGMA query_only=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # IMMEDIATE: a deferred transaction that reads first fails at once when another writer came between
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _postgres_engine(url: str) -> Engine:
    # lock 2 s, statement 3 s, so that a held lock answers 503 within 3 s
    options = "-c lock_timeout=2000 -c statement_timeout=3000 -c timezone=UTC"
    return create_engine(
        url,
        pool_size=2 * _READERS,
        max_overflow=0,
        pool_timeout=3,
        hide_parameters=True,
        connect_args={"connect_timeout": 2, "options": options},
    )
