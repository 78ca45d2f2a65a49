"""The kit's pytest plugin: a skip that nothing declared fails, and a matrix of checks and adapters ends the run.

Load it with ``-p app.vendor_adapters.conformance.plugin``, or with ``pytest_plugins`` in the topmost conftest.py.
"""

from collections.abc import AsyncIterator, Callable, Generator
from contextlib import AbstractAsyncContextManager
from importlib import import_module
from pathlib import Path

import pytest

from app.vendor_adapters.conformance.checks import base
from app.vendor_adapters.conformance.checks.base import ADAPTER, DECLARED
from app.vendor_adapters.conformance.harness import Facility, FacilityLacking, Harness
from app.vendor_adapters.conformance.matrix import Matrix, Row, Verdict
from app.vendor_adapters.conformance.scenario import Scenario, lack, scenario_of

OPTION = "--conformance-harness"
OpenHarness = Callable[[Path], AbstractAsyncContextManager[Harness]]
"""Opens a harness over a fresh vendor; the folder is the test's own."""

_MATRIX = pytest.StashKey[Matrix]()
_SCRIPT = 26
_NOBODY = "(no harness)"


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--conformance-harness module:function`` names what opens the harness of ``--pyargs`` runs."""
    parser.addoption(OPTION, default="", metavar="MODULE:FUNCTION", help="opens the adapter's harness")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_MATRIX] = Matrix()


@pytest.fixture
async def named_harness(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Harness]:
    """The harness that ``--conformance-harness`` names."""
    module, _, function = str(request.config.getoption(OPTION)).partition(":")
    if not function:
        pytest.fail(f"say which adapter to check: {OPTION} module:function", pytrace=False)
    open_harness: OpenHarness = getattr(import_module(module), function)
    async with open_harness(tmp_path) as harness:
        yield harness


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    scenario = scenario_of(getattr(item, "function", None))
    if scenario is not None:
        if call.excinfo is not None and isinstance(call.excinfo.value, FacilityLacking):
            _end_where_it_lacks(item, report, call.excinfo.value.facility)
        if report.skipped:
            _judge_skip(item, report)
        _note(item, report, scenario)
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    matrix = config.stash[_MATRIX]
    if not matrix.is_empty:
        terminalreporter.section("conformance of vendor adapters")
        for line in matrix.lines():
            terminalreporter.write_line(line)


def _end_where_it_lacks(item: pytest.Item, report: pytest.TestReport, facility: Facility) -> None:
    harness = getattr(item, "funcargs", {}).get("harness")
    if isinstance(harness, Harness) and facility in harness.lacks:
        item.stash[DECLARED] = (lack(harness, facility),)
        report.outcome = "skipped"


def _judge_skip(item: pytest.Item, report: pytest.TestReport) -> None:
    reasons = item.stash.get(DECLARED, ())
    if reasons:
        # told as one line for each reason, not for each check
        report.longrepr = (base.__file__, base.GATE, f"Skipped: {', '.join(reasons)}")
    else:
        report.outcome = "failed"
        report.longrepr = f"skipped without a declaration: {report.longrepr}"


def _note(item: pytest.Item, report: pytest.TestReport, scenario: Scenario) -> None:
    if report.when != "call" and report.passed:
        return
    verdict = Verdict.PASSED if report.passed else Verdict.SKIPPED if report.skipped else Verdict.FAILED
    row = Row(scenario.number, _title(item, scenario))
    item.config.stash[_MATRIX].note(
        row, item.stash.get(ADAPTER, _NOBODY), item.nodeid, verdict, item.stash.get(DECLARED, ())
    )


def _title(item: pytest.Item, scenario: Scenario) -> str:
    """Return a row's title; the script has a row for each of its customers."""
    if scenario.number == _SCRIPT:
        return item.name.partition("[")[2].rstrip("]")
    return scenario.title
