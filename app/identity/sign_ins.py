"""The store of sign-ins that were started and have not come back: one row each, so that two tabs do not disturb
each other, bound to the visitor who started it, good for one answer within ten minutes of wall time."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, insert, select, update

from app.core.ids import new_token
from app.db.schema.identity import sign_ins
from app.identity.sessions import hash_of

LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedSignIn:
    """What ties an issuer's answer to the question: the state comes back in the address, the nonce in the ID token,
    and the code verifier proves at the issuer that we are who asked (PKCE)."""

    next_path: str
    state: str = field(default_factory=new_token, repr=False)
    nonce: str = field(default_factory=new_token, repr=False)
    code_verifier: str = field(default_factory=new_token, repr=False)


def keep_sign_in(connection: Connection, started: StartedSignIn, *, visitor_id: str, now: datetime) -> None:
    """Write a sign-in down; its state as a hash only."""
    values = {
        "state_hash": hash_of(started.state),
        "visitor_id": visitor_id,
        "nonce": started.nonce,
        "code_verifier": started.code_verifier,
        "next_path": started.next_path,
        "started_at": now,
        "used_at": None,
    }
    connection.execute(insert(sign_ins).values(values))


def take_sign_in(connection: Connection, *, state: str, visitor_id: str, now: datetime) -> StartedSignIn | None:
    """Use up a sign-in and return it; None for an unknown, foreign, used or old state.

    One conditional statement, so that an answer that comes twice at once is taken once.
    """
    is_good = sign_ins.c.used_at.is_(None) & (sign_ins.c.started_at > now - LIFETIME)
    taken = update(sign_ins).where(_is_theirs(state, visitor_id), is_good).values(used_at=now)
    row = connection.execute(taken.returning(sign_ins.c.nonce, sign_ins.c.code_verifier, sign_ins.c.next_path)).first()
    if row is None:
        return None
    return StartedSignIn(state=state, nonce=row.nonce, code_verifier=row.code_verifier, next_path=row.next_path)


def next_path_of(connection: Connection, *, state: str, visitor_id: str) -> str:
    """Return where a sign-in of this visitor meant to go on, used up or not; empty when it is not theirs."""
    found = connection.execute(select(sign_ins.c.next_path).where(_is_theirs(state, visitor_id))).scalar()
    return found or ""


def _is_theirs(state: str, visitor_id: str) -> ColumnElement[bool]:
    return (sign_ins.c.state_hash == hash_of(state)) & (sign_ins.c.visitor_id == visitor_id)
