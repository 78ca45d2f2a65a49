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

_VERDICT = "conformance"
_SCRIPT = 26
_NOBODY = "(no harness)"


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--conformance-harness module:function`` names what opens the harness of ``--pyargs`` runs."""
    parser.addoption(OPTION, default="", metavar="MODULE:FUNCTION", help="opens the adapter's harness")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(_Collector())


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


class _Collector:
    """Gathers the verdicts from the reports: those come from every process that runs tests, and nothing else does."""

    def __init__(self) -> None:
        self._matrix = Matrix()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name, found in report.user_properties:
            if name == _VERDICT and isinstance(found, dict):
                row = Row(found["number"], found["title"])
                verdict = Verdict(found["verdict"])
                self._matrix.note(row, found["adapter"], report.nodeid, verdict, tuple(found["reasons"]))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self._matrix.is_empty:
            terminalreporter.section("conformance of vendor adapters")
            for line in self._matrix.lines():
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
    found = {
        "number": scenario.number,
        "title": _title(item, scenario),
        "adapter": item.stash.get(ADAPTER, _NOBODY),
        "verdict": verdict.value,
        "reasons": [*item.stash.get(DECLARED, ())],
    }
    report.user_properties.append((_VERDICT, found))


def _title(item: pytest.Item, scenario: Scenario) -> str:
    """Return a row's title; the script has a row for each of its customers."""
    if scenario.number == _SCRIPT:
        return item.name.partition("[")[2].rstrip("]")
    return scenario.title
