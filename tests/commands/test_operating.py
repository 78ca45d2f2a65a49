"""``kassa migrate``, ``doctor``, ``seed`` and ``reconcile``: what they say, what they change, how they end."""

import json
import tomllib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, select, update

from app.catalog.as_built import ONE_WAY
from app.commands.database import migrate_database
from app.commands.doctor import (
    check_catalog,
    check_database,
    check_mail,
    check_product,
    check_sign_in,
    check_vendor,
    doctor,
)
from app.commands.reconcile import reconcile
from app.commands.seed import seed_file
from app.config import Config
from app.core.clock import FrozenClock, SystemClock
from app.db.clock_store import write_offset
from app.db.engine import Database
from app.db.migrate import has_needed_schema
from app.db.schema import metadata
from app.demo import product as demo_product
from app.entitlements.http_product import HttpProduct
from app.vendor_adapters.embedded.schema import prices
from tests.support.databases import opened
from tests.support.journeys import bought
from tests.support.shop import Shop, open_shop
from tests.support.witness import rows_of, vendor_fails

NOWHERE = "postgresql+psycopg://nobody@127.0.0.1:9/nothing"
sqlite = pytest.mark.engines("sqlite")


@pytest.fixture
async def shop(config: Config, database: Database, clock: FrozenClock) -> AsyncIterator[Shop]:
    async with open_shop(config, database, clock) as opened:
        yield opened


# --- migrate ---


def test_migrating_a_new_database_and_again(config: Config, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fresh = replace(config, var=tmp_path / "new", database_url=f"sqlite:///{tmp_path}/new/kassa.db")
    for _ in range(2):
        assert migrate_database(fresh) == 0
        assert capsys.readouterr().out == "The database has the schema of this version.\n"
    with opened(fresh.database_url) as database:
        assert database.read_now(has_needed_schema)


def test_migrating_a_database_that_is_away(config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    assert migrate_database(replace(config, database_url=NOWHERE)) == 1
    assert "check KASSA_DATABASE_URL" in capsys.readouterr().err


# --- doctor ---


@sqlite
async def test_all_is_well(shop: Shop) -> None:
    findings = [await check_database(shop.deps), *await check_vendor(shop.deps, "embedded")]
    findings += [await check_sign_in(shop.deps), await check_product(shop.deps)]
    assert [found.check for found in findings] == ["database", "vendor", "sign-in", "product"]
    assert all(found.is_well for found in findings), findings


def test_a_catalog_that_asks_for_what_is_not_done(config: Config, tmp_path: Path) -> None:
    assert check_catalog(config.catalog).is_well
    text = config.catalog.read_text(encoding="utf-8")
    for rule, other in (('downgrade = "at_renewal"', 'downgrade = "now"'), ('basis = "day"', 'basis = "second"')):
        assert rule in text
        text = text.replace(rule, other)
    path = tmp_path / "catalog.toml"
    path.write_text(text, encoding="utf-8")
    found = check_catalog(path)
    assert found.found == (
        "[rules.proration] basis = 'second' is not done: this store does 'day'; "
        "[rules.plan_change] downgrade = 'now' is not done: this store does 'at_renewal'"
    )
    assert str(path) in found.mend


def test_what_the_catalog_says_of_ways_is_what_is_done(config: Config) -> None:
    rules = tomllib.loads(config.catalog.read_text(encoding="utf-8"))["rules"]
    said = {name: rules[name.split(".")[0]].get(name.split(".")[1]) for name in ONE_WAY}
    assert said == ONE_WAY


@sqlite
async def test_a_database_that_is_away_or_older(shop: Shop, tmp_path: Path) -> None:
    for url, mend in ((NOWHERE, "check KASSA_DATABASE_URL"), (f"sqlite:///{tmp_path}/empty.db", "run: kassa migrate")):
        with opened(url) as other:
            found = await check_database(replace(shop.deps, db=other))
        assert mend in found.mend, found


@sqlite
async def test_a_vendor_that_is_away_or_sells_something_else(shop: Shop) -> None:
    await vendor_fails(shop, "sync_catalog", times=1)
    (away,) = await check_vendor(shop.deps, "embedded")
    assert "check the vendor's keys" in away.mend
    assert "did not answer sync_catalog: VendorUnavailable" in away.found
    await changed(shop, amount=1)
    (other,) = await check_vendor(shop.deps, "embedded")
    assert other.found == (
        "the price team-hosted-usd-y-1 differs: the catalog says 34800 usd P1Y, the vendor holds 1 usd P1Y"
    )
    assert "add a new one" in other.mend
    await changed(shop, key="team-hosted-usd-y-9")
    unknown, left = await check_vendor(shop.deps, "embedded")
    assert unknown.found == "embedded does not know team-hosted-usd-y-1"
    assert left.found == "embedded still offers, though it is retired, team-hosted-usd-y-9"
    assert {unknown.mend, left.mend} == {"run: kassa vendor sync --apply"}


@sqlite
async def test_a_sign_in_that_is_away_or_not_set(shop: Shop) -> None:
    await shop.world.set_faults({"idp": [{"op": "discovery", "fault": "down", "times": 1}]})
    assert "check KASSA_OIDC_ISSUER" in (await check_sign_in(shop.deps)).mend
    assert "set KASSA_OIDC_ISSUER" in (await check_sign_in(replace(shop.deps, identity=None))).mend


@sqlite
async def test_a_product_that_is_away_or_does_not_take_the_token(shop: Shop) -> None:
    await shop.world.set_faults({"product": [{"op": "owners", "fault": "down", "times": 1}]})
    assert "that the product runs" in (await check_product(shop.deps)).mend
    stranger = HttpProduct(shop.deps.config.product_url, "another token", transport=shop.network)
    assert "KASSA_PRODUCT_TOKEN" in (await check_product(replace(shop.deps, product=stranger))).mend
    without = replace(shop.deps, config=replace(shop.deps.config, product_url=""))
    assert (await check_product(without)).mend == "set KASSA_PRODUCT_URL"


@sqlite
async def test_mails_that_go_nowhere_outside_the_demo(shop: Shop) -> None:
    assert (await check_mail(shop.deps)).is_well
    real = replace(shop.deps, config=replace(shop.deps.config, env="production"))
    assert (await check_mail(real)).mend == "set KASSA_SMTP_URL"
    sending = replace(real, config=replace(real.config, smtp_url="smtp://user:secret@mail.example.com:587"))
    assert (await check_mail(sending)).found == "sent by mail.example.com"


async def test_with_everything_away_the_doctor_names_it_all(config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    alone = alone_in_the_world(replace(config, database_url=NOWHERE))
    alone.var.mkdir(parents=True, exist_ok=True)
    capsys.readouterr()
    assert await doctor(alone, as_json=True) == 1
    told = capsys.readouterr().out
    findings = json.loads(told[told.index("[\n") :])
    broken = [found["check"] for found in findings if found["mend"]]
    assert broken == ["database", "sign-in", "product"]
    assert await doctor(alone, as_json=False) == 1
    lines = capsys.readouterr().out
    assert "ok    settings: demo" in lines
    assert "MEND  database: no answer" in lines


# --- seed ---

TOML = """
[[people]]
username = "una"
name = "Una Unger"
email = "una@new.example"
email_verified = false

[[groups]]
id = "new"
name = "New"
owners = ["una"]
members = 12
plan = "team"
seats = 10
starts_at = 2026-03-01
ends_at = 2027-03-01T00:00:00Z
"""


async def test_people_and_groups_are_added_from_toml_and_json(
    config: Config, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, "more.toml", TOML)
    for _ in range(2):
        assert await seed_file(config, path) == 0
        assert capsys.readouterr().out.endswith("1 people and 1 groups are there.\n")
    new = next(row for row in await product_groups(config) if row["id"] == "new")
    assert (new["members"], new["plan"], new["seats"]) == (12, "team", 10)
    assert (new["starts_at"], new["ends_at"]) == ("2026-03-01T00:00:00Z", "2027-03-01T00:00:00Z")
    more = json.dumps({"groups": [{"id": "other", "owners": ["una", "ann"], "starts_at": "2026-03-01"}]})
    assert await seed_file(config, written(tmp_path, "more.json", more)) == 0
    ids = {row["id"] for row in await product_groups(config)}
    assert {"acme", "new", "other"} <= ids


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("bad.toml", "people = [", "bad.toml"),
        ("bad.json", "{", "bad.json"),
        ("bad.json", '{"persons": []}', "unknown keys persons; there are people, groups and campaigns"),
        ("bad.json", '{"people": [{"username": "una", "age": 3}]}', "unknown keys age"),
        ("bad.json", '{"people": [{"name": "Una"}]}', "something is missing"),
        ("bad.json", '{"people": [{"username": "Una Unger"}]}', "is no username"),
        ("bad.json", '{"groups": [{"id": "new", "owners": ["nobody"]}]}', "there is nobody called 'nobody'"),
        ("bad.json", '{"groups": [{"id": "good"}, {"id": "new", "plan": "gold"}]}', "'gold' is no plan"),
        ("bad.json", '{"groups": [{"id": "new", "ends_at": "2027-13-41"}]}', "bad.json"),
        ("bad.json", "[]", "bad.json"),
        ("bad.json", '{"people": 3}', "bad.json"),
        ("bad.json", '{"people": [3]}', "bad.json"),
        ("missing.toml", "", "missing.toml"),
    ],
)
async def test_a_file_that_cannot_be_used_adds_nothing(
    config: Config, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: str, says: str
) -> None:
    path = written(tmp_path, name, content) if content else tmp_path / name
    assert await seed_file(config, path) == 1
    assert says in capsys.readouterr().err
    assert {"good", "new"}.isdisjoint(row["id"] for row in await product_groups(config))


# --- reconcile ---


async def test_reconciling_twice_changes_nothing_more(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    await bought(shop)
    config = alone_in_the_world(shop.deps.config)
    assert await reconcile(config, once=True) == 0
    before = shop.deps.db.read_now(everything)
    capsys.readouterr()
    assert await reconcile(config, once=True) == 0
    assert last_line(capsys) == "orders settled: 0, messages: 0, jobs: 0, subscriptions read: 0"
    assert shop.deps.db.read_now(everything) == before


@sqlite
async def test_reconciling_goes_by_the_demos_business_time(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    config = alone_in_the_world(shop.deps.config)
    await reconcile(config, once=True)
    await shop.deps.db.write(lambda connection: write_offset(connection, timedelta(days=30)))
    await reconcile(config, once=True)
    assert last_line(capsys).endswith("subscriptions read: 6")


def everything(connection: Connection) -> dict[str, list[str]]:
    """Return every row of the store."""
    return {table.name: sorted(map(str, connection.execute(select(table)).all())) for table in metadata.sorted_tables}


def alone_in_the_world(config: Config) -> Config:
    """Return settings whose product and sign-in are at an address where nobody answers."""
    nobody = "http://127.0.0.1:9"
    return replace(config, product_url=nobody, oidc=replace(config.oidc, issuer=nobody))


def last_line(capsys: pytest.CaptureFixture[str]) -> str:
    """Return the last line that a command wrote."""
    return capsys.readouterr().out.splitlines()[-1]


def written(folder: Path, name: str, content: str) -> Path:
    """Return a file with that content."""
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


async def product_groups(config: Config) -> list[dict[str, object]]:
    """Return the demo product's groups."""
    product = demo_product.create(config, SystemClock())
    await product.prepare()
    books = await product.books()
    product.close()
    return rows_of(books, "groups")


async def changed(shop: Shop, **values: object) -> None:
    """Change the row of a Team seat in the vendor's catalog."""
    change = update(prices).where(prices.c.key == "team-hosted-usd-y-1").values(values)
    await shop.vendor.calls.database.write(lambda connection: connection.execute(change))
