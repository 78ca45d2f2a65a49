"""Compute minutes over the months, by the product's API: the sums of the specification, and packs paid back."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from app.core.clock import FrozenClock
from app.demo.minutes import Pack, draw, left_in, next_month
from app.demo.product import DemoProduct
from app.demo.seed import SeedGroup
from app.http import AsyncClient
from tests.demo.forge import BEARER

APRIL = datetime(2027, 4, 1, tzinfo=UTC)


async def team(forge: DemoProduct, clock: FrozenClock, at: datetime, *, used: int = 0) -> None:
    """Let the group ``sums`` have Team, whose month includes 10,000 minutes, and have used so many of them."""
    clock.advance_business(at - clock.now())
    group = SeedGroup(id="sums", name="Sums", owners=("ann",), plan="team", seats=5, minutes_used=used)
    await forge.seed([], [group])


async def ask(browser: AsyncClient, **grant: object) -> dict[str, object]:
    """Ask for one grant and return what became of it."""
    body = {"order": "O-1", "grants": [grant]}
    (result,) = (await browser.post("/api/v1/groups/sums/grants", json=body, headers=BEARER)).json()["results"]
    assert isinstance(result, dict)
    return result


async def buy(browser: AsyncClient, pack: str, minutes: int, expires: str) -> dict[str, object]:
    """Grant a pack that expires on a day."""
    return await ask(browser, kind="minutes", purchase_id=pack, minutes=minutes, expires_at=f"{expires}T00:00:00Z")


async def take_back(browser: AsyncClient, pack: str) -> dict[str, object]:
    """Take a pack back."""
    return await ask(browser, kind="minutes_back", purchase_id=pack)


async def counted(browser: AsyncClient) -> tuple[int, int, int]:
    """Return the minutes used, included, and left in packs."""
    usage = (await browser.get("/api/v1/groups/sums/usage", headers=BEARER)).json()
    return usage["minutes_used"], usage["minutes_quota"], usage["minutes_in_packs"]


async def packs_of(forge: DemoProduct) -> dict[str, int]:
    """Return what was used of each pack."""
    groups = (await forge.books())["groups"]
    assert isinstance(groups, list)
    (found,) = [group for group in groups if group["id"] == "sums"]
    return {pack["purchase_id"]: pack["used"] for pack in found["minutes_packs"]}


async def test_a_month_begins_with_its_quota_and_what_the_packs_had_left(
    forge: DemoProduct, browser: AsyncClient, clock: FrozenClock
) -> None:
    await team(forge, clock, APRIL)
    await buy(browser, "A", 5_000, "2028-04-01")
    await team(forge, clock, APRIL, used=13_000)
    assert await counted(browser) == (13_000, 10_000, 2_000)
    clock.advance_business(datetime(2027, 4, 30, 23, 59, tzinfo=UTC) - clock.now())
    assert await counted(browser) == (13_000, 10_000, 2_000)
    clock.advance_business(datetime(2027, 5, 1, tzinfo=UTC) - clock.now())
    assert await counted(browser) == (0, 10_000, 2_000)  # 12,000 to use in May
    await team(forge, clock, clock.now(), used=10_500)
    assert await counted(browser) == (10_500, 10_000, 1_500)
    clock.advance_business(datetime(2027, 9, 1, tzinfo=UTC) - clock.now())
    assert await counted(browser) == (0, 10_000, 1_500)


async def test_minutes_used_above_the_quota_come_out_of_what_is_bought_at_once(
    forge: DemoProduct, browser: AsyncClient, clock: FrozenClock
) -> None:
    await team(forge, clock, APRIL, used=10_600)
    assert await counted(browser) == (10_600, 10_000, 0)
    await buy(browser, "A", 1_000, "2028-04-01")
    assert await counted(browser) == (10_600, 10_000, 400)
    clock.advance_business(datetime(2027, 5, 1, tzinfo=UTC) - clock.now())
    assert await counted(browser) == (0, 10_000, 400)


async def test_the_pack_that_expires_first_is_used_first(
    forge: DemoProduct, browser: AsyncClient, clock: FrozenClock
) -> None:
    january = datetime(2027, 1, 10, tzinfo=UTC)
    await team(forge, clock, january)
    await buy(browser, "B", 5_000, "2027-08-01")
    await buy(browser, "A", 1_000, "2027-02-01")
    await team(forge, clock, january, used=10_700)
    assert await packs_of(forge) == {"A": 700, "B": 0}
    assert await counted(browser) == (10_700, 10_000, 5_300)
    clock.advance_business(datetime(2027, 2, 1, tzinfo=UTC) - clock.now())
    assert await counted(browser) == (0, 10_000, 5_000)  # A has ended with what was left in it


async def test_a_pack_that_expires_within_the_month_has_served(
    forge: DemoProduct, browser: AsyncClient, clock: FrozenClock
) -> None:
    await team(forge, clock, APRIL)
    await buy(browser, "A", 1_000, "2027-04-15")
    await buy(browser, "B", 5_000, "2028-04-01")
    await team(forge, clock, APRIL, used=10_700)
    clock.advance_business(datetime(2027, 4, 20, tzinfo=UTC) - clock.now())
    assert await counted(browser) == (10_700, 10_000, 5_000)


async def test_taking_back_leaves_what_was_used_and_happens_once(
    forge: DemoProduct, browser: AsyncClient, clock: FrozenClock
) -> None:
    await team(forge, clock, APRIL)
    await buy(browser, "A", 1_000, "2028-04-01")
    await buy(browser, "B", 2_000, "2028-05-01")
    await team(forge, clock, APRIL, used=10_300)
    for _ in range(3):
        assert await take_back(browser, "A") == {"ok": True, "retry": False, "reason": "", "minutes": 700}
        assert await counted(browser) == (10_300, 10_000, 2_000)
    assert await buy(browser, "A", 1_000, "2028-04-01") == {"ok": True, "retry": False, "reason": ""}
    await team(forge, clock, APRIL, used=10_900)  # goes on with B
    assert await counted(browser) == (10_900, 10_000, 1_400)
    assert await packs_of(forge) == {"A": 300, "B": 600}
    log = (await forge.books())["grants"]
    assert isinstance(log, list)
    assert [row["outcome"] for row in log if row["kind"] == "minutes_back"] == ["applied", "repeated", "repeated"]


async def test_what_is_taken_back_before_it_came_never_comes(
    forge: DemoProduct, browser: AsyncClient, clock: FrozenClock
) -> None:
    await team(forge, clock, APRIL)
    assert (await take_back(browser, "A"))["minutes"] == 0
    assert (await buy(browser, "A", 1_000, "2028-04-01"))["ok"] is True
    assert await counted(browser) == (0, 10_000, 0)


async def test_nobody_takes_back_what_is_anothers(forge: DemoProduct, browser: AsyncClient, clock: FrozenClock) -> None:
    await team(forge, clock, APRIL)
    await buy(browser, "A", 1_000, "2028-04-01")
    body = {"order": "O-1", "grants": [{"kind": "minutes_back", "purchase_id": "A"}]}
    (result,) = (await browser.post("/api/v1/groups/zen/grants", json=body, headers=BEARER)).json()["results"]
    assert result == {"ok": False, "retry": False, "reason": "purchase_id stands for another purchase."}
    assert await counted(browser) == (0, 10_000, 1_000)


packs = st.lists(st.tuples(st.integers(1, 3_000), st.integers(1, 28), st.booleans()), max_size=5)


@given(packs, st.lists(st.integers(0, 9_000), min_size=1, max_size=6))
def test_no_minute_is_drawn_twice_or_lost(sizes: list[tuple[int, int, bool]], uses: list[int]) -> None:
    now = APRIL
    bought = tuple(
        Pack(
            purchase_id=str(place),
            order_id="O-1",
            minutes=minutes,
            expires_at=APRIL.replace(day=day),
            is_taken_back=taken,
        )
        for place, (minutes, day, taken) in enumerate(sizes)
    )
    before = left_in(bought, now)
    drawn = bought
    for over in uses:
        drawn = draw(drawn, over, now)
        assert left_in(drawn, now) == max(0, before - over)
        assert all(0 <= pack.used <= pack.minutes for pack in drawn)
    assert left_in(next_month(drawn), now) == left_in(drawn, now)
