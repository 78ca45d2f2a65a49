"""Starting and stopping the demo as people do, with `make run` and Ctrl-C."""

from pathlib import Path

import pytest

from e2e.demo import running_demo

pytestmark = pytest.mark.vendors("embedded", why="the demo's own process: over a twin somebody else starts the vendor")


def test_ctrl_c_ends_everything_quietly(tmp_path: Path) -> None:
    with running_demo(tmp_path) as demo:
        assert demo.interrupt() == 0
        assert "Traceback" not in demo.printed()


def test_a_second_start_finds_the_first_ones_world(tmp_path: Path) -> None:
    with running_demo(tmp_path):
        pass
    database = tmp_path / "var" / "kassa.db"
    written = database.stat().st_size
    with running_demo(tmp_path) as demo:
        assert database.stat().st_size >= written
        assert "Traceback" not in demo.printed()
