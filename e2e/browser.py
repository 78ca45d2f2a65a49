"""Finds the browser that the tests run in, and gets one where there is none.

    python -m e2e.browser     print which one it is; download or install one if need be

The order: the one that E2E_CHROMIUM names; an installed Chromium or Chrome; Playwright's own download; the system's
package manager. A browser counts when it starts and shows a page.
"""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Error, sync_playwright

PLAYWRIGHTS_OWN = ""
LAUNCH_ARGS = [
    "--no-sandbox",  # it runs as root in containers, and opens our own pages only
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_INSTALLED = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "chromium-headless-shell",
)
_MAC = ("Google Chrome.app/Contents/MacOS/Google Chrome", "Chromium.app/Contents/MacOS/Chromium")
_STARTS_WITHIN_MS = 30_000
_DOWNLOADS_WITHIN_S = 120
_INSTALLS_WITHIN_S = 600
_PACKAGE_MANAGERS = (
    ("apt-get", (["update"], ["install", "--yes", "--no-install-recommends", "chromium"])),
    ("dnf", (["install", "--assumeyes", "chromium"],)),
    ("apk", (["add", "chromium"],)),
)
_NONE = """\
There is no browser to test in, and none could be installed. The browser tests need Chromium or Chrome. Either
  - install one as you install other programs (Debian: apt-get install chromium), or
  - name one that is somewhere else: E2E_CHROMIUM=/path/to/chrome make test, or
  - let Playwright install one: .venv/bin/python -m playwright install --with-deps chromium
All other tests run without one: make check"""


class NoBrowser(Exception):
    """There is no browser; the text says what to do."""


def find_browser() -> str:
    """Return the executable of a browser that starts, PLAYWRIGHTS_OWN for its download. Raises NoBrowser."""
    named = os.environ.get("E2E_CHROMIUM", "")
    if named:
        return _checked(named)
    for candidate in [*_installed(), PLAYWRIGHTS_OWN]:
        if _why_not(candidate) is None:
            return candidate
    raise NoBrowser(_NONE)


def get_browser() -> str:
    """Return what ``find_browser`` finds, after getting a browser where there was none. Raises NoBrowser."""
    try:
        return find_browser()
    except NoBrowser:
        if os.environ.get("E2E_CHROMIUM"):
            raise
    _say(f"No Chromium or Chrome is installed; downloading Playwright's (at most {_DOWNLOADS_WITHIN_S} s).")
    playwright = [sys.executable, "-m", "playwright"]
    if _run([*playwright, "install", "--only-shell", "chromium"], _DOWNLOADS_WITHIN_S):
        if _why_not(PLAYWRIGHTS_OWN) is None:
            return PLAYWRIGHTS_OWN
        _say("It does not start; installing the system libraries that it needs.")
        if os.geteuid() == 0 and _run([*playwright, "install-deps", "chromium"], _INSTALLS_WITHIN_S):
            return find_browser()
    _install_from_the_system()
    return find_browser()


def _checked(executable: str) -> str:
    problem = _why_not(executable)
    if problem is not None:
        raise NoBrowser(f"E2E_CHROMIUM names {executable}, which does not start: {problem}")
    return executable


def _installed() -> list[str]:
    found = [shutil.which(name) for name in _INSTALLED]
    on_a_mac = [parent / name for parent in (Path("/Applications"), Path.home() / "Applications") for name in _MAC]
    return [path for path in found if path] + [str(path) for path in on_a_mac if path.exists()]


def _why_not(executable: str) -> str | None:
    """Return why a browser does not start, None when it does."""
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(
                executable_path=executable or None, args=LAUNCH_ARGS, timeout=_STARTS_WITHIN_MS
            )
            browser.new_page().goto("data:text/html,<title>here</title>")
            browser.close()
        except Error as error:
            return error.message.partition("\n")[0]
    return None


def _install_from_the_system() -> None:
    """Install Chromium with the package manager that there is, where that needs no password."""
    if shutil.which("brew"):
        _run(["brew", "install", "--cask", "google-chrome"], _INSTALLS_WITHIN_S)
        return
    as_root = _as_root()
    for manager, steps in _PACKAGE_MANAGERS:
        if as_root is not None and shutil.which(manager):
            _say(f"Installing Chromium with {manager}.")
            for step in steps:
                _run([*as_root, manager, *step], _INSTALLS_WITHIN_S)
            return


def _as_root() -> list[str] | None:
    """Return what goes before a command that needs root, None when we may not be root without a password."""
    if os.geteuid() == 0:
        return []
    may = shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)  # noqa: S607
    return ["sudo", "-n"] if may and may.returncode == 0 else None


def _run(command: list[str], limit: float) -> bool:
    """Run a command with its output on stderr, and end it with all that it started after ``limit`` seconds."""
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with subprocess.Popen(command, stdout=sys.stderr, env=quiet, start_new_session=True) as process:
        try:
            return process.wait(limit) == 0
        except subprocess.TimeoutExpired:
            _say(f"{' '.join(command)}: given up after {limit:.0f} s.")
            return False
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    try:
        sys.stdout.write(f"Browser: {get_browser() or 'Playwright’s own Chromium'}\n")
    except NoBrowser as missing:
        sys.exit(str(missing))
