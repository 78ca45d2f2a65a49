"""Makes .venv and installs a lock into it; does nothing, and needs no network, when that has been done.

    python3 requirements/install.py run     what the store needs
    python3 requirements/install.py test    that, and what the tests need

It needs Python 3.11 or newer with pip, and nothing else. The project itself is not built: its folder is put on the
path, and .venv/bin/kassa starts it.
"""

from __future__ import annotations  # so that a Python that is too old gets as far as saying so

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
DONE = VENV / "installed.json"
OLDEST = (3, 11)
# The newest that every pinned package has a ready-made file for; a newer Python is used only when there is no other.
NEWEST = (3, 14)

KASSA = """#!/bin/sh
exec "$(dirname -- "$0")/python" -P -m app.cli "$@"
"""


def main(arguments: list[str]) -> None:
    """Install the lock named by the only argument, ``run`` or ``test``."""
    if arguments not in (["run"], ["test"]):
        sys.exit("Say which lock to install: run or test.")
    wanted = arguments[0]
    digests = {name: _digest(name) for name in ("run", "test")}
    if PYTHON.exists() and _done().get(wanted) == digests[wanted]:
        return
    if not PYTHON.exists():
        _change_to_a_fitting_python()
        _make_venv()
    _install(wanted)
    _link_the_project()
    covered = ("run", "test") if wanted == "test" else ("run",)  # the test lock holds everything of the other
    DONE.write_text(json.dumps({**_done(), **{name: digests[name] for name in covered}}))


def _digest(name: str) -> str:
    return hashlib.sha256(_lock(name).read_bytes()).hexdigest()


def _lock(name: str) -> Path:
    return ROOT / "requirements" / f"{name}.txt"


def _done() -> dict[str, str]:
    return dict(json.loads(DONE.read_text())) if DONE.exists() else {}


def _change_to_a_fitting_python() -> None:
    """Start again with another Python of this machine when this one is too old, or newer than the locks know."""
    found = sys.version_info[:2]
    if OLDEST <= found <= NEWEST:
        return
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        other = shutil.which(f"python3.{minor}")
        if other and subprocess.run([other, "-c", ""], capture_output=True, check=False).returncode == 0:
            os.execv(other, [other, *sys.argv])
    if found < OLDEST:
        sys.exit(
            f"Kassa needs Python 3.11 or newer, and {sys.executable} is {found[0]}.{found[1]}.\n"
            "Install a newer one, or name one that is installed elsewhere: make PYTHON=/path/to/python3.12 ..."
        )


def _make_venv() -> None:
    has_pip = importlib.util.find_spec("pip") is not None
    has_ensurepip = importlib.util.find_spec("ensurepip") is not None
    if importlib.util.find_spec("venv") is None or not (has_pip or has_ensurepip):
        sys.exit(
            f"{sys.executable} can make no virtual environment, or has no pip.\n"
            "On Debian and Ubuntu: apt-get install python3-venv. Elsewhere: install pip for this Python."
        )
    _say(f"Making .venv with Python {sys.version.split()[0]}.")
    # Debian keeps ensurepip in a package of its own; pip can install into a .venv from outside, too.
    bare = [] if has_ensurepip else ["--without-pip"]
    _run([sys.executable, "-m", "venv", "--clear", *bare, str(VENV)], "Making .venv failed; the reason is above.")


def _install(name: str) -> None:
    lock = _lock(name)
    count = sum(1 for line in lock.read_text().splitlines() if "==" in line and line[0].isalpha())
    _say(f"Installing {count} pinned packages from requirements/{lock.name} (once; it needs the network).")
    quiet = [] if sys.stderr.isatty() else ["--quiet"]
    # Only ready-made files whose hash is in the lock: nothing that comes along is run while it is installed.
    strict = ["--require-hashes", "--only-binary", ":all:", "--no-deps"]
    options = ["--disable-pip-version-check", "--no-input", *quiet, *strict]
    _run([*_pip(), "install", *options, "--requirement", str(lock)], "Installing failed; pip's reason is above.")


def _pip() -> list[str]:
    inside = [str(PYTHON), "-m", "pip"]
    if subprocess.run([*inside, "--version"], capture_output=True, check=False).returncode == 0:
        return inside
    return [sys.executable, "-m", "pip", "--python", str(PYTHON)]


def _link_the_project() -> None:
    asked = [str(PYTHON), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = Path(subprocess.run(asked, capture_output=True, check=True, text=True).stdout.strip())
    # relative, so that the folder can be moved
    (packages / "kassa.pth").write_text(os.path.relpath(ROOT, packages.resolve()) + "\n")
    command = VENV / "bin" / "kassa"
    command.write_text(KASSA)
    command.chmod(0o755)


def _run(command: list[str], complaint: str) -> None:
    if subprocess.run(command, check=False).returncode:
        sys.exit(complaint)


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
