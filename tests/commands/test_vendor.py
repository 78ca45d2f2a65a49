"""``kassa vendor sync`` and ``check``: what they print, what they change, and how they end."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.commands import vendor_check
from app.commands.vendor import sync_vendor
from app.config import Config, ConfigError
from app.core.clock import SystemClock
from app.vendor_adapters.embedded import EmbeddedVendor
from tests.adapters.conformance.embedded_harness import open_embedded, prepare
from tests.adapters.minimal.harness import MinimalHarness
from tests.demo.serving import bound_socket, served
from tests.stripe_twin.api import Api
from tests.stripe_twin.app import create_app
from tests.stripe_twin.books import Books
from tests.stripe_twin.desk import Desk
from tests.support.sources import ROOT

STRIPE = {"KASSA_VENDOR": "stripe", "STRIPE_SECRET_KEY": "sk_test_check", "STRIPE_WEBHOOK_SECRETS": "whsec_check"}


@pytest.fixture
async def embedded(tmp_path: Path) -> AsyncIterator[EmbeddedVendor]:
    prepare(tmp_path / "template.db")
    async with open_embedded(tmp_path / "template.db", tmp_path) as harness:
        yield harness.vendor


def without_first_price(vendor: EmbeddedVendor, amount: int | None = None) -> str:
    """Have the catalog sell a price that the vendor lacks, or holds at another amount; return its key."""
    first, *others = vendor.catalog.prices
    row = replace(first, id="kit-new") if amount is None else replace(first, amount=amount)
    vendor.catalog = replace(vendor.catalog, prices=(row, *others))
    return row.id


# --- sync ---


async def test_nothing_to_do(embedded: EmbeddedVendor, capsys: pytest.CaptureFixture[str]) -> None:
    assert await sync_vendor(embedded, apply=False, as_json=False) == 0
    assert "embedded holds every price as the catalog says" in capsys.readouterr().out


async def test_a_dry_run_shows_and_changes_nothing(
    embedded: EmbeddedVendor, capsys: pytest.CaptureFixture[str]
) -> None:
    left, before = embedded.catalog.prices[0].id, await embedded.list_offers()
    made = without_first_price(embedded)
    for _ in range(2):
        assert await sync_vendor(embedded, apply=False, as_json=False) == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines[-3].split()[:4] == ["would", "make", made, "34800"]
        assert lines[-2].split()[:3] == ["would", "retire", left]
        assert lines[-1] == "Nothing was changed; `--apply` changes 2 prices."
    assert await embedded.list_offers() == before


async def test_applied_twice_it_is_done_once(embedded: EmbeddedVendor, capsys: pytest.CaptureFixture[str]) -> None:
    left, made = embedded.catalog.prices[0].id, without_first_price(embedded)
    assert await sync_vendor(embedded, apply=True, as_json=True) == 0
    told = capsys.readouterr().out
    answer = json.loads(told[told.index("{\n") :])
    assert (answer["vendor"], answer["applied"]) == ("embedded", True)
    assert [(step["step"], step["price"]) for step in answer["steps"]] == [("make", made), ("retire", left)]
    offers = {str(offer.key): offer.is_offered for offer in await embedded.list_offers()}
    assert (offers[made], offers[left]) == (True, False)
    assert await sync_vendor(embedded, apply=True, as_json=False) == 0
    assert "there is nothing to do" in capsys.readouterr().out


async def test_a_conflict_is_left_to_people(embedded: EmbeddedVendor, capsys: pytest.CaptureFixture[str]) -> None:
    before = await embedded.list_offers()
    without_first_price(embedded, amount=1)
    assert await sync_vendor(embedded, apply=True, as_json=False) == 1
    told = capsys.readouterr().out
    assert "CONFLICT" in told
    assert "0 prices changed." in told
    assert "retire the row in the catalog and add a new one" in told
    assert await embedded.list_offers() == before


async def test_a_vendor_whose_prices_are_made_by_hand(capsys: pytest.CaptureFixture[str]) -> None:
    assert await sync_vendor(MinimalHarness().adapter, apply=True, as_json=False) == 1
    assert "minimal makes no prices by command (catalog_sync)" in capsys.readouterr().err


# --- check: what it says when it is not run ---


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ({"STRIPE_SECRET_KEY": ""}, "STRIPE_SECRET_KEY is not set"),
        ({"STRIPE_SECRET_KEY": "pk_test_secret"}, "holds the publishable key"),
        ({"STRIPE_SECRET_KEY": "whsec_secret"}, "is no secret key"),
        ({"STRIPE_SECRET_KEY": "sk_live_secret"}, "is a live key, and the demo must move no money"),
        ({"STRIPE_PUBLISHABLE_KEY": "sk_test_secret"}, "STRIPE_PUBLISHABLE_KEY is no publishable key"),
        ({"STRIPE_WEBHOOK_SECRETS": "whsec_1,secret"}, "each begins with whsec_"),
    ],
)
def test_keys_are_judged_by_their_looks(tmp_path: Path, setting: dict[str, str], told: str) -> None:
    with pytest.raises(ConfigError) as refused:
        Config.from_env({**STRIPE, **setting, "KASSA_VAR": str(tmp_path)})
    (fault,) = refused.value.faults
    assert told in fault
    assert "secret" not in fault.replace("secret key", "").replace("secret one", "").replace("are secret", "")


def test_keys_of_a_vendor_that_is_not_chosen_do_not_matter(tmp_path: Path) -> None:
    assert Config.from_env({"STRIPE_SECRET_KEY": "sk_live_x", "KASSA_VAR": str(tmp_path)}).vendors == ("embedded",)


def test_without_a_key_it_says_that_it_was_not_run(tmp_path: Path) -> None:
    run = kassa(tmp_path, "vendor", "check", KASSA_VENDOR="stripe")
    assert run.returncode == vendor_check.NOT_RUN
    assert "STRIPE_SECRET_KEY is not set" in run.stderr
    assert "The conformance kit was NOT RUN" in run.stderr


def test_with_a_live_key_it_refuses(config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    live = replace(config, vendors=("stripe",), stripe=replace(config.stripe, secret_key="sk_live_secret"))
    assert vendor_check.check(live, only="") == vendor_check.NOT_RUN
    told = capsys.readouterr().err
    assert "The conformance kit was NOT RUN: STRIPE_SECRET_KEY is a live key" in told
    assert "sk_live_secret" not in told


def test_a_vendor_without_a_test_mode(config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    assert vendor_check.check(config, only="") == vendor_check.NOT_RUN
    assert "embedded has no test mode" in capsys.readouterr().err


# --- check: run against something that answers as test mode does ---


@pytest.fixture
def test_mode() -> Iterator[tuple[str, Api]]:
    """A twin on a real socket that goes by real time, as test mode does, and its address."""
    books = Books(SystemClock())
    with bound_socket() as (listening, origin):
        api = Api(books, origin)
        with served(create_app(api, Desk(books, origin)), listening):
            yield origin, api


def test_it_runs_the_kit_and_says_what_is_set_up_wrongly(tmp_path: Path, test_mode: tuple[str, Api]) -> None:
    origin, api = test_mode
    only = "test_04_prices or test_14 or test_21_a_true or test_18_more or harness_is or test_26_the and 01"
    run = kassa(tmp_path, "vendor", "check", "-k", only, **STRIPE, STRIPE_API_BASE=origin)
    assert run.returncode == vendor_check.PASSED, run.stdout + run.stderr
    assert "MEND  vendor: there is no webhook endpoint for http://localhost:8000/webhooks/stripe" in run.stdout
    assert "MEND  vendor: stripe does not know team-hosted-usd-y-1" in run.stdout
    assert "conformance of vendor adapters" in run.stdout
    assert " 18  Seats up count now" in run.stdout
    assert "declared skips of stripe:   1  no payment page: the page wants a person" in run.stdout
    assert "declared skips of stripe:   1  no calendar: test mode goes by today's date" in run.stdout
    assert api.guard.problems == []


def test_a_failed_check_and_a_misspelt_one(tmp_path: Path, test_mode: tuple[str, Api]) -> None:
    origin, api = test_mode
    with_twin = {**STRIPE, "STRIPE_API_BASE": origin}
    none = kassa(tmp_path, "vendor", "check", "-k", "nothing_of_the_kind", **with_twin)
    assert none.returncode == vendor_check.NOT_RUN
    assert "NOT RUN: no check fits 'nothing_of_the_kind'" in none.stderr
    assert kassa(tmp_path, "vendor", "check", "-k", "test_04_prices", **with_twin).returncode == vendor_check.PASSED
    (price,) = [row for row in api.books.all("price") if row["lookup_key"] == "kit-team-usd-y"]
    price["unit_amount"] = 1
    failed = kassa(tmp_path, "vendor", "check", "-k", "test_04_prices", **with_twin)
    assert failed.returncode == vendor_check.FAILED
    assert "1 FAIL" in failed.stdout


def kassa(folder: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": os.environ["PATH"], "KASSA_VAR": str(folder / "var"), "PYTHONPATH": str(ROOT), **settings}
    command = [sys.executable, "-m", "app.cli", *words]
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
