"""Signed tokens of the vendor: what a quote pins, and who may open the customer's own page."""

import base64
import hashlib
import hmac
import json


class BadToken(ValueError):
    """The token was not made here, or not for this."""


def seal(key: bytes, claims: dict[str, str]) -> str:
    """Return ``claims`` as a URL-safe token that ``unseal`` accepts with the same key."""
    body = base64.urlsafe_b64encode(json.dumps(claims, sort_keys=True).encode()).rstrip(b"=")
    return f"{body.decode()}.{_signature(key, body)}"


def unseal(key: bytes, token: str) -> dict[str, str]:
    """Return the claims of ``token``; BadToken when it was changed or made with another key."""
    body, _, signature = token.partition(".")
    if not token.isascii() or not hmac.compare_digest(signature, _signature(key, body.encode())):
        raise BadToken
    claims: dict[str, str] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return claims


def digest(*parts: object) -> str:
    """Return a short fingerprint of frozen values, so that two of them can be told apart."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def _signature(key: bytes, body: bytes) -> str:
    return hmac.new(key, body, hashlib.sha256).hexdigest()
