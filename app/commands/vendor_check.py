"""``kassa vendor check``: the conformance kit against the vendor's own test mode; what is not run is said."""

import asyncio
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec

from app.commands.neighbours import neighbours
from app.commands.vendor_setup import setup_faults
from app.config import ROOT, Config
from app.vendor_adapters.registry import test_mode_of

PASSED, FAILED, NOT_RUN = 0, 1, 2
_KIT = "app.vendor_adapters.conformance"
_NO_TESTS = 5
"""Pytest's status when nothing fits ``-k``."""


def check(config: Config, *, only: str) -> int:
    """Say what is set up wrongly, then run the kit.

    Returns PASSED; FAILED when a check failed; NOT_RUN, with the reason on standard error, when there was nothing to
    run it with.
    """
    name = config.vendors[0]
    if reason := _why_not(config, name):
        return not_run(reason)
    asyncio.run(_tell_setup(config, name))
    harness = f"{test_mode_of(name)}:open_harness"
    options = ["-p", f"{_KIT}.plugin", "-p", "no:cacheprovider", "--rootdir", str(ROOT), "-q", "-rN"]
    command = [sys.executable, "-m", "pytest", *options, "--pyargs", _KIT, "--conformance-harness", harness]
    if only:
        command += ["-k", only]
    status = subprocess.run(command, cwd=ROOT, check=False).returncode  # noqa: S603 - our own interpreter and words
    if status == _NO_TESTS:
        return not_run(f"no check fits {only!r}")
    return PASSED if status == 0 else FAILED


def not_run(reason: str) -> int:
    """Say that nothing was checked, and why."""
    sys.stderr.write(f"The conformance kit was NOT RUN: {reason}.\n")
    return NOT_RUN


def _why_not(config: Config, name: str) -> str:
    module = test_mode_of(name)
    if not module:
        return f"{name} has no test mode to run it against; `make test` runs the kit on it"
    if find_spec("pytest") is None:
        return "pytest is not installed here; `make test` installs it, or: pip install -r requirements/test.txt"
    return str(import_module(module).why_not(config))


async def _tell_setup(config: Config, name: str) -> None:
    async with neighbours(config) as deps:
        for fault in await setup_faults(deps.vendors[name], deps.catalog, f"{config.base_url}/webhooks/{name}"):
            sys.stdout.write(f"MEND  vendor: {fault.found}\n      {fault.mend}\n")
        sys.stdout.flush()
