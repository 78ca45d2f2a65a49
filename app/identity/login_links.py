"""The store of one-time links: each signs one address in, once, within 24 hours of wall time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, insert, select, update

from app.core.ids import new_token
from app.db.schema.identity import login_links
from app.identity.actor import Person
from app.identity.claims import Claims
from app.identity.people import find_by_verified_email, upsert_person
from app.identity.sessions import hash_of

LIFETIME = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginLink:
    """A link that works; ``email`` is normalised, ``next_path`` is where its asker wanted to go."""

    email: str
    next_path: str

    @property
    def masked_email(self) -> str:
        """The address as its owner knows it again and nobody else learns it: ``a…@example.com``."""
        name, _, domain = self.email.rpartition("@")
        return f"{name[:1]}…@{domain}"


def normal_email(email: str) -> str:
    """Return the form of an address that it is compared in; mailboxes ignore case."""
    return email.strip().lower()


def new_link(connection: Connection, *, email: str, next_path: str, visitor_id: str, now: datetime) -> str:
    """Make a link and return its token, which goes into the mail and is kept as a hash only.

    Args:
        visitor_id: who asked, for the record. Whoever opens the link may sit at another browser, and never gets the
            asker's session: anybody may type in anybody's address.
    """
    token = new_token()
    values = {
        "token_hash": hash_of(token),
        "email": normal_email(email),
        "next_path": next_path,
        "visitor_id": visitor_id,
        "created_at": now,
        "used_at": None,
    }
    connection.execute(insert(login_links).values(values))
    return token


def find_link(connection: Connection, token: str, now: datetime) -> LoginLink | None:
    """Return what a link would do, without using it: mail scanners open links before people do."""
    row = connection.execute(select(login_links).where(_works(token, now))).first()
    return LoginLink(email=row.email, next_path=row.next_path) if row else None


def take_link(connection: Connection, token: str, now: datetime) -> LoginLink | None:
    """Use a link up and return it; None for an unknown, used or old one. Of two at once, one gets it."""
    taken = update(login_links).where(_works(token, now)).values(used_at=now)
    row = connection.execute(taken.returning(login_links.c.email, login_links.c.next_path)).first()
    return LoginLink(email=row.email, next_path=row.next_path) if row else None


def person_at(connection: Connection, email: str, *, issuer: str, mail_issuer: str, now: datetime) -> Person:
    """Return who a proven mailbox signs in (docs/adr/0003-one-time-links.md).

    The one person whose address it is by the word of ``issuer``; when there is none, or more than one, a contact of
    its own, keyed by the address under ``mail_issuer``. Accounts are never merged.
    """
    found = find_by_verified_email(connection, issuer, email) if issuer else ()
    if len(found) == 1:
        return found[0]
    contact = Claims(issuer=mail_issuer, subject=email, email=email, email_verified=True)
    return upsert_person(connection, contact, now)


def _works(token: str, now: datetime) -> ColumnElement[bool]:
    is_new = login_links.c.used_at.is_(None) & (login_links.c.created_at > now - LIFETIME)
    return (login_links.c.token_hash == hash_of(token)) & is_new
