"""Whether an ID token is the issuer's word, to us, about this sign-in, and still good."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]  # Authlib ships no types
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

# Asymmetric ones alone: "none" proves nothing, and HS256 would take our own client secret for the issuer's key.
ALLOWED_ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")
LEEWAY_SECONDS = 60


class BadIdToken(Exception):
    """The token proves nothing."""


class UnknownKey(BadIdToken):
    """No key that we know signed it; the issuer may have changed its keys since they were read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the token has to say: who issued it, to whom, for which sign-in, with which access token beside it."""

    issuer: str
    client_id: str
    nonce: str
    access_token: str
    algorithms: tuple[str, ...]


def verified(id_token: str, keys: KeySet, expected: Expected, now: datetime) -> Mapping[str, object]:
    """Return the token's claims, or raise UnknownKey (reading the keys anew may help) or BadIdToken.

    Args:
        now: wall time; issuers' clocks may differ by a minute.
    """
    try:
        token = jwt.decode(id_token, keys, algorithms=expected.algorithms)
    except (InvalidKeyIdError, BadSignatureError) as error:
        raise UnknownKey(type(error).__name__) from error
    except (JoseError, ValueError) as error:  # ValueError: not three parts, not base64, a key that does not fit
        raise BadIdToken(type(error).__name__) from error
    claims = CodeIDToken(
        token.claims,
        token.header,
        options={
            "iss": {"essential": True, "value": expected.issuer},
            "aud": {"essential": True, "value": expected.client_id},
            "sub": {"essential": True},
            "exp": {"essential": True},
            "nonce": {"essential": True, "value": expected.nonce},
        },
        params={"client_id": expected.client_id, "nonce": expected.nonce, "access_token": expected.access_token},
    )
    try:
        claims.validate(now=int(now.timestamp()), leeway=LEEWAY_SECONDS)
    except JoseError as error:
        raise BadIdToken(f"{type(error).__name__} {error}") from error
    return dict(claims)
