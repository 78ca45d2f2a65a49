"""An OpenID provider in this process that is strict with its client and, where told to, lies: in its ID tokens, its
metadata and its keys, or by not answering at all."""

import asyncio
import base64
import hashlib
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.core.clock import Clock

ISSUER = "http://id.example.test"
CLIENT_ID = "kassa"
CLIENT_SECRET = "a secret that the store and the provider share"
ANN: dict[str, Any] = {
    "sub": "u-ann",
    "name": "Ann Example",
    "preferred_username": "ann",
    "email": "ann@example.com",
    "email_verified": True,
    "roles": ["marketing", "support"],
}


@cache
def signing_key(kid: str) -> RSAKey:
    """Return the key of that id; made once a run, because making one takes a while."""
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})


@dataclass(slots=True)
class Lies:
    """What the provider does wrong. ``claims`` overwrite those of the ID token; None removes one."""

    claims: dict[str, Any] = field(default_factory=dict)
    algorithm: str = "RS256"
    key: RSAKey | OctKey | None = None
    unsigned: bool = False
    without_id_token: bool = False
    metadata: dict[str, Any] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)  # path -> status instead of an answer
    hanging: set[str] = field(default_factory=set)  # paths that never answer
    broken: set[str] = field(default_factory=set)  # paths that answer something that is not JSON


class Provider:
    """One provider with one client; ``app`` is its ASGI application, ``calls`` the paths that were asked for."""

    def __init__(self, clock: Clock, *, redirect_uri: str) -> None:
        self.clock = clock
        self.redirect_uri = redirect_uri
        self.person: dict[str, Any] = dict(ANN)
        self.userinfo_only: dict[str, Any] = {}
        self.key = signing_key("first")
        self.lies = Lies()
        self.calls: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}
        self.app = Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._metadata),
                Route("/jwks", self._jwks),
                Route("/token", self._token, methods=["POST"]),
                Route("/userinfo", self._userinfo),
            ]
        )

    def authorize(self, address: str) -> dict[str, str]:
        """Do what the browser and the person do at the authorization endpoint; return the callback's query."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["client_id"] == CLIENT_ID
        assert asked["redirect_uri"] == self.redirect_uri
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = f"code-{len(self._codes)}"
        self._codes[code] = asked
        return {"code": code, "state": asked["state"], "iss": ISSUER}

    def keys(self) -> dict[str, Any]:
        """Return the published keys."""
        return dict(KeySet([self.key]).as_dict())

    async def _metadata(self, request: Request) -> Response:
        document = {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/jwks",
            "userinfo_endpoint": f"{ISSUER}/userinfo",
            "end_session_endpoint": f"{ISSUER}/logout",
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            "authorization_response_iss_parameter_supported": True,
            **self.lies.metadata,
        }
        return await self._answer(request, document)

    async def _jwks(self, request: Request) -> Response:
        return await self._answer(request, self.keys())

    async def _userinfo(self, request: Request) -> Response:
        assert request.headers["authorization"] == "Bearer an access token"
        return await self._answer(request, {"sub": self.person["sub"], **self.userinfo_only})

    async def _token(self, request: Request) -> Response:
        form = await request.form()
        asked = self._codes.pop(str(form["code"]), None)
        if not _is_client(request):
            return JSONResponse({"error": "invalid_client"}, 401)
        if asked is None or not _fits(str(form["code_verifier"]), asked["code_challenge"]):
            return JSONResponse({"error": "invalid_grant"}, 400)
        token = {"access_token": "an access token", "token_type": "Bearer", "expires_in": 60}
        if not self.lies.without_id_token:
            token["id_token"] = self._id_token(asked["nonce"])
        return await self._answer(request, token)

    def _id_token(self, nonce: str) -> str:
        now = int(self.clock.wall().timestamp())
        told = {"iss": ISSUER, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": nonce, **self.person}
        claims = {name: value for name, value in {**told, **self.lies.claims}.items() if value is not None}
        key = self.lies.key or self.key
        signed = jwt.encode({"alg": self.lies.algorithm, "kid": key.kid}, claims, key, [self.lies.algorithm])
        return _without_signature(signed) if self.lies.unsigned else signed

    async def _answer(self, request: Request, body: dict[str, Any]) -> Response:
        path = request.url.path
        self.calls.append(path)
        if path in self.lies.hanging:
            await asyncio.Event().wait()
        if path in self.lies.broken:
            return Response("<html>a proxy's page</html>", media_type="text/html")
        if path in self.lies.statuses:
            return JSONResponse({"error": "slow_down"}, self.lies.statuses[path])
        return JSONResponse(body)


def _is_client(request: Request) -> bool:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    client_id, _, secret = base64.b64decode(value).decode().partition(":")
    return scheme == "Basic" and (unquote_plus(client_id), unquote_plus(secret)) == (CLIENT_ID, CLIENT_SECRET)


def _fits(verifier: str, challenge: str) -> bool:
    hashed = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
    return hashed.rstrip(b"=").decode() == challenge


def _without_signature(token: str) -> str:
    header = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    return f"{header}.{token.split('.')[1]}."
