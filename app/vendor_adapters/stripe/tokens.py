"""What a quote pins, signed: the instant, the prices and the state that make the charge equal the preview."""

import base64
import hashlib
import hmac
import json


class BadToken(ValueError):
    """The token was not made here."""


def seal(secret: str, claims: dict[str, str]) -> str:
    """Return ``claims`` as a URL-safe token that ``unseal`` accepts with the same secret."""
    body = base64.urlsafe_b64encode(json.dumps(claims, sort_keys=True).encode()).rstrip(b"=")
    return f"{body.decode()}.{_signature(secret, body)}"


def unseal(secret: str, token: str) -> dict[str, str]:
    """Return the claims of ``token``; BadToken when it was changed or made with another secret."""
    body, _, signature = token.partition(".")
    if not token.isascii() or not hmac.compare_digest(signature, _signature(secret, body.encode())):
        raise BadToken
    claims: dict[str, str] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return claims


def _signature(secret: str, body: bytes) -> str:
    return hmac.new(f"quote {secret}".encode(), body, hashlib.sha256).hexdigest()
