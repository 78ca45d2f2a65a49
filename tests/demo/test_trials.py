"""The demo product's own part of a trial, and the figures that somebody pretends."""

from datetime import timedelta

import pytest

from app.core.clock import FrozenClock
from app.demo.product import DemoProduct
from app.http import AsyncClient
from tests.demo.forge import BEARER, sign_in


async def test_only_an_owner_starts_one_and_only_once(
    browser: AsyncClient, forge: DemoProduct, clock: FrozenClock
) -> None:
    await sign_in(browser, "ann")
    for _ in range(2):
        assert (await browser.post("/groups/acme/trial")).status_code == 303
        clock.advance_business(timedelta(days=1))
    page = (await browser.get("/groups/acme")).text
    assert "Trial of Scale: 28 days left" in page
    assert "Start trial" not in page
    clock.advance_business(timedelta(days=28))
    assert "The trial of Scale ended on" in (await browser.get("/groups/acme")).text
    await browser.post("/groups/acme/trial")
    assert "The trial of Scale ended on" in (await browser.get("/groups/acme")).text
    assert (await browser.post("/groups/globex/trial")).status_code == 404


async def test_the_api_tells_of_a_running_trial_alone(
    browser: AsyncClient, forge: DemoProduct, clock: FrozenClock
) -> None:
    await sign_in(browser, "ann")
    await browser.post("/groups/acme/trial")
    told = (await browser.get("/api/v1/groups/acme", headers=BEARER)).json()
    assert (told["plan"], told["trial_ends_at"]) == ("free", "2026-12-23T12:00:00Z")
    usage = (await browser.get("/api/v1/groups/acme/usage", headers=BEARER)).json()
    assert (usage["minutes_quota"], usage["storage_quota_gib"]) == (400, 10)
    clock.advance_business(timedelta(days=30))
    assert (await browser.get("/api/v1/groups/acme", headers=BEARER)).json()["trial_ends_at"] is None


async def test_the_page_that_the_store_leads_to_offers_what_there_is(browser: AsyncClient) -> None:
    assert (await browser.get("/trials/new")).headers["location"] == "/sign-in?next=%2Ftrials%2Fnew"
    await sign_in(browser, "ann")
    assert (await browser.get("/trials/new")).text.count("Start trial of 30 days") == 2
    for group in ("acme", "zen"):
        await browser.post(f"/groups/{group}/trial")
    assert "You own no group that can have a trial" in (await browser.get("/trials/new")).text


@pytest.mark.parametrize(
    ("typed", "used"),
    [
        ({"seats_in_use": "9"}, (9, 9, 310, 6)),
        ({"seats_in_use": "3", "minutes_used": "401", "storage_gib": "12"}, (3, 7, 401, 12)),
        ({"seats_in_use": "-1", "minutes_used": "many", "storage_gib": "9" * 30}, (7, 7, 310, 6)),
    ],
)
async def test_an_owner_pretends_other_figures(
    browser: AsyncClient, typed: dict[str, str], used: tuple[int, int, int, int]
) -> None:
    await sign_in(browser, "ann")
    assert (await browser.post("/groups/acme/usage", data=typed)).status_code == 303
    usage = (await browser.get("/api/v1/groups/acme/usage", headers=BEARER)).json()
    assert tuple(usage[name] for name in ("seats_in_use", "seats_max", "minutes_used", "storage_gib")) == used
    group = (await browser.get("/api/v1/groups/acme", headers=BEARER)).json()
    assert group["members"] >= usage["seats_in_use"]
    assert (await browser.post("/groups/globex/usage", data=typed)).status_code == 404
