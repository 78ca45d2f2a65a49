"""An empty embedded vendor, for the runs in this folder."""

from pathlib import Path

import pytest

from tests.adapters.conformance.embedded_harness import prepare


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty vendor's database."""
    path = tmp_path_factory.mktemp("embedded") / "template.db"
    prepare(path)
    return path
