"""People for tests that need somebody."""

from app.core.clock import Clock
from app.db.engine import Database
from app.identity.actor import Person
from app.identity.claims import Claims
from app.identity.people import upsert_person


def written(database: Database, clock: Clock, claims: Claims) -> Person:
    """Write a person as a sign-in does."""
    return database.write_now(lambda connection: upsert_person(connection, claims, clock.wall()))
