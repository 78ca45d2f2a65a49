"""``kassa migrate``."""

import sys

from app.config import Config
from app.db.engine import Database
from app.db.errors import DATABASE_AWAY
from app.db.migrate import migrate


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
