"""People of the demo product."""

from typing import Any

from sqlalchemy import Connection, Row, select, update

from app.demo.model import Person
from app.demo.store.schema import people


def all_people(connection: Connection) -> tuple[Person, ...]:
    """Return everybody, by username."""
    return tuple(person_of(row) for row in connection.execute(select(people).order_by(people.c.username)))


def find_person(connection: Connection, username: str) -> Person | None:
    """Return somebody by username."""
    row = connection.execute(select(people).where(people.c.username == username)).one_or_none()
    return person_of(row) if row else None


def find_subject(connection: Connection, sub: str) -> Person | None:
    """Return somebody by the subject that the sign-in tells."""
    row = connection.execute(select(people).where(people.c.sub == sub)).one_or_none()
    return person_of(row) if row else None


def confirm_email(connection: Connection, sub: str) -> None:
    """Take somebody's e-mail address as confirmed; the next sign-in tells it."""
    connection.execute(update(people).where(people.c.sub == sub).values(email_verified=True))


def person_of(row: Row[Any]) -> Person:
    """Read a person from a row that holds the columns of ``people``."""
    return Person(
        sub=row.sub,
        username=row.username,
        name=row.name,
        email=row.email,
        email_verified=row.email_verified,
        roles=tuple(row.roles),
    )
