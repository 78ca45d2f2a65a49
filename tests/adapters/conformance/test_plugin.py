"""What the kit's plugin does with a run: undeclared skips fail, and the matrix says what became of each check."""

import inspect
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from app.vendor_adapters.conformance import AdapterConformance
from app.vendor_adapters.conformance.matrix import WIDEST, Matrix, Row, Verdict
from app.vendor_adapters.conformance.scenario import Scenario, scenario_of
from app.vendor_adapters.conformance.writes import WRITES
from app.vendor_adapters.port import VendorAdapter
from tests.support.sources import ROOT

HARNESS = "tests.adapters.minimal.harness:open_in_folder"
STRANGER = """
import pytest
from app.vendor_adapters.conformance import AdapterConformance
from tests.adapters.minimal.harness import MinimalHarness

class TestStranger(AdapterConformance):
    @pytest.fixture
    def harness(self):
        pytest.skip("not today")
"""
PAGELESS = """
import pytest
from app.vendor_adapters.conformance import AdapterConformance, Facility, FacilityLacking
from tests.adapters.minimal.harness import MinimalHarness

class Pageless(MinimalHarness):
    lacks = MinimalHarness.lacks | LACKS

    async def pay_checkout(self, url, payment):
        raise FacilityLacking(Facility.PAYMENT_PAGE)

class TestStranger(AdapterConformance):
    @pytest.fixture
    def harness(self):
        return Pageless()
"""


def test_the_kit_runs_from_the_command_line() -> None:
    run = _pytest("--pyargs", "app.vendor_adapters.conformance", "--conformance-harness", HARNESS, "-k", "test_14")
    assert run.returncode == 0, run.stdout
    assert "1 passed, 2 skipped" in run.stdout
    assert "minimal: 1 pass, 2 skip" in run.stdout
    assert "declared skips of minimal:   1  needs expire_checkout" in run.stdout


def test_without_a_harness_it_says_what_to_do() -> None:
    run = _pytest("--pyargs", "app.vendor_adapters.conformance", "-k", "test_21_a_true")
    assert run.returncode == 1
    assert "say which adapter to check: --conformance-harness module:function" in run.stdout


def test_an_undeclared_skip_fails(tmp_path: Path) -> None:
    module = tmp_path / "test_stranger.py"
    module.write_text(STRANGER, encoding="utf-8")
    run = _pytest(str(module), "-k", "test_14")
    assert run.returncode == 1
    assert "skipped without a declaration" in run.stdout
    assert "3 FAIL" in run.stdout


def test_what_a_check_comes_to_and_the_harness_lacks(tmp_path: Path) -> None:
    """Declared it is a skip that is counted; raised without a word in ``lacks`` it is a failure."""
    module = tmp_path / "test_stranger.py"
    for lacks, told in (("{Facility.PAYMENT_PAGE: 'wants a person'}", "1 skip"), ("{}", "1 FAIL")):
        module.write_text(PAGELESS.replace("LACKS", lacks), encoding="utf-8")
        run = _pytest(str(module), "-k", "test_14_start")
        assert run.returncode == (told == "1 FAIL"), run.stdout
        assert f"minimal: {told}" in run.stdout
    assert "no payment page: wants a person" not in run.stdout


def test_a_check_cannot_be_replaced() -> None:
    def test_14_start_and_resume(self: AdapterConformance) -> None:
        """A stranger's easier version of it."""

    with pytest.raises(TypeError, match="replaces the check test_14_start_and_resume"):
        type("TestStranger", (AdapterConformance,), {"test_14_start_and_resume": test_14_start_and_resume})


def test_all_26_checks_are_there_and_fit_the_table() -> None:
    found = [scenario_of(getattr(AdapterConformance, name)) for name in dir(AdapterConformance)]
    scenarios = [scenario for scenario in found if isinstance(scenario, Scenario)]
    unmarked = [
        name
        for name in dir(AdapterConformance)
        if name.startswith("test_") and not scenario_of(getattr(AdapterConformance, name))
    ]
    assert {scenario.number for scenario in scenarios} == set(range(27))
    assert [scenario.title for scenario in scenarios if not 0 < len(scenario.title) <= WIDEST] == []
    assert len({scenario.title for scenario in scenarios}) == len(scenarios)
    assert unmarked == []


def test_every_write_of_the_port_is_among_the_writes_that_the_checks_try() -> None:
    """What takes a key is a write."""
    methods = {name: getattr(VendorAdapter, name) for name in dir(VendorAdapter) if not name.startswith("_")}
    writes = {name for name, method in methods.items() if callable(method) and "key" in _by_keyword(method)}
    assert {write.operation for write in WRITES} == writes


def _by_keyword(method: Callable[..., object]) -> set[str]:
    return {name for name, one in inspect.signature(method).parameters.items() if one.kind is one.KEYWORD_ONLY}


def test_the_matrix_keeps_the_worst() -> None:
    matrix = Matrix()
    matrix.note(Row(5, "same key"), "acme", "a", Verdict.FAILED)
    matrix.note(Row(5, "same key"), "acme", "a", Verdict.PASSED)
    matrix.note(Row(5, "same key"), "acme", "b", Verdict.PASSED)
    matrix.note(Row(9, "no retry"), "bell", "c", Verdict.SKIPPED, ("needs buy", "needs more"))
    lines = list(matrix.lines())
    assert lines[1].split("  ")[-2:] == ["1 pass, 1 FAIL", " not run"]
    assert "not run          skip" in lines[2]
    assert lines[3:] == [
        "acme: 1 pass, 1 FAIL",
        "bell: 1 skip",
        "declared skips of bell:   1  needs buy",
        "declared skips of bell:   1  needs more",
    ]


def _pytest(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "app.vendor_adapters.conformance.plugin", "-p", "no:cacheprovider"]
    return subprocess.run(
        [*command, "--rootdir", str(ROOT), *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
