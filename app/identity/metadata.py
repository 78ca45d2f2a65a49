"""What an issuer says about itself: its endpoints and keys, read over the network and remembered for a while."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from app.core.clock import Clock
from app.http import AsyncClient, HTTPError, InvalidURL
from app.identity.id_tokens import ALLOWED_ALGORITHMS

METADATA_LIFETIME = timedelta(minutes=5)
KEYS_LIFETIME = timedelta(minutes=10)  # a key that the issuer withdrew is trusted no longer than this


class IssuerUnavailable(Exception):
    """The issuer did not answer in time, or not with what the standard asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """The parts of the discovery document that a sign-in needs; an endpoint that is not offered is empty."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str
    end_session_endpoint: str
    algorithms: tuple[str, ...]
    token_auth_methods: tuple[str, ...]
    names_itself: bool  # answers carry ``iss``, so one without it is not this issuer's


class Issuer:
    """Reads and remembers metadata and keys. Failures are not remembered: the next sign-in asks again.

    Args:
        seconds: for each answer as a whole, however slowly it drips.
    """

    def __init__(self, address: str, client: AsyncClient, clock: Clock, *, seconds: float) -> None:
        self.address = address
        self._client = client
        self._clock = clock
        self._seconds = seconds
        self._metadata: tuple[datetime, Metadata] | None = None
        self._keys: tuple[datetime, KeySet] | None = None

    async def metadata(self, *, anew: bool = False) -> Metadata:
        """Return the discovery document, or raise IssuerUnavailable; ``anew`` asks even when it is remembered."""
        now = self._clock.wall()
        if anew or self._metadata is None or now - self._metadata[0] >= METADATA_LIFETIME:
            document = await self.get_json(f"{self.address}/.well-known/openid-configuration")
            self._metadata = now, _read_metadata(self.address, document)
        return self._metadata[1]

    async def keys(self, *, anew: bool = False) -> KeySet:
        """Return the keys that the issuer signs with; ``anew`` asks even when some are remembered."""
        now = self._clock.wall()
        if anew or self._keys is None or now - self._keys[0] >= KEYS_LIFETIME:
            document = await self.get_json((await self.metadata()).jwks_uri)
            self._keys = now, _read_keys(document)
        return self._keys[1]

    async def get_json(self, address: str, headers: Mapping[str, str] | None = None) -> Mapping[str, object]:
        """Read a JSON object, or raise IssuerUnavailable; redirects are not followed."""
        try:
            async with asyncio.timeout(self._seconds):
                answer = await self._client.get(address, headers=headers, auth=None)
            answer.raise_for_status()
            document = answer.json()
        except (HTTPError, InvalidURL, TimeoutError, ValueError) as error:
            raise IssuerUnavailable(f"{urlsplit(address).path}: {type(error).__name__}") from error
        if not isinstance(document, dict):
            raise IssuerUnavailable(f"{urlsplit(address).path}: not an object")
        return document


def _read_metadata(issuer: str, document: Mapping[str, object]) -> Metadata:
    if document.get("issuer") != issuer:
        raise IssuerUnavailable("the metadata names another issuer")
    offered = _texts(document.get("id_token_signing_alg_values_supported"), ("RS256",))
    algorithms = tuple(name for name in offered if name in ALLOWED_ALGORITHMS)
    if not algorithms:
        raise IssuerUnavailable("the issuer signs with no algorithm that we accept")
    needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    optional = ("userinfo_endpoint", "end_session_endpoint")
    endpoints = {name: _endpoint(issuer, document, name) for name in (*needed, *optional)}
    missing = [name for name in needed if not endpoints[name]]
    if missing:
        raise IssuerUnavailable(f"the metadata lacks {', '.join(missing)}")
    return Metadata(
        **endpoints,
        algorithms=algorithms,
        token_auth_methods=_texts(document.get("token_endpoint_auth_methods_supported"), ("client_secret_basic",)),
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
    )


def _endpoint(issuer: str, document: Mapping[str, object], name: str) -> str:
    """Return an endpoint's address; one that leaves HTTPS behind counts as missing."""
    value = document.get(name)
    if not isinstance(value, str):
        return ""
    allowed = ("https",) if issuer.startswith("https:") else ("https", "http")
    return value if urlsplit(value).scheme in allowed else ""


def _texts(value: object, otherwise: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else otherwise


def _read_keys(document: Mapping[str, object]) -> KeySet:
    keys = document.get("keys")
    if not isinstance(keys, list):
        raise IssuerUnavailable("the key set has no keys")
    try:
        return KeySet.import_key_set({"keys": keys})
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:  # whatever a broken key trips over
        raise IssuerUnavailable(f"the key set cannot be read: {type(error).__name__}") from error
