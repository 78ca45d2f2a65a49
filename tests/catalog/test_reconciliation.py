"""A catalog that asks for what the store does not do is refused by name, before anything starts."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from app.catalog.load import CatalogError, load_catalog
from app.catalog.reconciliation import EXCLUDABLE
from app.cli import main
from app.config import ROOT
from app.subscriptions.eligibility import Reason

SAMPLE = (ROOT / "data" / "catalog.toml").read_text("utf-8")


def written(folder: Path, old: str, new: str) -> Path:
    assert SAMPLE.count(old) == 1
    path = folder / "catalog.toml"
    path.write_text(SAMPLE.replace(old, new), "utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('mode = "self_serve"', 'mode = "quarterly"', 'mode = "quarterly" is not done: this store charges nothing'),
        ('mode = "self_serve"', 'mode = "annual"', 'mode = "annual" is not done'),
        ("quarter_months = 3", "quarter_months = 5", "quarter_months must be a whole part of 12, not 5"),
        ("quarter_months = 3", "quarter_months = 0", "quarter_months must be a whole part of 12, not 0"),
        ("quarter_months = 3", "quarter_months = true", "quarter_months must be a whole part of 12, not True"),
        ("notice_to_charge_days = 7", "notice_to_charge_days = -1", "notice_to_charge_days must be a number of days"),
        ("charge_last_quarter = true", "charge_last_quarter = false", "never_charge_last_quarter cannot be false"),
        ('excluded = ["reseller"', 'excluded = ["resellers"', "nobody is excluded for resellers; say bank_transfer"),
    ],
)
def test_what_is_not_done_is_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(CatalogError, match=r"catalog\.toml: \[rules\.reconciliation\]: ") as caught:
        load_catalog(written(tmp_path, old, new))
    assert says in str(caught.value)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The environment of a command, which sends its log to where this test's output goes."""
    before = structlog.get_config()
    monkeypatch.setenv("KASSA_VAR", str(tmp_path / "var"))
    yield monkeypatch
    structlog.configure(**before)


def test_a_command_says_it_in_one_line(
    tmp_path: Path, settings: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, 'mode = "self_serve"', 'mode = "quarterly"')
    settings.setenv("KASSA_CATALOG", str(path))
    assert main(["doctor"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"KASSA_CATALOG: {path}: [rules.reconciliation]: ")


def test_who_can_be_excluded_has_a_reason() -> None:
    assert {each.value for each in Reason} >= EXCLUDABLE
