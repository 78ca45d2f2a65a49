"""The store of people: keyed by issuer and subject, so that a changed or recycled e-mail address moves nobody."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from app.core.ids import new_id
from app.db.schema.identity import people
from app.db.sql import insert_new
from app.identity.actor import Person
from app.identity.claims import Claims


def upsert_person(connection: Connection, claims: Claims, now: datetime) -> Person:
    """Write what the issuer says about a person and return them.

    The same (issuer, subject) stays the same person whatever else changed; two people with one address stay two.
    """
    known = {
        "username": claims.username,
        "name": claims.name,
        "email": claims.email,
        "email_verified": claims.email_verified,
        "roles": " ".join(sorted(claims.roles)),
        "seen_at": now,
    }
    key = {"issuer": claims.issuer, "subject": claims.subject}
    insert_new(connection, people, {"person_id": new_id("per"), **key, **known, "created_at": now})
    is_them = (people.c.issuer == claims.issuer) & (people.c.subject == claims.subject)
    row = connection.execute(update(people).where(is_them).values(**known).returning(*people.c))
    return person_of(row.mappings().one())


def find_person(connection: Connection, person_id: str) -> Person | None:
    """Return a person by our id, None when there is none."""
    row = connection.execute(select(people).where(people.c.person_id == person_id)).mappings().first()
    return person_of(row) if row else None


def find_by_verified_email(connection: Connection, issuer: str, email: str) -> tuple[Person, ...]:
    """Return everybody of ``issuer`` whose address, as that issuer verified it, is ``email`` (case is ignored)."""
    wanted = select(people).where(
        people.c.issuer == issuer, people.c.email_verified.is_(True), func.lower(people.c.email) == email.lower()
    )
    return tuple(person_of(row) for row in connection.execute(wanted).mappings())


def person_of(row: Mapping[Any, Any]) -> Person:
    """Read a row of people; the keys are columns, which may stand in a join's row too."""
    return Person(
        person_id=row["person_id"],
        issuer=row["issuer"],
        subject=row["subject"],
        username=row["username"],
        name=row["name"],
        email=row["email"],
        email_verified=row["email_verified"],
        roles=frozenset(row["roles"].split()),
    )
