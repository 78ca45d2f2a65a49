"""The store of sessions: a row a browser, found by the hash of a random id that only the browser's cookie holds.

All instants are wall time. A session of somebody signed in ends after 12 hours without a request and after 7 days in
any case; a visitor's, which holds no more than the way back to what was chosen and the campaign that they came by,
after 30 days.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from app.core.ids import new_id, new_token
from app.db.schema.identity import sessions
from app.identity.actor import Actor, Person
from app.identity.people import find_person

IDLE_LIMIT = timedelta(hours=12)
SIGNED_IN_LIMIT = timedelta(days=7)
VISITOR_LIMIT = timedelta(days=30)
SEEN_EVERY = timedelta(minutes=5)  # a request writes that often at most; the idle limit is exact to that much


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session that lives; ``person`` is None for a visitor who has not signed in."""

    session_hash: str
    visitor_id: str
    person: Person | None
    id_token: str
    seen_at: datetime
    expires_at: datetime

    @property
    def actor(self) -> Actor:
        """Who acts in this session."""
        return Actor(visitor_id=self.visitor_id, person=self.person)


def find_session(connection: Connection, token: str, now: datetime) -> Session | None:
    """Return the session of a cookie's id, None when there is none or its time is over."""
    row = connection.execute(select(sessions).where(sessions.c.session_hash == hash_of(token))).first()
    if row is None or now >= row.expires_at or (row.person_id and now - row.seen_at >= IDLE_LIMIT):
        return None
    return Session(
        session_hash=row.session_hash,
        visitor_id=row.visitor_id,
        person=_person(connection, row.person_id, row.by_mail),
        id_token=row.id_token,
        seen_at=row.seen_at,
        expires_at=row.expires_at,
    )


def open_session(
    connection: Connection,
    *,
    replaced: Session | None,
    person_id: str | None,
    id_token: str = "",
    by_mail: bool = False,
    now: datetime,
) -> tuple[str, Session]:
    """Make a session in place of ``replaced`` and return its token, for the cookie alone, with it.

    The id is new at every sign-in, so that one planted in the browser before is worth nothing afterwards. The visitor
    stays the same, and with them what was chosen, unless somebody else was signed in before.

    Args:
        by_mail: the person came by a one-time link, which proves a mailbox and not the issuer's word: no staff roles.
    """
    if replaced:
        delete_session(connection, replaced.session_hash)
    token = new_token()
    made = Session(
        session_hash=hash_of(token),
        visitor_id=_visitor_after(replaced, person_id),
        person=_person(connection, person_id, by_mail),
        id_token=id_token,
        seen_at=now,
        expires_at=now + (SIGNED_IN_LIMIT if person_id else VISITOR_LIMIT),
    )
    values = {
        "session_hash": made.session_hash,
        "visitor_id": made.visitor_id,
        "person_id": person_id,
        "id_token": id_token,
        "by_mail": by_mail,
        "created_at": now,
        "seen_at": now,
        "expires_at": made.expires_at,
    }
    connection.execute(insert(sessions).values(values))
    return token, made


def mark_seen(connection: Connection, session_hash: str, now: datetime) -> None:
    """Note that the session was used, which starts its idle time anew."""
    connection.execute(update(sessions).where(sessions.c.session_hash == session_hash).values(seen_at=now))


def delete_session(connection: Connection, session_hash: str) -> None:
    """End a session: its cookie, kept or stolen, opens nothing any more."""
    connection.execute(delete(sessions).where(sessions.c.session_hash == session_hash))


def hash_of(token: str) -> str:
    """Return what stands in the table for a random token; with 256 random bits a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def _visitor_after(replaced: Session | None, person_id: str | None) -> str:
    if replaced is None:
        return new_id("vis")
    was_somebody_else = replaced.person is not None and replaced.person.person_id != person_id
    return new_id("vis") if was_somebody_else else replaced.visitor_id


def _person(connection: Connection, person_id: str | None, by_mail: bool) -> Person | None:
    found = find_person(connection, person_id) if person_id else None
    return replace(found, roles=frozenset()) if found and by_mail else found
