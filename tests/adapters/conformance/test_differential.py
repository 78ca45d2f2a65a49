"""Random commands tell the same story on every adapter, and tell a wrong adapter apart."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from app.vendor_adapters.conformance import Harness
from app.vendor_adapters.conformance.differential import run_differential
from app.vendor_adapters.embedded import EmbeddedVendor
from tests.adapters.conformance.embedded_harness import open_embedded
from tests.adapters.conformance.wrong_adapters import GrantsBeforePayment
from tests.adapters.minimal.harness import open_minimal


def test_embedded_and_minimal_agree(template: Path, tmp_path: Path) -> None:
    run_differential(lambda: open_embedded(template, tmp_path), open_minimal)


def test_the_embedded_vendor_agrees_with_itself(template: Path, tmp_path: Path) -> None:
    """So that all commands are played, and nothing random is in what they tell."""
    run_differential(lambda: open_embedded(template, tmp_path), lambda: open_embedded(template, tmp_path), examples=10)


def test_a_wrong_adapter_is_told_apart(template: Path, tmp_path: Path) -> None:
    def opened(kind: type[EmbeddedVendor]) -> AbstractAsyncContextManager[Harness]:
        return open_embedded(template, tmp_path, kind)

    with pytest.raises(AssertionError, match="different stories"):
        run_differential(
            lambda: opened(EmbeddedVendor), lambda: opened(GrantsBeforePayment), examples=200, is_shrunk=False
        )
