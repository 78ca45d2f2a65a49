"""Codes become tokens once, for the client that asked, with the verifier that it kept."""

import base64
from datetime import timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from app.core.clock import FrozenClock
from app.demo.product import DemoProduct
from app.demo.seed import SeedPerson
from app.http import AsyncClient
from tests.demo.forge import ORIGIN, SECRET, code_for, exchange


async def _claims(browser: AsyncClient, id_token: str) -> dict[str, object]:
    keys = KeySet.import_key_set((await browser.get("/jwks")).json())
    token = jwt.decode(id_token, keys, algorithms=["RS256"])
    assert token.header["kid"] in {key.kid for key in keys}
    return token.claims


async def test_the_identity_token_says_who_it_is(browser: AsyncClient, clock: FrozenClock) -> None:
    code = await code_for(browser, "ann")
    clock.advance(timedelta(seconds=30))
    answer = (await exchange(browser, code)).json()
    wall = int(clock.wall().timestamp())
    assert await _claims(browser, answer["id_token"]) == {
        "iss": ORIGIN,
        "sub": "usr_ann",
        "aud": "kassa",
        "iat": wall,
        "exp": wall + 300,
        "auth_time": wall - 30,
        "nonce": "the-nonce",
        "name": "Ann Archer",
        "preferred_username": "ann",
        "email": "ann@acme.example",
        "email_verified": True,
        "roles": ["marketing", "support"],
    }
    assert (answer["token_type"], answer["scope"]) == ("Bearer", "openid profile email")


async def test_tokens_run_on_wall_time(browser: AsyncClient, clock: FrozenClock) -> None:
    clock.advance_business(timedelta(days=400))
    answer = (await exchange(browser, await code_for(browser))).json()
    assert (await _claims(browser, answer["id_token"]))["iat"] == int(clock.wall().timestamp())


async def test_what_was_not_asked_for_is_not_told(browser: AsyncClient) -> None:
    answer = (await exchange(browser, await code_for(browser, scope="openid"))).json()
    assert {"name", "email", "email_verified"}.isdisjoint(await _claims(browser, answer["id_token"]))


async def test_an_unconfirmed_address_is_told_as_such(forge: DemoProduct, browser: AsyncClient) -> None:
    await forge.seed([SeedPerson(username="fay", email_verified=False)], [])
    answer = (await exchange(browser, await code_for(browser, "fay"))).json()
    assert (await _claims(browser, answer["id_token"]))["email_verified"] is False


async def test_the_client_may_authenticate_in_a_header(browser: AsyncClient) -> None:
    code = await code_for(browser)
    browser.auth = ("kassa", SECRET)
    assert (await exchange(browser, code, client_id=None, client_secret=None)).status_code == 200


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"code_verifier": "w" * 43}, 400, "invalid_grant"),
        ({"code_verifier": "short"}, 400, "invalid_grant"),
        ({"code_verifier": None}, 400, "invalid_request"),
        ({"redirect_uri": "http://localhost:8000/login/callback/"}, 400, "invalid_grant"),
        ({"redirect_uri": None}, 400, "invalid_request"),
        ({"code": "unknown"}, 400, "invalid_grant"),
        ({"code": None}, 400, "invalid_request"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_secret": None}, 401, "invalid_client"),
        ({"client_secret": "gültig"}, 401, "invalid_client"),
        ({"client_id": "stranger"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": None}, 400, "unsupported_grant_type"),
    ],
)
async def test_a_wrong_claim_gets_nothing(
    browser: AsyncClient, changes: dict[str, str | None], status: int, error: str
) -> None:
    code = await code_for(browser)
    refused = await exchange(browser, code, **changes)
    assert (refused.status_code, refused.json()["error"]) == (status, error)
    assert refused.headers["cache-control"] == "no-store"


async def test_a_wrong_verifier_uses_the_code_up(browser: AsyncClient) -> None:
    code = await code_for(browser)
    await exchange(browser, code, code_verifier="w" * 43)
    assert (await exchange(browser, code)).status_code == 400


async def test_a_wrong_secret_does_not_use_the_code_up(browser: AsyncClient) -> None:
    code = await code_for(browser)
    await exchange(browser, code, client_secret="wrong")
    assert (await exchange(browser, code)).status_code == 200


async def test_a_code_is_good_once_and_its_second_use_takes_the_token_back(browser: AsyncClient) -> None:
    code = await code_for(browser)
    token = (await exchange(browser, code)).json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert (await browser.get("/userinfo", headers=bearer)).status_code == 200
    assert (await exchange(browser, code)).json()["error"] == "invalid_grant"
    assert (await browser.get("/userinfo", headers=bearer)).status_code == 401


async def test_a_code_is_good_for_a_minute(browser: AsyncClient, clock: FrozenClock) -> None:
    in_time, late = await code_for(browser), await code_for(browser)
    clock.advance(timedelta(seconds=59))
    assert (await exchange(browser, in_time)).status_code == 200
    clock.advance(timedelta(seconds=1))
    assert (await exchange(browser, late)).status_code == 400


async def test_two_ways_to_authenticate_are_one_too_many(browser: AsyncClient) -> None:
    code = await code_for(browser)
    browser.auth = ("kassa", SECRET)
    assert (await exchange(browser, code)).json()["error"] == "invalid_request"


@pytest.mark.parametrize(
    "header",
    [
        "Basic !!!",
        "Basic",
        "Bearer x",
        "Basic " + base64.b64encode(b"kassa").decode(),
        "Basic " + base64.b64encode(b"kassa:no").decode(),
        "Basic " + base64.b64encode(b"\xff\xfe:x").decode(),
    ],
)
async def test_a_wrong_header_is_refused(browser: AsyncClient, header: str) -> None:
    code = await code_for(browser)
    browser.headers["Authorization"] = header
    refused = await exchange(browser, code, client_id=None, client_secret=None)
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    assert refused.headers["www-authenticate"].startswith("Basic")


async def test_a_repeated_field_is_refused(browser: AsyncClient) -> None:
    body = "grant_type=authorization_code&grant_type=authorization_code"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert (await browser.post("/token", content=body, headers=headers)).json()["error"] == "invalid_request"
    assert (await browser.post("/token", json={})).json()["error"] == "invalid_request"


async def test_userinfo_ends_with_its_token(browser: AsyncClient, clock: FrozenClock) -> None:
    token = (await exchange(browser, await code_for(browser, "dan", scope="openid email"))).json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert (await browser.get("/userinfo", headers=bearer)).json() == {
        "sub": "usr_dan",
        "roles": [],
        "email": "dan@dan.example",
        "email_verified": True,
    }
    clock.advance(timedelta(minutes=10))
    assert (await browser.get("/userinfo", headers=bearer)).status_code == 401


async def test_old_keys_stay_published_and_none_is_private(forge: DemoProduct, browser: AsyncClient) -> None:
    before = (await exchange(browser, await code_for(browser))).json()["id_token"]
    await forge.prepare()
    assert len((await browser.get("/jwks")).json()["keys"]) == 1
    await forge.rotate_keys()
    after = (await exchange(browser, await code_for(browser))).json()["id_token"]
    keys = (await browser.get("/jwks")).json()["keys"]
    assert (await _claims(browser, before))["sub"] == (await _claims(browser, after))["sub"]
    assert len(keys) == 2
    assert all(set(key) == {"kty", "kid", "use", "alg", "n", "e"} for key in keys)


async def test_discovery_names_what_is_there(browser: AsyncClient) -> None:
    told = (await browser.get("/.well-known/openid-configuration")).json()
    assert told["issuer"] == ORIGIN
    for name in ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "end_session_endpoint"):
        assert (await browser.get(told[name])).status_code != 404, name
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert told["authorization_response_iss_parameter_supported"] is True
