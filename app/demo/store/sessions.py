"""Sign-ins under way and sessions; both run on wall time, and a token is kept only as its hash."""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from app.core.ids import new_id, new_token
from app.demo.model import AuthorizationRequest, PendingSignIn, Session
from app.demo.store.people import person_of
from app.demo.store.schema import access_tokens, codes, people, sessions, sign_ins

_SIGN_IN_LASTS = timedelta(minutes=30)
_SESSION_LASTS = timedelta(hours=12)
_NO_REQUEST = AuthorizationRequest(client_id="", redirect_uri="", state="", scope="", nonce="", challenge="")


def digest(token: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def begin_sign_in(connection: Connection, pending: PendingSignIn, wall: datetime) -> str:
    """Keep what goes on after the sign-in page and return its id."""
    _forget_expired(connection, wall)
    sign_in_id = new_id("sig")
    request = pending.request or _NO_REQUEST
    connection.execute(
        insert(sign_ins).values(
            id=sign_in_id,
            client_id=request.client_id,
            redirect_uri=request.redirect_uri,
            state=request.state,
            scope=request.scope,
            nonce=request.nonce,
            challenge=request.challenge,
            next_path=pending.next_path,
            expires_at=wall + _SIGN_IN_LASTS,
        )
    )
    return sign_in_id


def pending_sign_in(connection: Connection, sign_in_id: str, wall: datetime) -> PendingSignIn | None:
    """Return a sign-in under way; it stays, so that a button pressed twice answers twice."""
    query = select(sign_ins).where(sign_ins.c.id == sign_in_id, sign_ins.c.expires_at > wall)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    return PendingSignIn(request=_request(row) if row.client_id else None, next_path=row.next_path)


def open_session(connection: Connection, sub: str, wall: datetime) -> str:
    """Sign somebody in and return the new session's token."""
    token = new_token()
    connection.execute(
        insert(sessions).values(token_hash=digest(token), sub=sub, auth_time=wall, expires_at=wall + _SESSION_LASTS)
    )
    return token


def find_session(connection: Connection, token: str, wall: datetime) -> Session | None:
    """Return the session of a cookie's token."""
    query = (
        select(sessions.c.auth_time, people)
        .join(people)
        .where(sessions.c.token_hash == digest(token), sessions.c.expires_at > wall)
    )
    row = connection.execute(query).one_or_none()
    return Session(person=person_of(row), auth_time=row.auth_time) if row else None


def end_session(connection: Connection, token: str) -> None:
    """End one session: its token is worth nothing from now on."""
    connection.execute(delete(sessions).where(sessions.c.token_hash == digest(token)))


def _request(row: Row[Any]) -> AuthorizationRequest:
    return AuthorizationRequest(
        client_id=row.client_id,
        redirect_uri=row.redirect_uri,
        state=row.state,
        scope=row.scope,
        nonce=row.nonce,
        challenge=row.challenge,
    )


def _forget_expired(connection: Connection, wall: datetime) -> None:
    for table in (sign_ins, sessions, codes, access_tokens):
        connection.execute(delete(table).where(table.c.expires_at <= wall))
