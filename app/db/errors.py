"""What a database that cannot answer raises: away, locked for too long, full, or without the tables that we need."""

from sqlalchemy.exc import InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

# Answered with 503 and Retry-After. ProgrammingError is what PostgreSQL says of a table that a migration still owes.
DATABASE_AWAY: tuple[type[Exception], ...] = (OperationalError, InterfaceError, ProgrammingError, PoolTimeout)
