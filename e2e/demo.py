"""The real demo as people start it, in a process of its own, on free ports, with a world of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

ROOT = Path(__file__).resolve().parent.parent
# The day that the worked sums of the tests start from.
STARTS_AT = "2026-11-23T12:00:00Z"
READY_WITHIN_S = 60.0
STOPS_WITHIN_S = 15.0


class DemoDied(Exception):
    """The demo ended, or was not ready in time; the text holds what it printed."""


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo.

    Attributes:
        store, product, vendor: where each answers, without a trailing slash. sells_with: the vendor's name.
        log: the file that it prints to.
    """

    store: str
    product: str
    vendor: str
    sells_with: str
    log: Path
    process: subprocess.Popen[bytes]

    def printed(self) -> str:
        """Return all that it has printed."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def interrupt(self) -> int:
        """Press Ctrl-C and return the exit code; subprocess.TimeoutExpired when it does not end in time."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(STOPS_WITHIN_S)


@contextmanager
def running_demo(folder: Path, sells_with: str = "embedded", **settings: str) -> Iterator[Demo]:
    """Start the demo, wait until it is ready, yield it, and stop it with all that it started.

    Args:
        folder: where it keeps its state and its log. sells_with: ``embedded``, or ``stripe`` over its twin, which is
            started with it. settings: environment variables on top of the usual ones.

    Raises DemoDied.
    """
    store, product, vendor = _free_ports(3)
    environ = _environ(folder, PORT=str(store), DEMO_PORT=str(product), VENDOR_PORT=str(vendor)) | settings
    with ExitStack() as stack:
        if sells_with == "stripe":
            environ |= stripe_settings(vendor)
            stack.enter_context(running_twin(folder, vendor, f"http://localhost:{store}", environ))
        log = folder / "demo.log"
        process = stack.enter_context(_running(["-P", "-m", "app.cli", "demo"], log, environ))
        demo = Demo(
            store=f"http://localhost:{store}",
            product=f"http://127.0.0.1:{product}",
            vendor=f"http://127.0.0.1:{vendor}",
            sells_with=sells_with,
            log=log,
            process=process,
        )
        _wait_until_ready(demo)
        yield demo


@contextmanager
def _running(arguments: list[str], log: Path, environ: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run Python in a process of its own, which prints to ``log``; end it with all that it started."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=environ,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        _stop(process)


def stripe_settings(port: int) -> dict[str, str]:
    """Return the settings of a store that sells with Stripe, whose twin has ``port``."""
    return {
        "KASSA_VENDOR": "stripe",
        "KASSA_DEMO_WORLD": f"http://127.0.0.1:{port}/_world",
        "STRIPE_API_BASE": f"http://127.0.0.1:{port}",
        "STRIPE_SECRET_KEY": "sk_test_twin",
        "STRIPE_WEBHOOK_SECRETS": "whsec_twin",
    }


@contextmanager
def running_twin(folder: Path, port: int, store: str, environ: dict[str, str]) -> Iterator[None]:
    """Run Stripe's twin; what was sent to it that its contract does not allow fails at the end."""
    log = folder / "twin.log"
    command = ["-P", "-m", "tests.stripe_twin.server", "--port", str(port), "--store", store]
    with _running(command, log, environ) as process:
        deadline = time.monotonic() + READY_WITHIN_S
        while "Twin on" not in log.read_text(encoding="utf-8", errors="replace"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise DemoDied(f"The twin did not start:\n{log.read_text(encoding='utf-8', errors='replace')}")
            time.sleep(0.1)
        yield
        found = httpx2.get(f"http://127.0.0.1:{port}/_world/complaints", timeout=5).json()["complaints"]
        assert found == [], f"Stripe's contract does not allow: {found}"


def _environ(folder: Path, **ports: str) -> dict[str, str]:
    """Return this environment without settings of the store that somebody has in their shell."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KASSA_", "STRIPE_"))}
    own = {"KASSA_VAR": str(folder / "var"), "KASSA_DEMO_NOW": STARTS_AT, "PYTHONPATH": str(ROOT)}
    return kept | own | ports


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in sockets]


def _wait_until_ready(demo: Demo) -> None:
    answer = "no answer"
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        if demo.process.poll() is not None:
            raise DemoDied(f"The demo ended with {demo.process.returncode}:\n{demo.printed()}")
        try:
            response = httpx2.get(f"{demo.store}/readyz", timeout=5)
        except httpx2.HTTPError as error:
            answer = repr(error)
        else:
            if response.status_code == 200:
                return
            answer = f"{response.status_code} {response.text}"
        time.sleep(0.1)
    raise DemoDied(f"The demo was not ready after {READY_WITHIN_S:.0f} s ({answer}):\n{demo.printed()}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOPS_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    try:
        os.killpg(process.pid, signal.SIGKILL)  # what it may have left running
    except ProcessLookupError:
        return
