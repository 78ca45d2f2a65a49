"""Ordered faults, met over a real socket by the client that the store really uses."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.core.clock import FrozenClock
from app.demo.faults import BadFault
from app.demo.model import Fault
from app.demo.product import DemoProduct
from app.demo.world import Delays
from app.entitlements.http_product import HttpProduct
from app.entitlements.product import MinutesGrant, ProductUnavailable
from app.http import AsyncClient, HTTPError, Timeout
from tests.demo.forge import TOKEN, code_for, exchange, open_product
from tests.demo.serving import bound_socket, served

HASTE = 0.5  # seconds that a call waits which is to meet a fault; all others have time enough
ALL = ["timeout_before", "timeout_after", "hang", "reset_after", "error_500", "rate_limit", "slow", "down"]
AFTER = ("timeout_after", "reset_after")


@pytest.fixture
def forge(prepared_file: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[DemoProduct]:
    """The demo product on a port of its own."""
    path = tmp_path / "product.db"
    shutil.copyfile(prepared_file, path)
    with bound_socket() as (listening, origin):
        product = open_product(path, clock, origin=origin, delays=Delays(hang=30, slow=2 * HASTE))
        with served(product.app, listening):
            yield product
        product.close()


@pytest.fixture
async def store(forge: DemoProduct) -> AsyncIterator[HttpProduct]:
    """The store's client of it."""
    client = HttpProduct(forge.world.origin, TOKEN)
    yield client
    await client.close()


@pytest.fixture
async def hasty_store(forge: DemoProduct) -> AsyncIterator[HttpProduct]:
    """The same with little patience."""
    client = HttpProduct(forge.world.origin, TOKEN, HASTE)
    yield client
    await client.close()


@pytest.fixture
async def browser(forge: DemoProduct) -> AsyncIterator[AsyncClient]:
    """A browser in front of it."""
    async with AsyncClient(base_url=forge.world.origin, trust_env=False) as client:
        yield client


async def _minutes(store: HttpProduct) -> int:
    return (await store.usage("acme")).minutes_in_packs


async def _buy_pack(store: HttpProduct) -> bool:
    pack = MinutesGrant(purchase_id="O-1:0", minutes=1000, expires_at=datetime(2027, 11, 23, tzinfo=UTC))
    (result,) = await store.grant("O-1", "acme", (pack,))
    return result.ok


@pytest.mark.parametrize("kind", ALL)
async def test_a_grant_meets_its_fault_once_and_repeating_it_heals(
    forge: DemoProduct, store: HttpProduct, hasty_store: HttpProduct, kind: str
) -> None:
    await forge.set_faults(product=[Fault(op="grant", kind=kind, times=1)])
    with pytest.raises(ProductUnavailable):
        await _buy_pack(hasty_store)
    assert await _minutes(store) == (1000 if kind in AFTER else 0)
    assert await _buy_pack(store)
    assert await _minutes(store) == 1000


async def test_a_slow_answer_is_an_answer(forge: DemoProduct, store: HttpProduct) -> None:
    await forge.set_faults(product=[Fault(op="grant", kind="slow", times=1)])
    assert await _buy_pack(store)


@pytest.mark.parametrize("op", ["usage", "owners", "grant", "any"])
async def test_a_fault_strikes_its_operation_and_no_other(forge: DemoProduct, store: HttpProduct, op: str) -> None:
    await forge.set_faults(product=[Fault(op=op, kind="down", times=0)])
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "usage": lambda: store.usage("acme"),
        "owners": lambda: store.group("acme", subject="usr_ann"),
        "grant": lambda: _buy_pack(store),
    }
    struck = set()
    for name, call in calls.items():
        try:
            await call()
        except ProductUnavailable:
            struck.add(name)
    assert struck == (set(calls) if op == "any" else {op})


async def test_times_are_counted_and_zero_lasts_until_cleared(forge: DemoProduct, store: HttpProduct) -> None:
    await forge.set_faults(product=[Fault(op="owners", kind="error_500", times=2)])
    assert [await _is_up(store) for _ in range(3)] == [False, False, True]
    await forge.set_faults(product=[Fault(op="owners", kind="rate_limit", times=0)])
    assert [await _is_up(store) for _ in range(3)] == [False, False, False]
    await forge.clear_faults()
    assert await _is_up(store)


async def _is_up(store: HttpProduct) -> bool:
    try:
        return len(await store.groups("usr_ann")) == 2
    except ProductUnavailable:
        return False


@pytest.mark.parametrize(
    ("op", "path", "struck"),
    [
        ("discovery", "/.well-known/openid-configuration", True),
        ("discovery", "/jwks", False),
        ("jwks", "/jwks", True),
        ("token", "/jwks", False),
        ("any", "/jwks", True),
        ("any", "/authorize", True),
        ("any", "/", False),
    ],
)
async def test_the_sign_in_has_its_own_faults(
    forge: DemoProduct, browser: AsyncClient, store: HttpProduct, op: str, path: str, struck: bool
) -> None:
    await forge.set_faults(idp=[Fault(op=op, kind="down", times=1)])
    assert await _is_up(store)
    assert ((await browser.get(path)).status_code == 503) is struck
    assert (await browser.get(path)).status_code != 503


@pytest.mark.parametrize("kind", ["hang", "reset_after"])
async def test_even_a_page_of_the_sign_in_may_not_come(forge: DemoProduct, browser: AsyncClient, kind: str) -> None:
    await forge.set_faults(idp=[Fault(op="any", kind=kind, times=1)])
    with pytest.raises(HTTPError):
        await browser.get("/authorize", timeout=HASTE)
    assert (await browser.get("/authorize")).status_code == 400


async def test_a_code_whose_answer_was_lost_stays_used(forge: DemoProduct, browser: AsyncClient) -> None:
    code = await code_for(browser)
    await forge.set_faults(idp=[Fault(op="token", kind="reset_after", times=1)])
    with pytest.raises(HTTPError):
        await exchange(browser, code)
    assert (await exchange(browser, code)).json()["error"] == "invalid_grant"


async def test_a_code_that_never_arrived_stays_good(forge: DemoProduct, browser: AsyncClient) -> None:
    code = await code_for(browser)
    await forge.set_faults(idp=[Fault(op="token", kind="timeout_before", times=1)])
    browser.timeout = Timeout(HASTE)
    with pytest.raises(HTTPError):
        await exchange(browser, code)
    browser.timeout = Timeout(5)
    assert (await exchange(browser, code)).status_code == 200


@pytest.mark.parametrize(
    ("channel", "fault"),
    [
        ("product", Fault(op="jwks", kind="down", times=1)),
        ("idp", Fault(op="grant", kind="down", times=1)),
        ("product", Fault(op="grant", kind="mood", times=1)),
        ("idp", Fault(op="token", kind="down", times=-1)),
    ],
)
async def test_a_fault_that_there_is_none_of_is_refused(
    forge: DemoProduct, store: HttpProduct, channel: str, fault: Fault
) -> None:
    sound = Fault(op="any", kind="down", times=0)
    with pytest.raises(BadFault):
        await forge.set_faults(
            product=[sound, fault] if channel == "product" else [sound], idp=[fault] if channel == "idp" else []
        )
    assert await _is_up(store)
