"""Signing in through the product's own identity provider: OpenID Connect, authorization code flow with PKCE."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from authlib.integrations.httpx_client import AsyncOAuth2Client, OAuthError  # type: ignore[import-untyped]  # no types

from app.config import OidcConfig
from app.core.clock import Clock
from app.http import AsyncBaseTransport, HTTPError, InvalidURL
from app.identity.claims import Claims, read_claims
from app.identity.id_tokens import BadIdToken, Expected, UnknownKey, verified
from app.identity.metadata import Issuer, IssuerUnavailable, Metadata
from app.identity.sign_ins import StartedSignIn

SCOPE = "openid email profile"
SECONDS = 5.0  # for each answer of the issuer
# What an issuer answers when this one sign-in is at fault (used, too late, not ours): a new one may work. All else is
# an issuer that has too much to do, or our own registration there.
_THIS_SIGN_IN = frozenset({"invalid_grant", "invalid_request", "access_denied"})


class SignInInterrupted(Exception):
    """This sign-in cannot be finished (refused, too late, used, mixed up); a new one may (E-STATE)."""


class SignInUnavailable(Exception):
    """The issuer does not answer, or not as it should; nobody can sign in through it just now (E-IDP)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the issuer sent back through the browser: a code, or an error; ``iss`` where it says who answers."""

    code: str = ""
    error: str = ""
    iss: str = ""


class IdentityProvider:
    """The issuer that people sign in at.

    Args:
        oidc: issuer, client id and secret; the issuer's own metadata must name exactly this issuer.
        redirect_uri: where it sends browsers back to, built from the store's own address.
        transport: how it is reached; the network when not given.
        seconds: how long one answer of the issuer may take.
    """

    def __init__(
        self,
        oidc: OidcConfig,
        redirect_uri: str,
        clock: Clock,
        *,
        transport: AsyncBaseTransport | None = None,
        seconds: float = SECONDS,
    ) -> None:
        self._oidc = oidc
        self._clock = clock
        self._seconds = seconds
        self._client = AsyncOAuth2Client(
            client_id=oidc.client_id,
            client_secret=oidc.client_secret or None,
            scope=SCOPE,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            timeout=seconds,
            transport=transport,
        )
        self._issuer = Issuer(oidc.issuer, self._client, clock, seconds=seconds)

    @property
    def issuer(self) -> str:
        """The issuer's address, which is half of a person's key."""
        return self._oidc.issuer

    async def begin(self, started: StartedSignIn, *, login_hint: str = "", prompt: str = "") -> str:
        """Return the address to send the browser to. Somebody signed in at the issuer comes back without a page.

        Args:
            login_hint: who it probably is. prompt: "select_account" makes the issuer ask whoever is signed in there.

        Raises SignInUnavailable.
        """
        # asked anew, so that nobody is sent to an issuer that is down
        metadata = await self._metadata(anew=True)
        wishes = {"login_hint": login_hint, "prompt": prompt}
        address: str
        address, _ = self._client.create_authorization_url(
            metadata.authorization_endpoint,
            state=started.state,
            nonce=started.nonce,
            code_verifier=started.code_verifier,
            **{name: value for name, value in wishes.items() if value},
        )
        return address

    async def finish(self, started: StartedSignIn, answer: Answer) -> Claims:
        """Exchange the code, verify the ID token and return what it says about the person.

        Raises SignInInterrupted when the answer or the token is no proof, SignInUnavailable when the issuer fails.
        """
        metadata = await self._metadata()
        if answer.iss != self.issuer and (answer.iss or metadata.names_itself):
            raise SignInInterrupted("answered by another issuer")
        if answer.error or not answer.code:
            raise SignInInterrupted("refused at the issuer")
        token = await self._exchange(metadata, started, answer.code)
        id_token, access_token = _text(token, "id_token"), _text(token, "access_token")
        if not id_token:
            raise SignInInterrupted("no ID token")
        expected = Expected(
            issuer=self.issuer,
            client_id=self._oidc.client_id,
            nonce=started.nonce,
            access_token=access_token,
            algorithms=metadata.algorithms,
        )
        try:
            said = await self._verified(id_token, expected)
            said = {**await self._userinfo(metadata, said, access_token), **said}
        except IssuerUnavailable as error:
            raise SignInUnavailable(str(error)) from error
        except BadIdToken as error:
            raise SignInInterrupted(f"bad ID token: {error}") from error
        claims = read_claims(self.issuer, said, id_token)
        if not claims.subject:
            raise SignInInterrupted("a subject that cannot be kept")
        return claims

    async def logout_url(self, *, id_token: str, return_to: str, state: str = "") -> str:
        """Return the issuer's sign-out address, which leads on to ``return_to``; empty when it has none or is down."""
        try:
            endpoint = (await self._issuer.metadata()).end_session_endpoint
        except IssuerUnavailable:
            return ""
        query = {
            "id_token_hint": id_token,
            "client_id": self._oidc.client_id,
            "post_logout_redirect_uri": return_to,
            "state": state,
        }
        given = urlencode({name: value for name, value in query.items() if value})
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{given}" if endpoint else ""

    async def close(self) -> None:
        """Give up connections."""
        await self._client.aclose()

    async def _metadata(self, *, anew: bool = False) -> Metadata:
        try:
            return await self._issuer.metadata(anew=anew)
        except IssuerUnavailable as error:
            raise SignInUnavailable(str(error)) from error

    async def _exchange(self, metadata: Metadata, started: StartedSignIn, code: str) -> Mapping[str, object]:
        try:
            async with asyncio.timeout(self._seconds):
                token: Mapping[str, object] = await self._client.fetch_token(
                    metadata.token_endpoint,
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=started.code_verifier,
                    auth=self._client.client_auth(self._auth_method(metadata)),
                )
        except OAuthError as error:
            kind = SignInInterrupted if error.error in _THIS_SIGN_IN else SignInUnavailable
            raise kind(f"token endpoint: {error.error}") from error
        except (HTTPError, InvalidURL, TimeoutError, ValueError, TypeError) as error:
            raise SignInUnavailable(f"token endpoint: {type(error).__name__}") from error
        return token

    def _auth_method(self, metadata: Metadata) -> str:
        if not self._oidc.client_secret:
            return "none"
        known = [name for name in ("client_secret_basic", "client_secret_post") if name in metadata.token_auth_methods]
        return known[0] if known else "client_secret_basic"

    async def _verified(self, id_token: str, expected: Expected) -> Mapping[str, object]:
        """Verify with the keys at hand, and once more with those of this moment when none of them fits."""
        now = self._clock.wall()
        try:
            return verified(id_token, await self._issuer.keys(), expected, now)
        except UnknownKey:
            return verified(id_token, await self._issuer.keys(anew=True), expected, now)

    async def _userinfo(
        self, metadata: Metadata, said: Mapping[str, object], access_token: str
    ) -> Mapping[str, object]:
        """Ask for name and address where the issuer keeps them out of its ID tokens, as the standard lets it."""
        if "email" in said or not metadata.userinfo_endpoint or not access_token:
            return {}
        more = await self._issuer.get_json(
            metadata.userinfo_endpoint, headers={"Authorization": f"Bearer {access_token}"}
        )
        if more.get("sub") != said["sub"]:
            raise BadIdToken("the issuer speaks of somebody else")
        return more


def _text(token: Mapping[str, object], name: str) -> str:
    value = token.get(name)
    return value if isinstance(value, str) else ""
