"""The store's client against the demo product's real app, and against answers that keep to no contract."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from app.core.clock import FrozenClock
from app.db.engine import Database
from app.demo.product import DemoProduct
from app.demo.seed import SeedGroup
from app.entitlements.http_product import HttpProduct
from app.entitlements.product import (
    Grant,
    GrantResult,
    Group,
    MinutesGrant,
    PlanGrant,
    Product,
    ProductRefused,
    ProductUnavailable,
    StorageGrant,
    Usage,
)
from app.http import ASGITransport

ORIGIN = "http://127.0.0.1:8001"
START, END = datetime(2026, 11, 23, tzinfo=UTC), datetime(2027, 11, 23, tzinfo=UTC)
TEAM = PlanGrant(plan="team", seats=10, starts_at=START, ends_at=END, version=1)
PACK = MinutesGrant(purchase_id="O-1:0", minutes=2000, expires_at=END)
STORAGE = StorageGrant(gib=20, ends_at=END, version=1)


@pytest.fixture
async def forge(tmp_path: Path, clock: FrozenClock) -> AsyncIterator[DemoProduct]:
    database = Database(f"sqlite:///{tmp_path}/product.db")
    demo = DemoProduct(database, clock, ORIGIN, "http://localhost:8000", "token", "kassa", "secret")
    await demo.prepare()
    yield demo
    demo.close()


@pytest.fixture
async def product(forge: DemoProduct) -> AsyncIterator[Product]:
    client = HttpProduct(ORIGIN, "token", transport=ASGITransport(forge.app))
    yield client
    await client.close()


async def test_groups_and_who_may_buy_for_them(forge: DemoProduct, product: Product) -> None:
    await forge.seed([], [SeedGroup(id="acme", name="Acme", owners=("ann",), developers=("bob",), members=7)])
    acme = Group(
        id="acme",
        name="Acme",
        members=7,
        seats_in_use=7,
        plan="free",
        seats=0,
        ends_at=None,
        can_edit_billing=False,
    )
    globex = Group(
        id="globex",
        name="Globex",
        members=8,
        seats_in_use=8,
        plan="team",
        seats=10,
        ends_at=datetime(2027, 3, 1, tzinfo=UTC),
        can_edit_billing=True,
    )
    assert await product.groups("usr_bob") == (acme, globex)
    assert await product.group("acme", subject="usr_bob") == acme
    assert await product.groups("usr_nobody") == ()


async def test_a_group_of_others_and_none_at_all_look_alike(product: Product) -> None:
    assert await product.group("globex", subject="usr_ann") is None
    assert await product.group("nowhere", subject="usr_ann") is None
    assert await product.state("nowhere") is None


@pytest.mark.parametrize(
    "group_id", ["", "..", "../groups", "acme/usage", "acme?subject=usr_ann", "a b", "é", "x" * 101]
)
async def test_an_id_can_reach_no_other_address(product: Product, group_id: str) -> None:
    assert await product.group(group_id, subject="usr_ann") is None
    assert await product.state(group_id) is None
    with pytest.raises(ProductRefused):
        await product.usage(group_id)
    with pytest.raises(ProductRefused):
        await product.grant("O-1", group_id, (TEAM,))


async def test_grants_hold_and_repeating_them_changes_nothing(
    forge: DemoProduct, product: Product, clock: FrozenClock
) -> None:
    for _ in range(2):
        results = await product.grant("O-1", "acme", (TEAM, PACK, STORAGE))
        assert results == (GrantResult(ok=True),) * 3
    state = await product.state("acme")
    assert state is not None
    assert (state.plan, state.seats, state.ends_at, state.can_edit_billing) == ("team", 10, END, False)
    assert await product.usage("acme") == Usage(
        seats_in_use=7,
        seats_max=7,
        minutes_used=310,
        minutes_quota=10_000,
        minutes_in_packs=2000,
        storage_gib=6,
        storage_quota_gib=520,  # what Team includes, and what was bought beside it
        counted_at=clock.now(),
    )


async def test_each_grant_has_its_own_result(product: Product) -> None:
    gold = PlanGrant(plan="gold", seats=1, starts_at=None, ends_at=None, version=2)
    results = await product.grant("O-1", "acme", (TEAM, gold, PACK))
    assert [(result.ok, result.retry) for result in results] == [(True, False), (False, False), (True, False)]
    assert results[1].reason == "plan must be one of free, team, scale."
    assert await product.grant("O-1", "acme", ()) == ()


async def test_a_group_that_is_gone_is_a_refusal(product: Product) -> None:
    with pytest.raises(ProductRefused, match="not_found"):
        await product.grant("O-1", "nowhere", (TEAM,))
    with pytest.raises(ProductRefused, match="not_found"):
        await product.usage("nowhere")


async def test_a_wrong_token_may_be_mended_while_we_try(forge: DemoProduct) -> None:
    client = HttpProduct(ORIGIN, "wrong", transport=ASGITransport(forge.app))
    with pytest.raises(ProductUnavailable, match="401"):
        await client.grant("O-1", "acme", (TEAM,))
    await client.close()


async def test_nobody_there_is_unavailable() -> None:
    client = HttpProduct("http://127.0.0.1:1", "token", 1.0)
    with pytest.raises(ProductUnavailable):
        await client.groups("usr_ann")
    await client.close()


@pytest.mark.parametrize("timeout", [0.0, -1.0, 5.1])
def test_no_call_may_take_longer_than_five_seconds(timeout: float) -> None:
    with pytest.raises(ValueError, match="at most 5 seconds"):
        HttpProduct(ORIGIN, "token", timeout)


class Hostile:
    """An application that answers everything with the same bytes."""

    def __init__(self, status: int, body: bytes, headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
        self.status, self.body, self.headers = status, body, headers

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status, "headers": list(self.headers)})
        await send({"type": "http.response.body", "body": self.body})


async def _silent(_scope: Scope, _receive: Receive, _send: Send) -> None:
    await asyncio.Event().wait()


async def _dripping(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    while True:
        await send({"type": "http.response.body", "body": b" ", "more_body": True})
        await asyncio.sleep(0)


async def _unavailable(app: ASGIApp, patience: float = 4.0) -> set[str]:
    """Return which operations end as they should when nothing is known: with ProductUnavailable."""
    client = HttpProduct(ORIGIN, "token", patience, transport=ASGITransport(app))
    grants: tuple[Grant, ...] = (TEAM, PACK)
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "groups": lambda: client.groups("usr_ann"),
        "group": lambda: client.group("acme", subject="usr_ann"),
        "state": lambda: client.state("acme"),
        "usage": lambda: client.usage("acme"),
        "grant": lambda: client.grant("O-1", "acme", grants),
    }
    ended = set()
    for name, call in calls.items():
        with pytest.raises(ProductUnavailable):
            await call()
        ended.add(name)
    await client.close()
    return ended


ALL = {"groups", "group", "state", "usage", "grant"}


@pytest.mark.parametrize("app", [_silent, _dripping])
async def test_no_end_of_an_answer_is_waited_for(app: ASGIApp) -> None:
    assert await _unavailable(app, 0.05) == ALL


@pytest.mark.parametrize("status", [201, 204, 301, 302, 401, 403, 408, 418, 429, 500, 502, 503, 504])
async def test_other_statuses_say_nothing(status: int) -> None:
    body = b'{"error": "not_found"}'
    assert await _unavailable(Hostile(status, body, ((b"location", b"https://evil.example/"),))) == ALL


@pytest.mark.parametrize("status", [400, 404, 409, 422])
@pytest.mark.parametrize("body", [b"<html>Not Found</html>", b"{}", b'{"error": ""}', b'{"error": 5}', b"", b"[]"])
async def test_a_refusal_in_other_words_is_none(status: int, body: bytes) -> None:
    assert await _unavailable(Hostile(status, body)) == ALL


async def test_a_refusal_tells_what_the_product_said() -> None:
    refusing = Hostile(422, b'{"error": "bad_request", "detail": "no\\u001b[31m"}')
    client = HttpProduct(ORIGIN, "token", transport=ASGITransport(refusing))
    with pytest.raises(ProductRefused, match=r"bad_request: no\[31m$"):
        await client.groups("usr_ann")
    await client.close()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"true",
        b"[]",
        b"{}",
        b"{",
        b"\xff\xfe",
        b'"text"',
        b"[" * 100_000,
        b'{"groups": null, "results": {}}',
        b'{"groups": [null], "results": [null, null]}',
        b'{"groups": [{}], "results": [{}, {}]}',
        b'{"groups": [[]], "results": [{"ok": true, "retry": false, "reason": ""}]}',
        b'{"seats_in_use": ' + b"9" * 5000 + b"}",
        b" " * 1_000_001,
    ],
)
async def test_an_answer_that_cannot_be_read_is_none(body: bytes) -> None:
    assert await _unavailable(Hostile(200, body)) == ALL


async def test_a_refusal_to_look_is_not_the_word_that_there_is_nothing() -> None:
    refusing = Hostile(400, b'{"error": "not_found"}')
    client = HttpProduct(ORIGIN, "token", transport=ASGITransport(refusing))
    with pytest.raises(ProductRefused):
        await client.group("acme", subject="usr_ann")
    await client.close()


GOOD_GROUP: dict[str, object] = {
    "id": "acme",
    "name": "Acme",
    "members": 7,
    "seats_in_use": 7,
    "plan": "team",
    "seats": 10,
    "ends_at": "2027-03-01T00:00:00Z",
    "can_edit_billing": True,
}


async def _group_from(answer: dict[str, object]) -> Group | None:
    client = HttpProduct(ORIGIN, "token", transport=ASGITransport(Hostile(200, json.dumps(answer).encode())))
    try:
        return await client.group("acme", subject="usr_ann")
    finally:
        await client.close()


async def test_what_is_added_to_an_answer_is_left_alone() -> None:
    group = await _group_from({**GOOD_GROUP, "colour": "red"})
    assert group is not None
    assert group.ends_at == datetime(2027, 3, 1, tzinfo=UTC)


async def test_an_answer_without_measure_is_not_read() -> None:
    with pytest.raises(ProductUnavailable):
        await _group_from({**GOOD_GROUP, "colour": "r" * 1_000_000})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("id", "globex"),
        ("id", None),
        ("name", ""),
        ("name", "x" * 501),
        ("name", "\ud800"),
        ("name", "a\0b"),
        ("members", -1),
        ("members", 7.0),
        ("members", True),
        ("members", "7"),
        ("members", 2**60),
        ("seats_in_use", None),
        ("plan", 1),
        ("ends_at", "2027-03-01"),
        ("ends_at", "2027-03-01T00:00:00"),
        ("ends_at", "0001-01-01T00:00:00+14:00"),
        ("ends_at", 1803859200),
        ("can_edit_billing", 1),
        ("can_edit_billing", "true"),
        ("trial_ends_at", "soon"),
    ],
)
async def test_one_wrong_fact_spoils_the_answer(key: str, value: object) -> None:
    with pytest.raises(ProductUnavailable):
        await _group_from({**GOOD_GROUP, key: value})


@pytest.mark.parametrize("key", sorted(GOOD_GROUP))
async def test_a_missing_fact_spoils_the_answer(key: str) -> None:
    with pytest.raises(ProductUnavailable, match=f"{key} is missing"):
        await _group_from({name: value for name, value in GOOD_GROUP.items() if name != key})
