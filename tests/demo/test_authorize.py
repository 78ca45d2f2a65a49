"""The sign-in as a browser meets it: sound requests are answered, unsound ones are refused in the right place."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest

from app.core.clock import FrozenClock
from app.http import AsyncClient
from tests.demo.forge import (
    CALLBACK,
    ORIGIN,
    STORE,
    answer_of,
    code_for,
    form_action,
    request_parameters,
    sign_in,
)


async def test_one_button_per_person_and_back_with_code_state_and_issuer(browser: AsyncClient) -> None:
    page = await browser.get("/authorize", params=request_parameters())
    assert [name for name in ("ann", "bob", "cleo", "dan", "eve") if f'value="{name}"' in page.text] == [
        "ann",
        "bob",
        "cleo",
        "dan",
        "eve",
    ]
    answer = answer_of(await browser.post(form_action(page, 'value="ann"'), data={"person": "bob"}))
    assert answer.pop("code")
    assert answer == {"state": "the-state", "iss": ORIGIN}


async def test_afterwards_the_session_signs_in_silently(browser: AsyncClient) -> None:
    await code_for(browser)
    again = answer_of(await browser.get("/authorize", params=request_parameters(prompt="none")))
    assert again["code"]


async def test_a_request_may_come_as_a_form(browser: AsyncClient) -> None:
    await sign_in(browser, "ann")
    assert answer_of(await browser.post("/authorize", data=request_parameters()))["code"]


async def test_prompt_none_never_shows_a_page(browser: AsyncClient) -> None:
    answer = answer_of(await browser.get("/authorize", params=request_parameters(prompt="none")))
    assert answer == {"error": "login_required", "state": "the-state", "iss": ORIGIN}


@pytest.mark.parametrize("prompt", ["login", "select_account"])
async def test_a_client_may_ask_again_who_it_is(browser: AsyncClient, prompt: str) -> None:
    await sign_in(browser, "ann")
    page = await browser.get("/authorize", params=request_parameters(prompt=prompt))
    assert "Continue" in page.text
    assert answer_of(await browser.post(form_action(page, 'value="ann"'), data={"person": "bob"}))["code"]


async def test_a_session_older_than_max_age_is_not_enough(browser: AsyncClient, clock: FrozenClock) -> None:
    await sign_in(browser, "ann")
    clock.advance(timedelta(seconds=59))
    assert (await browser.get("/authorize", params=request_parameters(max_age="60"))).status_code == 303
    clock.advance(timedelta(seconds=1))
    assert (await browser.get("/authorize", params=request_parameters(max_age="60"))).status_code == 200


async def test_cancel_tells_the_client(browser: AsyncClient) -> None:
    page = await browser.get("/authorize", params=request_parameters())
    answer = answer_of(await browser.post(form_action(page, "Cancel")))
    assert answer == {"error": "access_denied", "state": "the-state", "iss": ORIGIN}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge": "+" * 43}, "invalid_request"),
        ({"nonce": None}, "invalid_request"),
        ({"nonce": ""}, "invalid_request"),
        ({"nonce": "n" * 513}, "invalid_request"),
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_mode": "form_post"}, "invalid_request"),
        ({"scope": "email profile"}, "invalid_scope"),
        ({"scope": None}, "invalid_scope"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "sometimes"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"request": "e30.e30."}, "request_not_supported"),
        ({"request_uri": "https://evil.example/r"}, "request_uri_not_supported"),
    ],
)
async def test_an_unsound_request_is_told_to_the_client(
    browser: AsyncClient, changes: dict[str, str | None], error: str
) -> None:
    await sign_in(browser, "ann")
    answer = answer_of(await browser.get("/authorize", params=request_parameters(**changes)))
    assert answer.pop("error_description")
    assert answer == {"error": error, "state": "the-state", "iss": ORIGIN}


async def test_a_repeated_parameter_is_refused(browser: AsyncClient) -> None:
    await sign_in(browser, "ann")
    query = urlencode([*request_parameters().items(), ("nonce", "another")])
    assert answer_of(await browser.get(f"/authorize?{query}"))["error"] == "invalid_request"


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": None},
        {"client_id": "stranger"},
        {"redirect_uri": None},
        {"redirect_uri": f"{CALLBACK}/"},
        {"redirect_uri": f"{CALLBACK}?x=1"},
        {"redirect_uri": CALLBACK.replace("localhost", "LOCALHOST")},
        {"redirect_uri": CALLBACK.replace("localhost", "127.0.0.1")},
        {"redirect_uri": f"{STORE}@evil.example/login/callback"},
        {"redirect_uri": "https://evil.example/login/callback"},
    ],
)
async def test_nobody_is_sent_to_an_address_that_is_not_registered(
    browser: AsyncClient, changes: dict[str, str | None]
) -> None:
    await sign_in(browser, "ann")
    refused = await browser.get("/authorize", params=request_parameters(**changes))
    assert refused.status_code == 400
    assert "location" not in refused.headers
    assert "This link cannot be used" in refused.text
    assert "evil" not in refused.text


async def test_two_addresses_are_none(browser: AsyncClient) -> None:
    query = urlencode([("redirect_uri", "https://evil.example/"), *request_parameters().items()])
    assert (await browser.get(f"/authorize?{query}")).status_code == 400


async def test_only_somebody_on_the_page_can_be_chosen(browser: AsyncClient) -> None:
    page = await browser.get("/authorize", params=request_parameters())
    again = await browser.post(form_action(page, 'value="ann"'), data={"person": "mallory"})
    assert again.status_code == 422
    assert "<title>Error: Sign in" in again.text
    assert "set-cookie" not in again.headers


async def test_the_button_pressed_twice_answers_twice(browser: AsyncClient) -> None:
    page = await browser.get("/authorize", params=request_parameters())
    action = form_action(page, 'value="ann"')
    codes = {answer_of(await browser.post(action, data={"person": "ann"}))["code"] for _ in range(2)}
    assert len(codes) == 2


async def test_a_sign_in_page_is_not_good_for_ever(browser: AsyncClient, clock: FrozenClock) -> None:
    page = await browser.get("/authorize", params=request_parameters())
    clock.advance(timedelta(minutes=31))
    assert (await browser.post(form_action(page, 'value="ann"'), data={"person": "ann"})).status_code == 404


async def test_another_site_cannot_press_the_button(browser: AsyncClient) -> None:
    page = await browser.get("/authorize", params=request_parameters())
    action = form_action(page, 'value="ann"')
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        assert (await browser.post(action, data={"person": "ann"}, headers=headers)).status_code == 403
    own = {"Sec-Fetch-Site": "same-origin", "Origin": ORIGIN}
    assert (await browser.post(action, data={"person": "ann"}, headers=own)).status_code == 303


async def test_the_session_cookie_is_its_own_and_out_of_reach(browser: AsyncClient) -> None:
    page = await browser.get("/sign-in")
    done = await browser.post(form_action(page, 'value="ann"'), data={"person": "ann"})
    cookie = done.headers["set-cookie"]
    assert cookie.startswith("forge_session=")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


@pytest.mark.parametrize(
    "next_path", ["//evil.example", "/\\evil.example", "https://evil.example", "/ /evil.example", "javascript:x", ""]
)
async def test_signing_in_leads_to_no_other_site(browser: AsyncClient, next_path: str) -> None:
    page = await browser.get("/sign-in", params={"next": next_path})
    done = await browser.post(form_action(page, 'value="ann"'), data={"person": "ann"})
    assert done.headers["location"] == "/"
