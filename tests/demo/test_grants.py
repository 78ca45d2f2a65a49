"""What the store asks for holds afterwards, however often and in whatever order it is asked."""

from datetime import timedelta

import pytest

from app.core.clock import FrozenClock
from app.demo.product import DemoProduct
from app.demo.seed import SeedGroup
from app.http import AsyncClient
from tests.demo.forge import BEARER


def _plan(version: int, /, **changes: object) -> dict[str, object]:
    sound = {
        "kind": "plan",
        "plan": "team",
        "seats": 10,
        "starts_at": "2026-11-23T00:00:00Z",
        "ends_at": "2027-11-23T00:00:00Z",
        "version": version,
    }
    return sound | changes


def _pack(
    purchase_id: str = "O-1:0", minutes: int = 1000, expires_at: str = "2027-11-23T00:00:00Z"
) -> dict[str, object]:
    return {"kind": "minutes", "purchase_id": purchase_id, "minutes": minutes, "expires_at": expires_at}


def _storage(gib: int, version: int) -> dict[str, object]:
    return {"kind": "storage", "gib": gib, "ends_at": "2027-03-01T00:00:00Z", "version": version}


async def _grant(browser: AsyncClient, *grants: object, group: str = "acme") -> list[dict[str, object]]:
    body = {"order": "O-1", "grants": list(grants)}
    answer = await browser.post(f"/api/v1/groups/{group}/grants", json=body, headers=BEARER)
    assert answer.status_code == 200
    results: list[dict[str, object]] = answer.json()["results"]
    return results


async def _group(browser: AsyncClient, group: str = "acme") -> dict[str, object]:
    found: dict[str, object] = (await browser.get(f"/api/v1/groups/{group}", headers=BEARER)).json()
    return found


async def _usage(browser: AsyncClient, group: str = "acme") -> dict[str, object]:
    found: dict[str, object] = (await browser.get(f"/api/v1/groups/{group}/usage", headers=BEARER)).json()
    return found


async def test_a_plan_is_a_state_and_an_old_one_comes_too_late(forge: DemoProduct, browser: AsyncClient) -> None:
    assert await _grant(browser, _plan(2, seats=13)) == [{"ok": True, "retry": False, "reason": ""}]
    assert await _grant(browser, _plan(1)) == [{"ok": True, "retry": False, "reason": ""}]
    await _grant(browser, _plan(2, seats=13))
    assert ((await _group(browser))["plan"], (await _group(browser))["seats"]) == ("team", 13)
    log = (await forge.books())["grants"]
    assert isinstance(log, list)
    assert [row["outcome"] for row in log] == ["applied", "superseded", "applied"]


async def test_a_plan_can_be_taken_away(browser: AsyncClient) -> None:
    await _grant(browser, _plan(1))
    await _grant(browser, _plan(2, plan="free", seats=0, starts_at=None, ends_at=None))
    group = await _group(browser)
    assert (group["plan"], group["seats"], group["ends_at"]) == ("free", 0, None)


async def test_minutes_come_once_per_purchase(forge: DemoProduct, browser: AsyncClient) -> None:
    for _ in range(3):
        assert (await _grant(browser, _pack()))[0]["ok"] is True
    assert (await _usage(browser))["minutes_in_packs"] == 1000
    await _grant(browser, _pack("O-2:0"))
    assert (await _usage(browser))["minutes_in_packs"] == 2000


async def test_a_purchase_cannot_become_another(browser: AsyncClient) -> None:
    await _grant(browser, _pack())
    for other in (await _grant(browser, _pack(minutes=9000)), await _grant(browser, _pack(), group="zen")):
        assert other == [{"ok": False, "retry": False, "reason": "purchase_id stands for another purchase."}]
    assert (await _usage(browser, "zen"))["minutes_in_packs"] == 0


async def test_storage_is_a_whole_and_not_an_addition(forge: DemoProduct, browser: AsyncClient) -> None:
    await _grant(browser, _storage(20, 5))
    await _grant(browser, _storage(20, 5))
    await _grant(browser, _storage(10, 4))
    books = (await forge.books())["groups"]
    assert isinstance(books, list)
    assert books[0]["storage"] == {"gib": 20, "ends_at": "2027-03-01T00:00:00Z", "used_gib": 6}


async def test_each_grant_succeeds_or_fails_alone(browser: AsyncClient) -> None:
    results = await _grant(browser, _plan(1), _plan(2, plan="gold"), _pack(), {"kind": "wishes"}, _storage(10, 1))
    assert [result["ok"] for result in results] == [True, False, True, False, True]
    assert results[1]["reason"] == "plan must be one of free, team, scale."
    assert ((await _group(browser))["plan"], (await _usage(browser))["minutes_in_packs"]) == ("team", 1000)


@pytest.mark.parametrize(
    "grant",
    [
        "text",
        None,
        _plan(1, seats=0),
        _plan(1, seats=-1),
        _plan(1, seats=1.5),
        _plan(1, seats=True),
        _plan(1, seats="10"),
        _plan(1, plan=None),
        _plan(1, plan=["team"]),
        _plan(1, ends_at="2027-03-01T00:00:00"),
        _plan(1, ends_at="soon"),
        _plan(1, ends_at="0001-01-01T00:00:00+14:00"),
        _plan(1, version=None),
        _plan(1, version=2**63),
        _pack(minutes=0),
        _pack(purchase_id=""),
        _pack(purchase_id="a b"),
        {"kind": "minutes", "purchase_id": "O-1:0", "minutes": 5},
        _storage(-1, 1),
    ],
)
async def test_a_grant_that_cannot_be_read_changes_nothing(browser: AsyncClient, grant: object) -> None:
    before = await _group(browser)
    (result,) = await _grant(browser, grant)
    assert (result["ok"], result["retry"]) == (False, False)
    assert result["reason"]
    assert await _group(browser) == before


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"order": "O-1"}',
        b'{"order": "O-1", "grants": []}',
        b'{"order": "O-1", "grants": {}}',
        b'{"order": "", "grants": [{}]}',
        b'{"order": "\\ud800", "grants": [{}]}',
        b'{"grants": [{}]}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"order": ' + b"9" * 5000 + b"}",
    ],
)
async def test_a_call_that_cannot_be_read_is_refused(browser: AsyncClient, body: bytes) -> None:
    refused = await browser.post("/api/v1/groups/acme/grants", content=body, headers=BEARER)
    assert (refused.status_code, refused.json()["error"]) == (400, "bad_request")


async def test_a_group_that_is_not_there_is_said_to_be_missing(forge: DemoProduct, browser: AsyncClient) -> None:
    body = {"order": "O-1", "grants": [_plan(1)]}
    answers = [
        await browser.post("/api/v1/groups/nowhere/grants", json=body, headers=BEARER),
        await browser.get("/api/v1/groups/nowhere", headers=BEARER),
        await browser.get("/api/v1/groups/nowhere/usage", headers=BEARER),
        await browser.get("/api/v1/groups/globex", params={"subject": "usr_ann"}, headers=BEARER),
    ]
    assert [(answer.status_code, answer.json()["error"]) for answer in answers] == [(404, "not_found")] * 4
    assert (await forge.books())["grants"] == []


@pytest.mark.parametrize("header", [None, "Bearer wrong", "Bearer ", "Basic product-token", "product-token"])
async def test_nobody_calls_without_the_token(browser: AsyncClient, header: str | None) -> None:
    headers = {"Authorization": header} if header else {}
    body = {"order": "O-1", "grants": [_plan(1)]}
    answers = [
        await browser.get("/api/v1/groups?subject=usr_ann", headers=headers),
        await browser.get("/api/v1/groups/acme", headers=headers),
        await browser.get("/api/v1/groups/acme/usage", headers=headers),
        await browser.post("/api/v1/groups/acme/grants", json=body, headers=headers),
    ]
    assert [answer.status_code for answer in answers] == [401] * 4
    assert (await _group(browser))["plan"] == "free"


async def test_groups_as_a_person_sees_them(forge: DemoProduct, browser: AsyncClient) -> None:
    await forge.seed([], [SeedGroup(id="zen", name="Zen", owners=("ann",), developers=("bob",), members=14)])
    answer = await browser.get("/api/v1/groups?subject=usr_bob", headers=BEARER)
    assert [(group["id"], group["can_edit_billing"]) for group in answer.json()["groups"]] == [
        ("globex", True),
        ("zen", False),
    ]
    assert (await browser.get("/api/v1/groups?subject=nobody", headers=BEARER)).json() == {"groups": []}
    assert (await browser.get("/api/v1/groups", headers=BEARER)).status_code == 400


async def test_minutes_above_the_month_come_out_of_the_pack_that_ends_first(
    forge: DemoProduct, browser: AsyncClient, clock: FrozenClock
) -> None:
    await forge.seed([], [SeedGroup(id="globex", name="Globex", owners=("bob",), members=8, minutes_used=10_700)])
    await _grant(
        browser,
        _pack("B", 5000, "2027-08-01T00:00:00Z"),
        _pack("A", 1000, "2027-02-01T00:00:00Z"),
        group="globex",
    )
    usage = await _usage(browser, "globex")
    assert (usage["minutes_quota"], usage["minutes_in_packs"]) == (10_000, 5300)
    clock.advance_business(timedelta(days=70))  # A has ended, with what was left in it
    assert (await _usage(browser, "globex"))["minutes_in_packs"] == 4300
