"""What every test may ask for: a standing clock, a migrated database on both engines, the demo's settings."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import settings

from app.config import Config
from app.core.clock import FrozenClock
from app.db.engine import Database
from tests.support.databases import PostgresDatabases, SqliteDatabases, opened
from tests.support.postgres import NoPostgres, postgres_server
from tests.support.scratch import keep_scratch_in_memory

pytest_plugins = ("app.vendor_adapters.conformance.plugin",)
pytest.register_assert_rewrite("tests.support.journeys", "tests.support.witness")

# The HTTP client tries to import it at each request to an application in this process; where it is not installed,
# looking for it in all folders again takes longer than many an answer.
if find_spec("sniffio") is None:
    sys.modules["sniffio"] = None  # type: ignore[assignment]  # how Python marks what cannot be imported

keep_scratch_in_memory()

ENGINES = ("sqlite", "postgres")
VENDORS = ("embedded", "stripe", "minimal", "lesser")

# The same examples each time, so that a failure belongs to the change that is being tested;
# `pytest --hypothesis-profile wide` looks for new ones.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.register_profile("wide", deadline=None, max_examples=2000)
settings.load_profile("steady")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--db", choices=[*ENGINES, "both"], default="both", help="which databases to test on (both)")
    parser.addoption("--vendor", choices=[*VENDORS, "all"], default="all", help="which vendors to sell with (all)")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what asks for a database once on each engine; ``@pytest.mark.engines("sqlite")`` names fewer.

    What sells runs over the embedded vendor; ``@pytest.mark.vendors("embedded", "stripe")`` runs it over each vendor
    named, over all but the first on one engine: the second database proves nothing new of a vendor.
    """
    engines = _wanted(metafunc, "engines", ENGINES, "--db", "both")
    if "vendor_name" in metafunc.fixturenames:
        vendors = _wanted(metafunc, "vendors", VENDORS[:1], "--vendor", "all")
        runs = [(engine, vendor) for vendor in vendors for engine in (engines if vendor == VENDORS[0] else engines[:1])]
        ids = [engine if vendor == VENDORS[0] else f"{engine}-{vendor}" for engine, vendor in runs]
        metafunc.parametrize(("database_url", "vendor_name"), runs, indirect=True, ids=ids)
    elif "database_url" in metafunc.fixturenames:
        metafunc.parametrize("database_url", engines, indirect=True)


def _wanted(metafunc: pytest.Metafunc, mark: str, usual: Sequence[str], option: str, every: str) -> list[str]:
    """Return what a test is to run over: what its mark names, or what is usual, as far as the option allows."""
    found, wanted = metafunc.definition.get_closest_marker(mark), metafunc.config.getoption(option)
    return [name for name in (found.args if found else usual) if wanted in (name, every)]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Async tests run on asyncio; the plugin takes every ``async def test_…`` (anyio_mode in pyproject.toml)."""
    return "asyncio"


@pytest.fixture
def clock() -> FrozenClock:
    """Both clocks, standing at the instant that the worked sums start from."""
    return FrozenClock(datetime(2026, 11, 23, 12, 0, tzinfo=UTC))


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> SqliteDatabases:
    return SqliteDatabases(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgres_databases() -> Iterator[PostgresDatabases]:
    with ExitStack() as stack:
        try:
            url = os.environ.get("TEST_DATABASE_URL") or stack.enter_context(postgres_server())
        except NoPostgres as missing:
            pytest.fail(str(missing), pytrace=False)
        yield stack.enter_context(PostgresDatabases.on_server(url))


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh, migrated database."""
    if request.param == "sqlite":
        fresh = request.getfixturevalue("sqlite_databases").fresh(tmp_path)
    else:
        fresh = request.getfixturevalue("postgres_databases").fresh()
    with fresh as url:
        yield url


@pytest.fixture
def vendor_name(request: pytest.FixtureRequest) -> str:
    """The vendor that the store sells with."""
    return str(request.param)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh, migrated database."""
    with opened(database_url) as database:
        yield database


@pytest.fixture
def config(request: pytest.FixtureRequest, tmp_path: Path) -> Config:
    """The demo's settings, over a ``var`` of its own, and over the test's database where it asks for one."""
    environ = {"KASSA_VAR": str(tmp_path / "var")}
    if "database_url" in request.fixturenames:
        environ["KASSA_DATABASE_URL"] = request.getfixturevalue("database_url")
    return Config.from_env(environ)
