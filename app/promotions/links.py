"""Signed campaign links: ``/c/<token>``. The token names a link and nothing else; what it fills in stays with us."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

from itsdangerous import BadData, TimestampSigner, URLSafeTimedSerializer

from app.core.clock import Clock
from app.promotions.cart import Audience

LONGEST = 600  # a longer one was not made here, and is not looked at
_VERSION = 1
_LINK = "kassa campaign link"
_PREVIEW = "kassa campaign preview"


class LinkFault(Enum):
    """Why a token is not taken; the page is then the normal one, with one line."""

    UNKNOWN = "unknown"
    EXPIRED = "expired"
    REVOKED = "revoked"


class LinkRefused(Exception):
    """The token leads nowhere."""

    def __init__(self, fault: LinkFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkClaims:
    """What a token says: which link, until when (wall time), for whom; ``nonce`` makes each link's token its own."""

    link_id: str
    expires_at: datetime | None
    audience: Audience
    nonce: str


class LinkTokens:
    """Makes and reads tokens. The newest key signs, every key verifies, and ``kid`` says which one it was.

    Args:
        keys: the store's secret keys, newest first.
    """

    def __init__(self, keys: Sequence[str], clock: Clock) -> None:
        self._keys = tuple(keys)
        self._clock = clock

    def sign(self, claims: LinkClaims) -> str:
        """Return the token of a link."""
        expires = int(claims.expires_at.timestamp()) if claims.expires_at else 0
        return self._dump(
            _LINK, {"link_id": claims.link_id, "exp": expires, "aud": claims.audience.value, "nonce": claims.nonce}
        )

    def read(self, token: str) -> LinkClaims:
        """Return what a token says; LinkRefused when it is not ours, was changed, or its time is over."""
        payload = self._load(_LINK, token)
        try:
            claims = LinkClaims(
                link_id=_text(payload["link_id"]),
                expires_at=_instant(payload["exp"]),
                audience=Audience(payload["aud"]),
                nonce=_text(payload["nonce"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise LinkRefused(LinkFault.UNKNOWN) from error
        self._check_time(claims.expires_at)
        return claims

    def sign_preview(self, slug: str, expires_at: datetime) -> str:
        """Return a token that shows a campaign at any time, also before it starts; nothing can be claimed with it."""
        return self._dump(_PREVIEW, {"slug": slug, "exp": int(expires_at.timestamp())})

    def read_preview(self, token: str) -> str:
        """Return the campaign that a preview token shows; LinkRefused as ``read``."""
        payload = self._load(_PREVIEW, token)
        try:
            slug, expires_at = _text(payload["slug"]), _instant(payload["exp"])
        except (KeyError, TypeError, ValueError) as error:
            raise LinkRefused(LinkFault.UNKNOWN) from error
        self._check_time(expires_at)
        return slug

    def _dump(self, salt: str, payload: dict[str, object]) -> str:
        signed = {"v": _VERSION, "kid": _key_id(self._keys[0]), **payload}
        token = self._serializer(salt, self._keys[0]).dumps(signed)
        return token if isinstance(token, str) else token.decode("ascii")

    def _load(self, salt: str, token: str) -> dict[str, object]:
        if len(token) > LONGEST or not token.isascii():
            raise LinkRefused(LinkFault.UNKNOWN)
        for key in self._keys:
            try:
                payload = self._serializer(salt, key).loads(token)
            except BadData:
                continue
            if isinstance(payload, dict) and (payload.get("v"), payload.get("kid")) == (_VERSION, _key_id(key)):
                return payload
        raise LinkRefused(LinkFault.UNKNOWN)

    def _serializer(self, salt: str, key: str) -> URLSafeTimedSerializer:
        clock = self._clock

        class Signer(TimestampSigner):
            def get_timestamp(self) -> int:
                return int(clock.wall().timestamp())

        return URLSafeTimedSerializer(
            key, salt=salt, signer=Signer, signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"}
        )

    def _check_time(self, expires_at: datetime | None) -> None:
        if expires_at is not None and expires_at <= self._clock.wall():
            raise LinkRefused(LinkFault.EXPIRED)


def _key_id(key: str) -> str:
    return hashlib.sha256(f"kassa campaign key {key}".encode()).hexdigest()[:8]


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _instant(value: object) -> datetime | None:
    if not isinstance(value, int):
        raise TypeError(value)
    return datetime.fromtimestamp(value, UTC) if value else None
