"""The keys that sign identity tokens, and the tokens."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey

from app.core.ids import new_id
from app.demo.model import Person
from app.demo.store.tokens import Redeemed, add_signing_key, count_signing_keys, signing_key_rows
from app.demo.world import World

ALGORITHM = "RS256"
_BITS = 2048
_TOKEN_LASTS = timedelta(minutes=5)
_PUBLIC = ("kty", "kid", "use", "alg", "n", "e")

Claims = dict[str, str | int | bool | list[str]]


async def ensure_key(world: World) -> None:
    """Make the first signing key, once per database."""
    if not await world.db.read(count_signing_keys):
        await rotate_keys(world)


async def rotate_keys(world: World) -> None:
    """Sign with a new key from now on; the old ones stay published, for the tokens that they signed."""
    key = RSAKey.generate_key(_BITS, {"kid": new_id("key"), "use": "sig", "alg": ALGORITHM})
    private = key.as_dict(private=True)
    await world.db.write(lambda c: add_signing_key(c, private))


async def public_keys(world: World) -> dict[str, list[dict[str, str | list[str]]]]:
    """Return the JWK set, without anything private."""
    rows = await world.db.read(signing_key_rows)
    return {"keys": [{name: row[name] for name in _PUBLIC} for row in rows]}


async def identity_token(world: World, redeemed: Redeemed) -> str:
    """Return a signed identity token for a redeemed code, good for five minutes of wall time."""
    wall = world.clock.wall()
    claims: Claims = {
        "iss": world.origin,
        "aud": world.client_id,
        "iat": _seconds(wall),
        "exp": _seconds(wall + _TOKEN_LASTS),
        "auth_time": _seconds(redeemed.auth_time),
        "nonce": redeemed.nonce,
        **person_claims(redeemed.person, redeemed.scope),
    }
    newest = _key((await world.db.read(signing_key_rows))[0])
    return jwt.encode({"alg": ALGORITHM, "typ": "JWT", "kid": newest.kid}, claims, newest, algorithms=[ALGORITHM])


async def hinted_subject(world: World, hint: str) -> str:
    """Return whom an identity token that we gave this client is about, also when it has expired; else empty."""
    keys = KeySet([_key(row) for row in await world.db.read(signing_key_rows)])
    try:
        claims = jwt.decode(hint, keys, algorithms=[ALGORITHM]).claims
    except (JoseError, ValueError):
        return ""
    ours = claims.get("iss") == world.origin and claims.get("aud") == world.client_id
    subject = claims.get("sub")
    return subject if ours and isinstance(subject, str) else ""


def person_claims(person: Person, scope: str) -> Claims:
    """Return what a client may know about somebody within ``scope``."""
    claims: Claims = {"sub": person.sub, "roles": list(person.roles)}
    if "profile" in scope.split():
        claims |= {"name": person.name, "preferred_username": person.username}
    if "email" in scope.split():
        claims |= {"email": person.email, "email_verified": person.email_verified}
    return claims


def _key(jwk: Mapping[str, str | list[str]]) -> RSAKey:
    return _imported(json.dumps(jwk, sort_keys=True))


@lru_cache(maxsize=8)
def _imported(jwk: str) -> RSAKey:
    """Return a key for signing; kept, for whether it is one takes longer to find out than all else of a sign-in."""
    return RSAKey.import_key(json.loads(jwk))


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
