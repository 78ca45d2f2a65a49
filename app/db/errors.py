"""What a database raises that cannot answer (away, locked for too long, full, without our tables) or take a value."""

from sqlalchemy.exc import DataError, InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

# Answered with 503 and Retry-After. ProgrammingError is what PostgreSQL says of a table that a migration still owes.
DATABASE_AWAY: tuple[type[Exception], ...] = (OperationalError, InterfaceError, ProgrammingError, PoolTimeout)

BAD_VALUE: type[Exception] = DataError
"""A value that no column can hold, as a text with a NUL byte on PostgreSQL."""
