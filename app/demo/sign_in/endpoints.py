"""The endpoints of the sign-in that programs call: discovery, keys, token, userinfo."""

import base64
import binascii
import hashlib
import re
from urllib.parse import unquote_plus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.demo.guard import is_secret
from app.demo.sign_in.requests import SCOPES
from app.demo.sign_in.signing import ALGORITHM, identity_token, person_claims, public_keys
from app.demo.store.tokens import ACCESS_TOKEN_LASTS, CodeClaim, bearer_of, redeem_code
from app.demo.world import World

_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class TokenError(Exception):
    """A refused token request, in the words of RFC 6749."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description


class Endpoints:
    """The provider's machine side."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.routes = [
            Route("/.well-known/openid-configuration", self.discovery),
            Route("/jwks", self.jwks),
            Route("/token", self.token, methods=["POST"]),
            Route("/userinfo", self.userinfo, methods=["GET", "POST"]),
        ]

    async def discovery(self, _request: Request) -> Response:
        """Answer what this provider offers, which is no more than it does."""
        return JSONResponse(_metadata(self.world.origin))

    async def jwks(self, _request: Request) -> Response:
        """Answer the public keys."""
        return JSONResponse(await public_keys(self.world))

    async def token(self, request: Request) -> Response:
        """Exchange a code, once, for an identity token and an access token."""
        try:
            return JSONResponse(await self._exchange(request), headers=_NO_STORE)
        except TokenError as refused:
            status = 401 if refused.error == "invalid_client" else 400
            challenge = {"WWW-Authenticate": 'Basic realm="Forge"'} if status == 401 else {}
            body = {"error": refused.error, "error_description": refused.description}
            return JSONResponse(body, status, {**_NO_STORE, **challenge})

    async def userinfo(self, request: Request) -> Response:
        """Answer the claims about the owner of an access token."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        wall = self.world.clock.wall()
        found = await self.world.db.read(lambda c: bearer_of(c, token, wall)) if scheme.lower() == "bearer" else None
        if found is None:
            return JSONResponse({"error": "invalid_token"}, 401, {"WWW-Authenticate": 'Bearer error="invalid_token"'})
        return JSONResponse(person_claims(*found))

    async def _exchange(self, request: Request) -> dict[str, str | int]:
        given = await _single_fields(request)
        _authenticate(request, given, self.world)
        if given.get("grant_type") != "authorization_code":
            raise TokenError("unsupported_grant_type", "Only authorization_code is offered.")
        claim, wall = _claim(given, self.world), self.world.clock.wall()
        redeemed = await self.world.db.write(lambda c: redeem_code(c, claim, wall))
        if redeemed is None:
            raise TokenError("invalid_grant", "The code is used, too old, or not for this request.")
        return {
            "access_token": redeemed.access_token,
            "token_type": "Bearer",
            "expires_in": int(ACCESS_TOKEN_LASTS.total_seconds()),
            "scope": redeemed.scope,
            "id_token": await identity_token(self.world, redeemed),
        }


async def _single_fields(request: Request) -> dict[str, str]:
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raise TokenError("invalid_request", "Send application/x-www-form-urlencoded.")
    pairs = [(name, value) for name, value in (await request.form()).multi_items() if isinstance(value, str)]
    given = dict(pairs)
    if len(given) != len(pairs):
        raise TokenError("invalid_request", "A parameter is repeated.")
    return given


def _authenticate(request: Request, given: dict[str, str], world: World) -> None:
    header = request.headers.get("authorization", "")
    if header and "client_secret" in given:
        raise TokenError("invalid_request", "Authenticate in one way only.")
    client_id, secret = _basic(header) if header else (given.get("client_id", ""), given.get("client_secret", ""))
    if given.get("client_id", client_id) != client_id:
        raise TokenError("invalid_client", "Two different clients are named.")
    if client_id != world.client_id or not is_secret(secret, world.client_secret):
        raise TokenError("invalid_client", "The client or its secret is wrong.")


def _basic(header: str) -> tuple[str, str]:
    scheme, _, value = header.partition(" ")
    try:
        client_id, colon, secret = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise TokenError("invalid_client", "The Authorization header cannot be read.") from None
    if scheme.lower() != "basic" or not colon:
        raise TokenError("invalid_client", "The Authorization header must be Basic.")
    return unquote_plus(client_id), unquote_plus(secret)


def _claim(given: dict[str, str], world: World) -> CodeClaim:
    for name in ("code", "redirect_uri", "code_verifier"):
        if not given.get(name):
            raise TokenError("invalid_request", f"{name} is missing.")
    if not _VERIFIER.fullmatch(given["code_verifier"]):
        raise TokenError("invalid_grant", "code_verifier must be 43 to 128 unreserved characters.")
    hashed = hashlib.sha256(given["code_verifier"].encode()).digest()
    return CodeClaim(
        code=given["code"],
        client_id=world.client_id,
        redirect_uri=given["redirect_uri"],
        challenge=base64.urlsafe_b64encode(hashed).rstrip(b"=").decode(),
    )


def _metadata(origin: str) -> dict[str, str | bool | list[str]]:
    return {
        "issuer": origin,
        "authorization_endpoint": f"{origin}/authorize",
        "token_endpoint": f"{origin}/token",
        "userinfo_endpoint": f"{origin}/userinfo",
        "jwks_uri": f"{origin}/jwks",
        "end_session_endpoint": f"{origin}/logout",
        "scopes_supported": list(SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "select_account", "consent"],
        "claims_supported": [
            *("iss", "sub", "aud", "exp", "iat", "auth_time", "nonce"),
            *("name", "preferred_username", "email", "email_verified", "roles"),
        ],
        "authorization_response_iss_parameter_supported": True,
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }
