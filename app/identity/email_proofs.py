"""The store of proofs that an address is somebody's own: a link by mail, used once by the person who asked for it.

A proof counts for that person and that address alone. It changes neither what the issuer says of them nor whom a
one-time link signs in (docs/adr/0007-a-proven-address-is-for-one-person.md).
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select, update

from app.core.ids import new_token
from app.db.schema.identity import email_proofs
from app.identity.actor import Person
from app.identity.login_links import normal_email
from app.identity.sessions import hash_of

LIFETIME = timedelta(hours=24)


def new_proof(connection: Connection, person: Person, *, next_path: str, now: datetime) -> str:
    """Begin a proof of the person's present address and return its token; kept as a hash. ``now`` is wall time."""
    token = new_token()
    values = {
        "token_hash": hash_of(token),
        "person_id": person.person_id,
        "email": normal_email(person.email),
        "next_path": next_path,
        "made_at": now,
        "used_at": None,
    }
    connection.execute(insert(email_proofs).values(values))
    return token


def take_proof(connection: Connection, person: Person, token: str, *, now: datetime) -> str | None:
    """Use a proof up and return where its asker wanted to go on.

    None for an unknown, old or used one, for somebody else's, and for an address that is not theirs any more.
    """
    is_theirs = (email_proofs.c.person_id == person.person_id) & (email_proofs.c.email == normal_email(person.email))
    works = email_proofs.c.used_at.is_(None) & (email_proofs.c.made_at > now - LIFETIME)
    taken = update(email_proofs).where(email_proofs.c.token_hash == hash_of(token), is_theirs, works)
    row = connection.execute(taken.values(used_at=now).returning(email_proofs.c.next_path)).first()
    return row.next_path if row else None


def is_proven(connection: Connection, person: Person) -> bool:
    """Whether the person has shown that they read the mail of their present address."""
    found = select(email_proofs.c.token_hash).where(
        email_proofs.c.person_id == person.person_id,
        email_proofs.c.email == normal_email(person.email),
        email_proofs.c.used_at.is_not(None),
    )
    return connection.execute(found.limit(1)).first() is not None
