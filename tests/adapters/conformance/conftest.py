"""The kit's plugin and an empty embedded vendor, for the runs in this folder."""

from pathlib import Path

import pytest

from app.vendor_adapters.conformance import plugin
from tests.adapters.conformance.embedded_harness import prepare


def pytest_configure(config: pytest.Config) -> None:
    # only the topmost conftest.py may name plugins; the kit's is wanted here and nowhere else
    if not config.pluginmanager.is_registered(plugin):
        config.pluginmanager.register(plugin, "conformance")


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty vendor's database."""
    path = tmp_path_factory.mktemp("embedded") / "template.db"
    prepare(path)
    return path
