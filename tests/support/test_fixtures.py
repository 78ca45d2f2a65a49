"""The fixtures that all other tests stand on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, func, inspect, select
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from app.config import Config
from app.core.clock import FrozenClock
from app.db.engine import Database
from app.db.migrate import has_needed_schema
from app.db.schema import metadata
from tests.support.asgi import asgi_client


def test_clock_stands_until_it_is_moved(clock: FrozenClock) -> None:
    assert clock.now() == clock.now() == datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_database_is_migrated(database: Database) -> None:
    assert database.read_now(has_needed_schema)
    tables = database.read_now(lambda connection: inspect(connection).get_table_names())
    assert set(metadata.tables) <= set(tables)


@pytest.mark.parametrize("run", ["first", "second"])
async def test_database_is_each_tests_own(database: Database, run: str) -> None:
    def leave_a_table(connection: Connection) -> list[str]:
        found = inspect(connection).get_table_names()
        connection.exec_driver_sql(f"CREATE TABLE left_by_{run} (id INTEGER)")
        return [name for name in found if name.startswith("left_by_")]

    assert await database.write(leave_a_table) == []


@pytest.mark.engines("postgres")
def test_engines_mark_names_fewer(database: Database) -> None:
    assert not database.is_sqlite
    version = database.read_now(lambda connection: connection.scalar(select(func.version())))
    assert str(version).startswith("PostgreSQL")


def test_config_goes_with_the_database(config: Config, database_url: str) -> None:
    assert config.database_url == database_url


def test_config_alone_keeps_its_state_apart(config: Config) -> None:
    assert config.database_url == f"sqlite:///{config.var}/kassa.db"
    assert config.is_demo


@asynccontextmanager
async def _greeting(_: Starlette) -> AsyncIterator[dict[str, str]]:
    yield {"greeting": "hello"}


def _greet(request: Request) -> PlainTextResponse:
    return PlainTextResponse(request.state.greeting)


async def test_asgi_client_runs_the_lifespan() -> None:
    app = Starlette(routes=[Route("/", _greet)], lifespan=_greeting)
    async with asgi_client(app) as client:
        answer = await client.get("/")
    assert (answer.status_code, answer.text) == (200, "hello")


@asynccontextmanager
async def _failing(_: Starlette) -> AsyncIterator[None]:
    raise OSError("no disk")
    yield


async def test_asgi_client_tells_why_a_start_failed() -> None:
    with pytest.raises(OSError, match="no disk"):
        async with asgi_client(Starlette(lifespan=_failing)):
            pass
