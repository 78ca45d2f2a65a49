"""``kassa export --jsonl``: what the store knows, one JSON object a line, read only."""

import json
import sys

from sqlalchemy import Connection

from app.commands.database import require_schema
from app.commands.export_store import records
from app.config import Config
from app.db.engine import Database


async def export(config: Config) -> int:
    """Write every record to standard output; docs/export.md says what stands in them. Raises NotReady."""

    def write(connection: Connection) -> None:
        for record in records(connection):
            sys.stdout.write(json.dumps(record, ensure_ascii=False) + "\n")

    database = Database(config.database_url)
    try:
        await require_schema(database)
        await database.read(write)
    finally:
        database.close()
    return 0
