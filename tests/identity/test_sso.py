"""The issuer's answer counts only when it is whole, fresh, meant for us and for this sign-in."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import OctKey

from app.config import OidcConfig
from app.core.clock import FrozenClock
from app.http import ASGITransport
from app.identity.claims import Claims
from app.identity.metadata import KEYS_LIFETIME, METADATA_LIFETIME
from app.identity.sign_ins import StartedSignIn
from app.identity.sso import Answer, IdentityProvider, SignInInterrupted, SignInUnavailable
from tests.support.ok_provider import CLIENT_ID, CLIENT_SECRET, ISSUER, Lies, Provider, signing_key

CALLBACK = "http://localhost:8000/login/callback"
OIDC = OidcConfig(issuer=ISSUER, client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
DISCOVERY = "/.well-known/openid-configuration"


@pytest.fixture
def provider(clock: FrozenClock) -> Provider:
    return Provider(clock, redirect_uri=CALLBACK)


@pytest.fixture
async def identity(provider: Provider, clock: FrozenClock) -> AsyncIterator[IdentityProvider]:
    identity = IdentityProvider(OIDC, CALLBACK, clock, transport=ASGITransport(provider.app), seconds=1)
    yield identity
    await identity.close()


@pytest.fixture
async def impatient(provider: Provider, clock: FrozenClock) -> AsyncIterator[IdentityProvider]:
    identity = IdentityProvider(OIDC, CALLBACK, clock, transport=ASGITransport(provider.app), seconds=0.05)
    yield identity
    await identity.close()


async def sign_in(identity: IdentityProvider, provider: Provider) -> Claims:
    started = StartedSignIn(next_path="/")
    query = provider.authorize(await identity.begin(started))
    assert query["state"] == started.state
    return await identity.finish(started, Answer(code=query["code"], iss=query["iss"]))


async def test_claims_of_a_good_answer(identity: IdentityProvider, provider: Provider) -> None:
    claims = await sign_in(identity, provider)
    assert (claims.issuer, claims.subject, claims.username) == (ISSUER, "u-ann", "ann")
    assert (claims.name, claims.email, claims.email_verified) == ("Ann Example", "ann@example.com", True)
    assert claims.roles == {"marketing", "support"}
    assert claims.id_token.count(".") == 2
    assert claims.id_token not in repr(claims)


async def test_the_browser_is_sent_with_fresh_secrets_and_no_forced_login(identity: IdentityProvider) -> None:
    first, second = StartedSignIn(next_path="/"), StartedSignIn(next_path="/")
    query = parse_qs(urlsplit(await identity.begin(first, login_hint="ann")).query)
    assert query["scope"] == ["openid email profile"]
    assert query["nonce"] == [first.nonce]
    assert query["login_hint"] == ["ann"]
    assert "prompt" not in query
    assert first.code_verifier not in str(query)
    assert len({first.state, first.nonce, first.code_verifier, second.state, second.nonce}) == 5


async def test_claims_that_only_userinfo_has(identity: IdentityProvider, provider: Provider) -> None:
    provider.person = {"sub": "u-ann"}
    provider.userinfo_only = {"email": "ann@example.com", "email_verified": True, "preferred_username": "ann"}
    claims = await sign_in(identity, provider)
    assert (claims.subject, claims.username, claims.email_verified) == ("u-ann", "ann", True)


async def test_userinfo_about_somebody_else_is_refused(identity: IdentityProvider, provider: Provider) -> None:
    provider.person = {"sub": "u-ann"}
    provider.userinfo_only = {"sub": "u-eve", "email": "ann@example.com"}
    with pytest.raises(SignInInterrupted):
        await sign_in(identity, provider)


HOSTILE: dict[str, Callable[[FrozenClock], Lies]] = {
    "another audience": lambda _: Lies(claims={"aud": "another program"}),
    "another audience, with us as the authorized party": lambda _: Lies(
        claims={"aud": "another program", "azp": CLIENT_ID}
    ),
    "two audiences, authorized for the other": lambda _: Lies(
        claims={"aud": [CLIENT_ID, "another program"], "azp": "another program"}
    ),
    "no audience": lambda _: Lies(claims={"aud": None}),
    "another issuer": lambda _: Lies(claims={"iss": "http://evil.example.test"}),
    "no issuer": lambda _: Lies(claims={"iss": None}),
    "another nonce": lambda _: Lies(claims={"nonce": "of another sign-in"}),
    "no nonce": lambda _: Lies(claims={"nonce": None}),
    "no expiry": lambda _: Lies(claims={"exp": None}),
    "expired": lambda clock: Lies(claims={"exp": int(clock.wall().timestamp()) - 61}),
    "from the future": lambda clock: Lies(claims={"iat": int(clock.wall().timestamp()) + 3600}),
    "no subject": lambda _: Lies(claims={"sub": None}),
    "an empty subject": lambda _: Lies(claims={"sub": ""}),
    "a subject that would be cut": lambda _: Lies(claims={"sub": "u" * 256}),
    "a numeric subject": lambda _: Lies(claims={"sub": 7}),
    "another access token's hash": lambda _: Lies(claims={"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}),
    "no ID token": lambda _: Lies(without_id_token=True),
    "an unsigned token": lambda _: Lies(unsigned=True),
    "our secret as the key": lambda _: Lies(
        algorithm="HS256", key=OctKey.import_key(CLIENT_SECRET, {"kid": "first", "use": "sig"})
    ),
    "a key that is not published": lambda _: Lies(key=signing_key("stranger")),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_token_that_proves_nothing_is_refused(
    identity: IdentityProvider, provider: Provider, clock: FrozenClock, name: str
) -> None:
    provider.lies = HOSTILE[name](clock)
    with pytest.raises(SignInInterrupted):
        await sign_in(identity, provider)


async def test_a_minute_of_difference_between_clocks_is_forgiven(
    identity: IdentityProvider, provider: Provider, clock: FrozenClock
) -> None:
    now = int(clock.wall().timestamp())
    provider.lies = Lies(claims={"exp": now - 59, "iat": now + 59})
    assert (await sign_in(identity, provider)).subject == "u-ann"


@pytest.mark.parametrize(
    "answer",
    [
        Answer(error="access_denied", iss=ISSUER),
        Answer(code="made up", iss=ISSUER),
        Answer(iss=ISSUER),
        Answer(code="code-0", iss="http://evil.example.test"),
        Answer(code="code-0"),  # the metadata says that answers name their issuer
    ],
    ids=["denied", "unknown code", "no code", "another issuer answers", "nobody answers"],
)
async def test_an_answer_that_is_none_is_refused(
    identity: IdentityProvider, provider: Provider, answer: Answer
) -> None:
    started = StartedSignIn(next_path="/")
    provider.authorize(await identity.begin(started))
    with pytest.raises(SignInInterrupted):
        await identity.finish(started, answer)


async def test_the_code_is_worth_nothing_without_the_verifier(identity: IdentityProvider, provider: Provider) -> None:
    query = provider.authorize(await identity.begin(StartedSignIn(next_path="/")))
    with pytest.raises(SignInInterrupted):
        await identity.finish(StartedSignIn(next_path="/"), Answer(code=query["code"], iss=ISSUER))


async def test_keys_are_read_again_once_when_they_have_changed(identity: IdentityProvider, provider: Provider) -> None:
    await sign_in(identity, provider)
    provider.key = signing_key("second")
    await sign_in(identity, provider)
    await sign_in(identity, provider)
    assert provider.calls.count("/jwks") == 2


async def test_an_unknown_key_is_looked_for_once(identity: IdentityProvider, provider: Provider) -> None:
    await sign_in(identity, provider)
    provider.lies = Lies(key=signing_key("stranger"))
    with pytest.raises(SignInInterrupted):
        await sign_in(identity, provider)
    assert provider.calls.count("/jwks") == 2


async def test_keys_are_remembered_for_a_while_and_each_sign_in_asks_once_whether_the_issuer_is_there(
    identity: IdentityProvider, provider: Provider, clock: FrozenClock
) -> None:
    await sign_in(identity, provider)
    await sign_in(identity, provider)
    assert (provider.calls.count(DISCOVERY), provider.calls.count("/jwks")) == (2, 1)
    clock.advance(KEYS_LIFETIME)
    await sign_in(identity, provider)
    assert (provider.calls.count(DISCOVERY), provider.calls.count("/jwks")) == (3, 2)


async def test_signing_out_asks_only_when_what_is_remembered_is_old(
    identity: IdentityProvider, provider: Provider, clock: FrozenClock
) -> None:
    await sign_in(identity, provider)
    for asked in (1, 2):
        await identity.logout_url(id_token="t", return_to="https://store.example/")
        assert provider.calls.count(DISCOVERY) == asked
        clock.advance(METADATA_LIFETIME)


@pytest.mark.parametrize("path", [DISCOVERY, "/token", "/jwks"])
async def test_a_failing_issuer_is_unavailable_and_asked_again(
    identity: IdentityProvider, provider: Provider, path: str
) -> None:
    for lies in (Lies(statuses={path: 500}), Lies(statuses={path: 429}), Lies(broken={path})):
        provider.lies = lies
        with pytest.raises(SignInUnavailable):
            await sign_in(identity, provider)
    provider.lies = Lies()
    assert (await sign_in(identity, provider)).subject == "u-ann"


@pytest.mark.parametrize("path", [DISCOVERY, "/token", "/jwks"])
async def test_an_issuer_that_hangs_is_unavailable_in_time(
    impatient: IdentityProvider, provider: Provider, path: str
) -> None:
    provider.lies = Lies(hanging={path})
    with pytest.raises(SignInUnavailable):
        await sign_in(impatient, provider)


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "http://evil.example.test"},
        {"issuer": f"{ISSUER}/"},
        {"id_token_signing_alg_values_supported": ["none", "HS256"]},
        {"token_endpoint": None},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
    ids=["another issuer", "a slash more", "no good algorithm", "no token endpoint", "a script as an endpoint"],
)
async def test_metadata_that_cannot_be_used(
    identity: IdentityProvider, provider: Provider, metadata: dict[str, object]
) -> None:
    provider.lies = Lies(metadata=metadata)
    with pytest.raises(SignInUnavailable):
        await identity.begin(StartedSignIn(next_path="/"))


async def test_a_refused_client_is_our_fault_and_not_the_buyers(provider: Provider, clock: FrozenClock) -> None:
    ours = replace(OIDC, client_secret="an old secret")
    identity = IdentityProvider(ours, CALLBACK, clock, transport=ASGITransport(provider.app))
    with pytest.raises(SignInUnavailable):
        await sign_in(identity, provider)
    await identity.close()


async def test_signing_out_at_the_issuer(identity: IdentityProvider, provider: Provider) -> None:
    address = await identity.logout_url(id_token="a.b.c", return_to="http://localhost:8000/", state="s")
    assert address.startswith(f"{ISSUER}/logout?")
    assert parse_qs(urlsplit(address).query) == {
        "id_token_hint": ["a.b.c"],
        "client_id": [CLIENT_ID],
        "post_logout_redirect_uri": ["http://localhost:8000/"],
        "state": ["s"],
    }


@pytest.mark.parametrize("lies", [Lies(metadata={"end_session_endpoint": None}), Lies(statuses={DISCOVERY: 500})])
async def test_no_address_to_sign_out_at(identity: IdentityProvider, provider: Provider, lies: Lies) -> None:
    provider.lies = lies
    assert await identity.logout_url(id_token="a.b.c", return_to="http://localhost:8000/") == ""
