"""Random commands tell the same story on the embedded vendor and on Stripe."""

from pathlib import Path

import pytest
from hypothesis import settings

from app.vendor_adapters.conformance.differential import run_differential
from tests.adapters.conformance.embedded_harness import open_embedded, prepare
from tests.stripe_twin.harness import open_stripe


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty embedded vendor's database."""
    path = tmp_path_factory.mktemp("embedded") / "template.db"
    prepare(path)
    return path


def test_stripe_and_embedded_agree(template: Path, tmp_path: Path) -> None:
    # a taste of it in every run; the profile "wide" plays 500 sequences
    examples = max(8, settings().max_examples // 4) if settings().max_examples > 100 else 8
    run_differential(lambda: open_embedded(template, tmp_path), open_stripe, examples=examples)
