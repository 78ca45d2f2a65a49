"""Rules of the house that the import contracts cannot state: where clocks, chance, settings, SQL and vendors stand."""

from pathlib import Path

from tests.support.sources import ROOT, imported_names, named, python_files, used_attributes

CHANCE_AND_TIME = ("time", "random", "secrets", "uuid", "os.urandom")
CLOCKS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "os.urandom"}
SETTINGS = {"os.environ", "os.environb", "os.getenv", "os.putenv"}

# The rooms that keep something, beside modules that bear the name of a store. All others hand functions over a
# Connection to the database, and name no more of it.
WITH_SQL = (
    "app/db/",
    "app/demo/store/",
    "app/vendor_adapters/embedded/",
    "app/emails/",
    "app/entitlements/",
    "app/events/",
    "app/identity/",
    "app/orders/",
    "app/promotions/",
    "app/subscriptions/",
    "app/usage/",
)
WITHOUT_SQL_MAY_NAME = {"sqlalchemy.Connection", "sqlalchemy.Engine"}

# Beside a vendor's own package: where vendors are chosen, given their keys, and shown to people who try the store out.
NAME_VENDORS = {
    "app/cli.py": {"embedded"},  # the help of `kassa demo`
    "app/commands/demo.py": {"embedded"},  # serves the pages of the one vendor that has them in this process
    "app/config.py": {"embedded", "stripe"},  # their settings
    "app/vendor_adapters/registry.py": {"embedded", "stripe"},
    "templates/vendor/base.html": {"embedded"},  # that vendor's own pages
}


def test_only_the_core_reads_clocks_and_draws_lots() -> None:
    found = [
        f"{named(path)}: {name}"
        for path in python_files("app")
        if not named(path).startswith("app/core/")
        for name in (*_imported(path, CHANCE_AND_TIME), *_used(path, CLOCKS))
    ]
    # the demo's secrets are made once, where they are kept
    assert sorted(set(found) - {"app/config.py: secrets"}) == []


def test_only_config_reads_the_environment() -> None:
    found = [
        f"{named(path)}: {name}"
        for path in python_files("app")
        if named(path) != "app/config.py"
        for name in (*_imported(path, tuple(SETTINGS)), *_used(path, SETTINGS))
    ]
    assert found == []


def test_sql_stands_in_the_rooms_that_store() -> None:
    found = [
        f"{named(path)}: {name}"
        for path in python_files("app")
        if not named(path).startswith(WITH_SQL) and not path.stem.endswith("store")
        for name in _imported(path, ("sqlalchemy", "alembic", "psycopg", "sqlite3"))
        if name not in WITHOUT_SQL_MAY_NAME
    ]
    assert found == []


def test_no_vendor_is_named_outside_its_adapter() -> None:
    files = [*python_files("app"), *(ROOT / "app").rglob("*.html"), *(ROOT / "templates").rglob("*.*")]
    found = {named(path): _vendors_in(path) for path in files}
    assert {name: vendors for name, vendors in found.items() if vendors} == NAME_VENDORS


def _vendors_in(path: Path) -> set[str]:
    """Return the vendors that a file names, of those in whose package it does not stand."""
    folder = ROOT / "app" / "vendor_adapters"
    vendors = {each.parent.name for each in folder.glob("*/adapter.py")}
    text = path.read_text(encoding="utf-8").lower()
    return {name for name in vendors if name in text and not path.is_relative_to(folder / name)}


def _imported(path: Path, roots: tuple[str, ...]) -> list[str]:
    return [name for name in imported_names(path) if name in roots or name.startswith(tuple(f"{r}." for r in roots))]


def _used(path: Path, names: set[str]) -> list[str]:
    return [name for name in used_attributes(path) if name in names]
