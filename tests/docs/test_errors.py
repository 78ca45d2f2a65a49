"""docs/errors.md lists every problem with the text and the status that the code has."""

from app.core.problems import ProblemId
from tests.support.sources import ROOT


def test_every_problem_is_documented_as_it_is() -> None:
    text = (ROOT / "docs" / "errors.md").read_text("utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| E-")
    ]
    documented = {row[0]: (row[2], row[3]) for row in rows}
    assert documented == {each.code: (each.text, str(each.status)) for each in ProblemId}
    assert [row[0] for row in rows if not row[1] or not row[4]] == []
