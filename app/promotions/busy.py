"""Waiting for a lock at most two seconds: then the buyer is told to try again, never that a code is invalid."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.db.engine import Database

T = TypeVar("T")
# lock_not_available, deadlock_detected, query_canceled (the statement's own limit)
_POSTGRES = frozenset({"55P03", "40P01", "57014"})


class Busy(Exception):
    """Others are at the same rows; nothing was changed, and trying again is right."""


async def write_unless_busy(db: Database, body: Callable[[Connection], T]) -> T:
    """Run ``body`` in one transaction; Busy, with nothing changed, when a lock could not be had in time.

    How long is waited is the database's setting (2 s, see ``app.db.engine``).
    """
    try:
        return await db.write(body)
    except PoolTimeout as error:
        raise Busy from error
    except OperationalError as error:
        if _is_lock(error):
            raise Busy from error
        raise


def _is_lock(error: OperationalError) -> bool:
    if getattr(error.orig, "sqlstate", None) in _POSTGRES:
        return True
    return "database is locked" in str(error.orig) or "database table is locked" in str(error.orig)
