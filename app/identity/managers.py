"""The store of who manages a billing account: managers, open invitations, and whom the account is sold to."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from app.core.ids import new_id, new_token
from app.db.schema.identity import account_contacts, account_invites, account_managers, billing_accounts, people
from app.db.sql import insert_new, upsert
from app.identity.sessions import hash_of

INVITE_LIFETIME = timedelta(days=7)
MOST_PENDING = 15


class TooManyInvites(Exception):
    """As many invitations are open as there may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manager:
    """Somebody who manages an account, since an instant of wall time."""

    person_id: str
    name: str
    email: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite:
    """An invitation that still works; ``made_at`` is wall time."""

    invite_id: str
    account_id: str
    email: str
    invited_by: str
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A name and where mail reaches it."""

    full_name: str
    email: str


def managers_of(
    connection: Connection, account_id: str, *, limit: int | None = None, offset: int = 0
) -> tuple[Manager, ...]:
    """Return an account's managers, the first one first; all of them, or so many after ``offset``."""
    rows = connection.execute(
        select(people.c.person_id, people.c.name, people.c.username, people.c.email, account_managers.c.since)
        .join(account_managers, account_managers.c.person_id == people.c.person_id)
        .where(account_managers.c.account_id == account_id)
        .order_by(account_managers.c.since, people.c.person_id)
        .limit(limit)
        .offset(offset)
    )
    return tuple(
        Manager(person_id=row.person_id, name=row.name or row.username or row.email, email=row.email, since=row.since)
        for row in rows
    )


def count_managers(connection: Connection, account_id: str) -> int:
    """Return how many managers an account has."""
    mine = account_managers.c.account_id == account_id
    return connection.execute(select(func.count()).select_from(account_managers).where(mine)).scalar_one()


def remove_manager(connection: Connection, account_id: str, person_id: str) -> bool:
    """Take somebody off an account; False, with nothing changed, for the last manager or somebody who is none.

    The account's row is held meanwhile: of two managers who remove each other at once, one stays.
    """
    _lock(connection, account_id)
    mine = account_managers.c.account_id == account_id
    if count_managers(connection, account_id) < 2:
        return False
    gone = connection.execute(delete(account_managers).where(mine, account_managers.c.person_id == person_id))
    return gone.rowcount == 1


def new_invite(
    connection: Connection, account_id: str, *, email: str, invited_by: str, now: datetime
) -> tuple[str, str]:
    """Invite an address and return the invitation's id and its token, which goes into the mail and is kept as a hash.

    An open invitation of the same address gives way to the new one. Raises TooManyInvites.
    """
    _lock(connection, account_id)
    same = (account_invites.c.account_id == account_id) & (account_invites.c.email == email)
    connection.execute(update(account_invites).where(same, _is_open(now)).values(closed_at=now))
    if len(pending_invites(connection, account_id, now)) >= MOST_PENDING:
        raise TooManyInvites
    token = new_token()
    values = {
        "invite_id": new_id("inv"),
        "token_hash": hash_of(token),
        "account_id": account_id,
        "email": email,
        "invited_by": invited_by,
        "made_at": now,
        "closed_at": None,
        "accepted_by": "",
    }
    connection.execute(insert(account_invites).values(values))
    return str(values["invite_id"]), token


def pending_invites(connection: Connection, account_id: str, now: datetime) -> tuple[Invite, ...]:
    """Return the invitations of an account that still work, the newest first."""
    found = select(*_COLUMNS).where(account_invites.c.account_id == account_id, _is_open(now))
    rows = connection.execute(found.order_by(account_invites.c.made_at.desc(), account_invites.c.invite_id)).mappings()
    return tuple(Invite(**row) for row in rows)


def find_invite(connection: Connection, token: str, now: datetime) -> Invite | None:
    """Return the invitation that a token stands for, without using it; None when it does not work any more."""
    found = select(*_COLUMNS).where(account_invites.c.token_hash == hash_of(token), _is_open(now))
    row = connection.execute(found).mappings().first()
    return Invite(**row) if row else None


def accept_invite(connection: Connection, token: str, person_id: str, now: datetime) -> Invite | None:
    """Use an invitation up and make the person a manager; None when it does not work. Of two at once, one gets it."""
    works = (account_invites.c.token_hash == hash_of(token)) & _is_open(now)
    taken = update(account_invites).where(works).values(closed_at=now, accepted_by=person_id).returning(*_COLUMNS)
    row = connection.execute(taken).mappings().first()
    if row is None:
        return None
    invite = Invite(**row)
    manager = {"account_id": invite.account_id, "person_id": person_id, "since": now}
    insert_new(connection, account_managers, manager)
    return invite


def withdraw_invite(connection: Connection, account_id: str, invite_id: str, now: datetime) -> bool:
    """Take an open invitation of an account back; False when there is none such."""
    mine = (account_invites.c.invite_id == invite_id) & (account_invites.c.account_id == account_id)
    done = connection.execute(update(account_invites).where(mine, _is_open(now)).values(closed_at=now))
    return done.rowcount == 1


def sold_to(connection: Connection, account_id: str) -> Contact | None:
    """Return whom an account is sold to, None when nobody was named."""
    row = connection.execute(select(account_contacts).where(account_contacts.c.account_id == account_id)).first()
    return Contact(full_name=row.full_name, email=row.email) if row else None


def set_sold_to(connection: Connection, account_id: str, contact: Contact) -> None:
    """Name whom an account is sold to."""
    values = {"account_id": account_id, "full_name": contact.full_name, "email": contact.email}
    upsert(connection, account_contacts, values, key=[account_contacts.c.account_id])


def _lock(connection: Connection, account_id: str) -> None:
    connection.execute(
        select(billing_accounts.c.account_id).where(billing_accounts.c.account_id == account_id).with_for_update()
    )


def _is_open(now: datetime) -> ColumnElement[bool]:
    return account_invites.c.closed_at.is_(None) & (account_invites.c.made_at > now - INVITE_LIFETIME)


_COLUMNS = (
    account_invites.c.invite_id,
    account_invites.c.account_id,
    account_invites.c.email,
    account_invites.c.invited_by,
    account_invites.c.made_at,
)
