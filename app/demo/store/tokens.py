"""Authorization codes, access tokens and the signing keys of the demo product's sign-in."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from app.core.ids import new_token
from app.demo.model import AuthorizationRequest, Person, Session
from app.demo.store.people import person_of
from app.demo.store.schema import access_tokens, codes, people, signing_keys
from app.demo.store.sessions import digest

CODE_LASTS = timedelta(seconds=60)
ACCESS_TOKEN_LASTS = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeClaim:
    """What a client shows to use a code: ``challenge`` is worked out from the verifier that it sent."""

    code: str
    client_id: str
    redirect_uri: str
    challenge: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeemed:
    """What a code stood for, with the access token made for it."""

    person: Person
    scope: str
    nonce: str
    auth_time: datetime
    access_token: str


def issue_code(connection: Connection, request: AuthorizationRequest, session: Session, wall: datetime) -> str:
    """Return a new code for ``request``, good once and for 60 s."""
    code = new_token()
    connection.execute(
        insert(codes).values(
            code_hash=digest(code),
            client_id=request.client_id,
            redirect_uri=request.redirect_uri,
            sub=session.person.sub,
            scope=request.scope,
            nonce=request.nonce,
            challenge=request.challenge,
            auth_time=session.auth_time,
            expires_at=wall + CODE_LASTS,
            used=False,
        )
    )
    return code


def redeem_code(connection: Connection, claim: CodeClaim, wall: datetime) -> Redeemed | None:
    """Use a code up; None when it is unknown, used, expired, or not for this claim.

    A wrong claim uses it up too, so that a verifier cannot be guessed. A code that comes again has leaked: the access
    token made from it is taken back.
    """
    code_hash = digest(claim.code)
    fresh = (
        update(codes)
        .where(codes.c.code_hash == code_hash, codes.c.client_id == claim.client_id, codes.c.used.is_(False))
        .values(used=True)
    )
    if connection.execute(fresh).rowcount != 1:
        connection.execute(delete(access_tokens).where(access_tokens.c.code_hash == code_hash))
        return None
    row = connection.execute(select(codes, people).join(people).where(codes.c.code_hash == code_hash)).one()
    if row.expires_at <= wall or not _is_for(row, claim):
        return None
    return Redeemed(
        person=person_of(row),
        scope=row.scope,
        nonce=row.nonce,
        auth_time=row.auth_time,
        access_token=_issue_access_token(connection, row, wall),
    )


def bearer_of(connection: Connection, access_token: str, wall: datetime) -> tuple[Person, str] | None:
    """Return whose access token it is, and for which scope."""
    query = (
        select(access_tokens.c.scope, people)
        .join(people)
        .where(access_tokens.c.token_hash == digest(access_token), access_tokens.c.expires_at > wall)
    )
    row = connection.execute(query).one_or_none()
    return (person_of(row), row.scope) if row else None


def add_signing_key(connection: Connection, jwk: Mapping[str, str | list[str]]) -> None:
    """Keep a private key, which signs from now on."""
    connection.execute(insert(signing_keys).values(jwk=dict(jwk)))


def signing_key_rows(connection: Connection) -> tuple[dict[str, str | list[str]], ...]:
    """Return the private keys as JWKs, the newest first."""
    return tuple(connection.execute(select(signing_keys.c.jwk).order_by(signing_keys.c.number.desc())).scalars())


def count_signing_keys(connection: Connection) -> int:
    """Return how many signing keys there are."""
    return connection.execute(select(func.count()).select_from(signing_keys)).scalar_one()


def _is_for(row: Row[Any], claim: CodeClaim) -> bool:
    return bool(row.redirect_uri == claim.redirect_uri) and hmac.compare_digest(row.challenge, claim.challenge)


def _issue_access_token(connection: Connection, row: Row[Any], wall: datetime) -> str:
    token = new_token()
    connection.execute(
        insert(access_tokens).values(
            token_hash=digest(token),
            code_hash=row.code_hash,
            sub=row.sub,
            scope=row.scope,
            expires_at=wall + ACCESS_TOKEN_LASTS,
        )
    )
    return token
