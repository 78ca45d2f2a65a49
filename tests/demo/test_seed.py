"""The world that the demonstration starts with, adding to it, and starting afresh."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.config import Config, ConfigError
from app.core.clock import FrozenClock
from app.demo.model import Fault
from app.demo.product import DemoProduct, create
from app.demo.seed import BadSeed, SeedGroup, SeedPerson
from app.http import AsyncClient
from tests.demo.forge import BEARER, code_for, sign_in


async def _rows(forge: DemoProduct) -> dict[str, dict[str, object]]:
    groups = (await forge.books())["groups"]
    assert isinstance(groups, list)
    return {row["id"]: row for row in groups}


async def test_the_groups_are_as_promised(forge: DemoProduct) -> None:
    rows = await _rows(forge)
    told = {name: (row["plan"], row["seats"], row["source"]) for name, row in rows.items()}
    assert (rows["acme"]["members"], rows["zen"]["members"]) == (7, 14)
    assert (rows["globex"]["seats_in_use"], rows["globex"]["starts_at"], rows["globex"]["ends_at"]) == (
        8,
        "2026-03-01T00:00:00Z",
        "2027-03-01T00:00:00Z",
    )
    assert (rows["initech"]["starts_at"], rows["initech"]["ends_at"]) == (
        "2026-06-01T00:00:00Z",
        "2027-06-01T00:00:00Z",
    )
    assert told == {
        "acme": ("free", 0, "direct"),
        "zen": ("free", 0, "direct"),
        "globex": ("team", 10, "direct"),
        "initech": ("team", 20, "reseller"),
        "hooli": ("team", 5, "direct"),
        "umbrella": ("team", 40, "multi_year"),
        "stark": ("scale", 30, "purchase_order"),
        "wayne": ("scale", 25, "community"),
    }


@pytest.mark.parametrize(
    ("username", "owned"),
    [
        ("ann", ["acme", "zen"]),
        ("bob", ["globex"]),
        ("cleo", ["initech"]),
        ("dan", []),
        ("eve", ["hooli", "stark", "umbrella", "wayne"]),
    ],
)
async def test_everybody_owns_what_is_promised(browser: AsyncClient, username: str, owned: list[str]) -> None:
    answer = await browser.get(f"/api/v1/groups?subject=usr_{username}", headers=BEARER)
    assert [group["id"] for group in answer.json()["groups"] if group["can_edit_billing"]] == owned


async def test_starting_again_changes_nothing(forge: DemoProduct, browser: AsyncClient) -> None:
    await forge.seed([], [SeedGroup(id="acme", name="Acme", owners=("ann",), members=9)])
    grant = {"kind": "plan", "plan": "team", "seats": 9, "starts_at": None, "ends_at": None, "version": 1}
    await browser.post("/api/v1/groups/acme/grants", json={"order": "O-1", "grants": [grant]}, headers=BEARER)
    before = await forge.books()
    await forge.prepare()
    assert await forge.books() == before


async def test_more_can_be_seeded_and_seeding_it_again_changes_nothing(forge: DemoProduct) -> None:
    people = [SeedPerson(username="fay", email_verified=False, roles=("support",))]
    groups = [SeedGroup(id="soylent", owners=("fay",), developers=("dan",), members=30, seats_in_use=21, seats_max=25)]
    await forge.seed(people, groups)
    before = await forge.books()
    row = (await _rows(forge))["soylent"]
    assert (row["members"], row["seats_in_use"], row["seats_max"]) == (30, 21, 25)
    await forge.seed(people, groups)
    assert await forge.books() == before


async def test_seeding_updates_facts_and_leaves_what_was_granted(forge: DemoProduct) -> None:
    await forge.seed(
        [], [SeedGroup(id="globex", name="Globex Ltd", owners=("bob",), members=12, plan="scale", seats=1)]
    )
    row = (await _rows(forge))["globex"]
    assert (row["name"], row["seats_in_use"], row["plan"], row["seats"]) == ("Globex Ltd", 12, "team", 10)


async def test_a_seed_is_taken_whole_or_not_at_all(forge: DemoProduct) -> None:
    before = await forge.books()
    with pytest.raises(BadSeed, match="nobody called 'ghost'"):
        await forge.seed([], [SeedGroup(id="first", owners=("ann",)), SeedGroup(id="second", owners=("ghost",))])
    assert await forge.books() == before


def test_a_group_that_makes_no_sense_is_refused() -> None:
    for group_id, plan, seats in (("No Id", "free", 0), ("a/b", "free", 0), ("x", "gold", 0), ("x", "team", -1)):
        with pytest.raises(BadSeed):
            SeedGroup(id=group_id, plan=plan, seats=seats)
    with pytest.raises(BadSeed, match="fewer than the people named"):
        SeedGroup(id="x", owners=("ann", "bob"), members=1)
    with pytest.raises(BadSeed):
        SeedPerson(username="Ann <script>")


async def test_reset_brings_the_first_world_back(forge: DemoProduct, browser: AsyncClient) -> None:
    before = await forge.books()
    keys = (await browser.get("/jwks")).json()
    await sign_in(browser, "dan")
    await browser.post("/groups", data={"name": "Danish"})
    await forge.set_faults(product=[Fault(op="any", kind="down", times=0)])
    await forge.reset()
    assert await forge.books() == before
    assert "Sign in" in (await browser.get("/")).text
    assert (await browser.get("/api/v1/groups/acme", headers=BEARER)).status_code == 200
    assert (await browser.get("/jwks")).json() == keys
    assert await code_for(browser, "dan")


async def test_it_is_made_from_the_settings_of_a_demo(config: Config, clock: FrozenClock) -> None:
    product = create(config, clock)
    await product.prepare()
    assert (config.var / "product.db").exists()
    assert product.world.redirect_uri == f"{config.base_url}/login/callback"
    assert (product.world.origin, product.world.token) == (config.oidc.issuer, config.product_token)
    product.close()


def test_it_is_refused_in_production(tmp_path: Path) -> None:
    environ = {
        "KASSA_ENV": "production",
        "KASSA_BASE_URL": "https://store.example.com",
        "KASSA_SECRET_KEYS": "k" * 32,
        "KASSA_VENDOR": "stripe",
        "STRIPE_SECRET_KEY": "sk_test_nobody",
        "KASSA_DATABASE_URL": f"sqlite:///{tmp_path}/x.db",
        "KASSA_VAR": str(tmp_path / "var"),
    }
    with pytest.raises(ConfigError, match="only with KASSA_ENV=demo"):
        create(Config.from_env(environ), FrozenClock(datetime(2026, 11, 23, tzinfo=UTC)))
    assert not (tmp_path / "var").exists()
