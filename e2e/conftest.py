"""What every browser test may ask for: the demo's world, made fresh, and a page with JavaScript on or off."""

import re
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from e2e.browser import LAUNCH_ARGS, NoBrowser, find_browser
from e2e.demo import Demo, DemoDied, running_demo
from e2e.world import World
from tests.support.scratch import keep_scratch_in_memory

RESULTS = Path(__file__).parent.parent / "test-results"
PATIENCE_MS = 10_000
_failed = pytest.StashKey[bool]()
_printed_before = pytest.StashKey[tuple[Demo, int]]()

keep_scratch_in_memory()

VENDORS = ("embedded", "stripe")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--vendor", choices=[*VENDORS, "all"], default="all", help="which vendors to sell with (all)")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What meets the demo runs over every vendor; what has no vendor in it says so.

    ``@pytest.mark.vendors("embedded", why="no vendor takes part")`` runs a test over fewer, with the reason.
    ``@pytest.mark.javascript("on", "off")`` runs it once with each; without the mark it is on.
    """
    if "sells_with" not in metafunc.fixturenames:
        return
    wanted = metafunc.config.getoption("--vendor")
    vendors = [name for name in _vendors_of(metafunc.definition) if wanted in (name, "all")]
    if "javascript" not in metafunc.fixturenames:
        metafunc.parametrize("sells_with", vendors, indirect=True)
        return
    mark = metafunc.definition.get_closest_marker("javascript")
    runs = [(vendor, state) for vendor in vendors for state in (mark.args if mark else ("on",))]
    ids = [f"{vendor}-javascript_{state}" for vendor, state in runs]
    metafunc.parametrize(("sells_with", "javascript"), runs, indirect=["sells_with"], ids=ids)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what does not run over the vendor that was asked for."""
    wanted = config.getoption("--vendor")
    left_out = [item for item in items if wanted not in ("all", *_vendors_of(item))]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def _vendors_of(test: pytest.Item) -> tuple[str, ...]:
    """Return the vendors that a test runs over; one that leaves some out has to say why."""
    mark = test.get_closest_marker("vendors")
    if mark is None:
        return VENDORS
    assert mark.kwargs.get("why"), f"{test.nodeid} runs over {mark.args} only: say why"
    return tuple(mark.args)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember that a test failed, and show with it what the demo printed meanwhile."""
    report = yield
    if report.failed:
        item.stash[_failed] = True
        demo, start = item.stash.get(_printed_before, (None, 0))
        if demo is not None:
            report.sections.append(("what the demo printed", demo.printed()[start:]))
    return report


@pytest.fixture(scope="session")
def demos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Demo]]:
    """The demo of each vendor, started once for the whole run, when it is first asked for."""
    running: dict[str, Demo] = {}
    with ExitStack() as stack:

        def demo_of(vendor: str) -> Demo:
            if vendor not in running:
                folder = tmp_path_factory.mktemp(f"demo-{vendor}")
                running[vendor] = stack.enter_context(running_demo(folder, vendor))
            return running[vendor]

        yield demo_of


@pytest.fixture
def sells_with(request: pytest.FixtureRequest) -> str:
    """The vendor that the store sells with."""
    return str(request.param)


@pytest.fixture
def demo(demos: Callable[[str], Demo], sells_with: str) -> Demo:
    """The running demo of this run's vendor."""
    try:
        return demos(sells_with)
    except DemoDied as died:
        pytest.exit(str(died), returncode=1)


@pytest.fixture(scope="session")
def client() -> Iterator[httpx2.Client]:
    with httpx2.Client(timeout=60) as client:
        yield client


@pytest.fixture
def world(request: pytest.FixtureRequest, demo: Demo, client: httpx2.Client) -> World:
    """The demo's controls, over a fresh world."""
    request.node.stash[_printed_before] = (demo, len(demo.printed()))
    world = World(demo, client)
    world.reset()
    return world


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    try:
        executable = find_browser()
    except NoBrowser as missing:
        pytest.exit(str(missing), returncode=1)
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable or None, args=LAUNCH_ARGS)
        yield browser
        browser.close()


@pytest.fixture
def context(
    request: pytest.FixtureRequest, browser: Browser, world: World, javascript: str
) -> Iterator[BrowserContext]:
    """A browser of a person who was never here; what it did is kept under test-results/ when the test fails."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, java_script_enabled=javascript == "on", base_url=world.store
    )
    context.set_default_timeout(PATIENCE_MS)
    context.tracing.start(snapshots=True)  # pictures would cost a sixth of the whole run
    complaints: list[str] = []
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    context.on("console", lambda message: complaints.extend(_complaint(message)))
    yield context
    failed = request.node.stash.get(_failed, False)
    trace = RESULTS / f"{re.sub(r'[^A-Za-z0-9_.-]+', '-', request.node.nodeid)}.zip"
    context.tracing.stop(path=trace if failed or complaints else None)
    context.close()
    assert complaints == [], f"the browser complained; see {trace}"


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A tab; addresses may be given as paths of the store."""
    return context.new_page()


def _complaint(message: ConsoleMessage) -> list[str]:
    """Return what the security policy refused: something of ours that never runs."""
    return [message.text] if "Content Security Policy" in message.text else []
