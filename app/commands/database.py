"""``kassa migrate``, and what commands say of a database that nobody has migrated."""

import sys

from app.config import Config
from app.db.engine import Database
from app.db.errors import DATABASE_AWAY
from app.db.migrate import has_needed_schema, migrate


class NotReady(Exception):
    """The store's database cannot be used by a command; the text says in one line what to do."""


async def require_schema(database: Database) -> None:
    """Raise NotReady unless the database answers and has the schema of this version."""
    try:
        is_current = await database.read(has_needed_schema)
    except DATABASE_AWAY as error:
        kind = type(error).__name__
        raise NotReady(
            f"The database does not answer ({kind}): check KASSA_DATABASE_URL, or run: kassa migrate"
        ) from error
    if not is_current:
        raise NotReady("The database has no schema, or an older one; run: kassa migrate")


def prepare_database(config: Config) -> Database:
    """Return the store's database with the schema of this version; SQLite's folder is made if needed."""
    if config.database_url.startswith("sqlite:///"):
        config.var.mkdir(parents=True, exist_ok=True)
    database = Database(config.database_url)
    migrate(database)
    return database


def migrate_database(config: Config) -> int:
    """Run the migrations and say so."""
    try:
        prepare_database(config).close()
    except DATABASE_AWAY as error:
        sys.stderr.write(f"The database does not answer ({type(error).__name__}): check KASSA_DATABASE_URL.\n")
        return 1
    sys.stdout.write("The database has the schema of this version.\n")
    return 0
