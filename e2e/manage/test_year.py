"""The script of docs/a-year-in-a-minute.md, exactly as people run it."""

import subprocess
import sys

from e2e.demo import ROOT
from e2e.world import World

SCRIPT = ROOT / "docs" / "a_year_in_a_minute.py"


def test_a_year_in_a_minute(world: World) -> None:
    run = subprocess.run(
        [sys.executable, SCRIPT, world.store], capture_output=True, text=True, timeout=300, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "Every mail, invoice and entitlement is as it should be." in run.stdout
