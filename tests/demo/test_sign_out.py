"""Signing out ends the session, and leads only where it may."""

from dataclasses import replace

import pytest

from app.demo.product import DemoProduct
from app.demo.sign_in.signing import identity_token
from app.demo.store.people import find_person
from app.demo.store.tokens import Redeemed
from app.http import AsyncClient
from tests.demo.forge import ORIGIN, STORE, code_for, exchange, form_action, request_parameters, sign_in

BACK = f"{STORE}/"


async def _token_of(browser: AsyncClient, username: str) -> str:
    return str((await exchange(browser, await code_for(browser, username))).json()["id_token"])


async def _is_signed_in(browser: AsyncClient) -> bool:
    return "Sign out of Forge" in (await browser.get("/")).text


async def test_sign_out_kills_the_session_itself(browser: AsyncClient) -> None:
    await sign_in(browser, "ann")
    kept = dict(browser.cookies)
    assert await _is_signed_in(browser)
    assert (await browser.post("/sign-out")).headers["location"] == "/"
    browser.cookies.update(kept)
    assert not await _is_signed_in(browser)


async def test_going_on_as_somebody_else_ends_the_session_before(browser: AsyncClient) -> None:
    await sign_in(browser, "ann")
    kept = dict(browser.cookies)
    page = await browser.get("/authorize", params=request_parameters(prompt="select_account"))
    await browser.post(form_action(page, 'value="ann"'), data={"person": "bob"})
    assert "<strong>bob</strong>" in (await browser.get("/")).text
    browser.cookies.clear()
    browser.cookies.update(kept)
    assert not await _is_signed_in(browser)


async def test_the_store_signs_its_person_out_and_gets_them_back(browser: AsyncClient) -> None:
    hint = await _token_of(browser, "ann")
    query = {"id_token_hint": hint, "post_logout_redirect_uri": BACK, "state": "s 1"}
    done = await browser.get("/logout", params=query)
    assert (done.status_code, done.headers["location"]) == (303, f"{BACK}?state=s+1")
    assert not await _is_signed_in(browser)


async def test_once_more_is_no_error(browser: AsyncClient) -> None:
    query = {"id_token_hint": await _token_of(browser, "ann"), "post_logout_redirect_uri": BACK}
    await browser.get("/logout", params=query)
    assert (await browser.get("/logout", params=query)).headers["location"] == BACK


@pytest.mark.parametrize("address", [STORE, f"{STORE}/x", f"{BACK}?x=1", "https://evil.example/", "//evil.example/"])
async def test_it_leads_to_no_other_address(browser: AsyncClient, address: str) -> None:
    hint = await _token_of(browser, "ann")
    refused = await browser.get("/logout", params={"id_token_hint": hint, "post_logout_redirect_uri": address})
    assert refused.status_code == 400
    assert "location" not in refused.headers
    assert await _is_signed_in(browser)


async def test_without_proof_the_person_is_asked(browser: AsyncClient) -> None:
    await sign_in(browser, "ann")
    for hint in ({}, {"id_token_hint": "e30.e30.e30"}, {"id_token_hint": "é"}):
        asked = await browser.get("/logout", params={**hint, "post_logout_redirect_uri": BACK})
        assert (asked.status_code, "Sign out of Forge?" in asked.text) == (200, True)
    assert await _is_signed_in(browser)


async def test_a_token_of_somebody_else_is_no_proof(browser: AsyncClient) -> None:
    hint = await _token_of(browser, "ann")
    await browser.post("/sign-out")
    await sign_in(browser, "bob")
    assert (await browser.get("/logout", params={"id_token_hint": hint})).status_code == 200
    assert await _is_signed_in(browser)


@pytest.mark.parametrize("changes", [{"client_id": "other"}, {"origin": "http://127.0.0.1:9009"}])
async def test_a_token_for_another_program_or_from_elsewhere_is_no_proof(
    forge: DemoProduct, browser: AsyncClient, changes: dict[str, str]
) -> None:
    await sign_in(browser, "ann")
    ann = await forge.world.db.read(lambda c: find_person(c, "ann"))
    assert ann
    redeemed = Redeemed(person=ann, scope="openid", nonce="n", auth_time=forge.world.clock.wall(), access_token="")
    client_id, origin = changes.get("client_id", "kassa"), changes.get("origin", ORIGIN)
    hint = await identity_token(replace(forge.world, client_id=client_id, origin=origin), redeemed)
    await browser.get("/logout", params={"id_token_hint": hint})
    assert await _is_signed_in(browser)
    sound = await identity_token(forge.world, redeemed)
    await browser.get("/logout", params={"id_token_hint": sound})
    assert not await _is_signed_in(browser)


async def test_an_old_key_still_proves(forge: DemoProduct, browser: AsyncClient) -> None:
    hint = await _token_of(browser, "ann")
    await forge.rotate_keys()
    await browser.get("/logout", params={"id_token_hint": hint})
    assert not await _is_signed_in(browser)
